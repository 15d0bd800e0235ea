import logging

import pytest
from flask import Flask

from shared.database import Database
from tests.servers import Servers
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import NO_MARIADB, MakeApp, mariadb_away


def test_a_page_that_does_not_exist_says_so_and_what_to_do(browser: Browser) -> None:
    response = browser.get("/nothing")
    assert response.status_code == 404
    assert response.mimetype == "text/html"
    assert "There is nothing here" in text_of(response)
    assert "Check the address" in text_of(response)


def test_the_api_answers_errors_as_json(browser: Browser) -> None:
    response = browser.get("/api/nothing")
    assert response.status_code == 404
    assert response.json["error"] == "not_found"  # type: ignore[index]


def test_a_wrong_method_is_told_with_the_right_ones(browser: Browser) -> None:
    response = browser.get("/sign-out")
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
    assert browser.post("/nothing").status_code == 404


@pytest.mark.parametrize("path", ["/broken", "/api/broken"])
def test_an_error_of_ours_shows_nothing_of_the_inside_and_is_logged(
    path: str, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.get(path)
    def broken() -> str:
        raise RuntimeError("the secret of the house")

    response = Browser(app).get(path, headers={"Cookie": "theme=secret-cookie"})
    assert response.status_code == 500
    for inside in ("secret", "RuntimeError", "Traceback", "web/"):
        assert inside not in response.text
    logged = capsys.readouterr().out
    assert "the secret of the house" in logged
    assert "secret-cookie" not in logged


def test_a_statement_that_is_wrong_is_an_error_of_ours(
    app: Flask, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    @app.get("/wrong")
    def wrong() -> str:
        with database.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return ""

    response = Browser(app).get("/wrong")
    assert response.status_code == 500
    assert "nowhere" not in response.text
    assert "nowhere" in capsys.readouterr().out


def test_a_doubled_slash_leads_nowhere_least_of_all_to_the_host_that_was_named(alice: Browser) -> None:
    """A redirect of the routing itself would name that host, which may be anybody's."""
    response = alice.get("/rooms//1", headers={"Host": "evil.example"})
    assert response.status_code == 404
    assert response.location is None


@mariadb_away
def test_while_mariadb_is_away_pages_and_api_say_so(make_app: MakeApp, alice: Browser) -> None:
    browser = Browser(make_app(**NO_MARIADB))
    browser.sid = alice.sid or ""
    page = browser.get("/rooms/1")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "database" in text_of(page)
    answer = browser.get("/api/rooms/1/messages")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["error"] == "unavailable"  # type: ignore[index]
    assert "Set-Cookie" not in page.headers


@mariadb_away
def test_while_mariadb_is_away_forms_are_shown_and_sending_them_fails_clearly(make_app: MakeApp) -> None:
    browser = Browser(make_app(**NO_MARIADB))
    assert browser.get("/sign-in").status_code == 200
    fields = {"name": "alice", "password": PASSWORD, "password_again": PASSWORD}
    assert browser.fill_in("/sign-in", **fields).status_code == 503
    assert browser.fill_in("/register", **fields).status_code == 503


@mariadb_away
def test_mariadb_killed_and_started_again_is_survived(alice: Browser, servers: Servers) -> None:
    assert alice.boot()
    servers.kill("mariadb")
    try:
        assert alice.get("/rooms/1").status_code == 503
        assert alice.post("/api/rooms", {"name": "tea"}).status_code == 503
    finally:
        servers.start("mariadb")
    assert alice.boot()["user"]["name"] == "alice"
    assert alice.call("/api/rooms", name="tea").status_code == 201


def test_no_log_line_holds_a_password_a_cookie_or_what_was_typed_as_a_name(
    app: Flask, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Browser(app).register("alice")
    sid = str(browser.sid)
    browser.sign_out()
    browser.sign_in("my-password-in-the-wrong-field", "a wrong password")
    browser.sign_in("alice", "a wrong password")
    browser.sign_in("alice")
    logged = capsys.readouterr().out + caplog.text
    for event in ("registered", "signed out", "sign-in failed", "signed in"):
        assert event in logged
    for secret in (PASSWORD, "wrong-field", "a wrong password", sid, str(browser.sid), "argon2"):
        assert secret not in logged
