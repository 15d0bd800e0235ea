from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
import redis
from argon2 import PasswordHasher
from flask import Flask

from shared import keys, sessions
from shared.database import Database
from tests.servers import wait_for
from tests.web.browser import PASSWORD, Browser, text_of, value_of
from tests.web.conftest import MakeApp
from tests.web.pubsub import Heard
from web import passwords


def test_the_right_name_and_password_sign_in(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    response = browser.sign_in("alice")
    assert (response.status_code, response.location) == (303, "/")
    assert browser.boot()["user"]["name"] == "alice"


def test_a_name_is_known_in_any_capitals(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    browser.sign_in("ALIce")
    assert browser.boot()["user"]["name"] == "alice"


@pytest.mark.usefixtures("full_cost")
@pytest.mark.parametrize("name", ["alice", "nobody", "no such name!", "ali\u0301ce", "a" * 300, "alice\x00"])
def test_a_wrong_name_and_a_wrong_password_do_the_same_work_and_get_the_same_words(
    name: str, alice: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = []
    real = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: bytes) -> bool:
        verified.append(hash.rpartition("$")[0].rpartition("$")[0])
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    response = Browser(app).sign_in(name, "this is wrong")
    assert response.status_code == 422
    assert "The user name or the password is wrong." in text_of(response)
    assert verified == ["$argon2id$v=19$m=19456,t=3,p=1"]


def test_the_name_is_kept_and_the_password_is_not(alice: Browser, app: Flask) -> None:
    response = Browser(app).sign_in("alice", "this is wrong")
    assert value_of(response, "name") == "alice"
    assert not value_of(response, "password")
    assert "this is wrong" not in response.text


def test_missing_fields_are_asked_for(browser: Browser) -> None:
    response = browser.post("/sign-in", {"csrf_token": browser.hidden("/sign-in")["csrf_token"]})
    assert response.status_code == 422
    assert "Type your user name." in text_of(response)
    assert "Type your password." in text_of(response)


def test_the_session_id_changes_and_the_old_one_is_dead(
    alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    browser = Browser(app)
    browser.get("/sign-in")
    before = browser.sid
    assert before
    browser.sign_in("alice")
    assert browser.sid != before
    assert not store.exists(keys.session(before))
    fixated = Browser(app)
    fixated.sid = before
    assert fixated.get("/rooms/1").status_code == 302


def test_a_session_id_that_somebody_else_chose_is_never_used(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    browser.sid = "A" * 43
    browser.sign_in("alice")
    assert browser.sid != "A" * 43


def test_a_token_from_before_sign_in_is_void_afterwards(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    token = browser.hidden("/sign-in")["csrf_token"]
    browser.sign_in("alice")
    assert browser.post("/sign-out", {"csrf_token": token}).status_code == 400
    assert browser.boot()["user"]["name"] == "alice"


def two_tabs_opened_at_once(app: Flask) -> tuple[Browser, dict[str, str]]:
    """A browser, and the fields of a tab whose session was overwritten by that of another tab."""
    early, browser = Browser(app), Browser(app)
    fields = early.hidden("/sign-in")
    browser.get("/sign-in")
    return browser, {**fields, "name": "alice", "password": PASSWORD}


def test_of_two_tabs_that_opened_at_once_either_signs_in(alice: Browser, app: Flask) -> None:
    browser, fields = two_tabs_opened_at_once(app)
    response = browser.post("/sign-in", fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert (response.status_code, response.location) == (303, "/")
    assert browser.boot()["user"]["name"] == "alice"


@pytest.mark.parametrize(
    "site", ["cross-site", "same-site", "none", "", "Same-Origin", "same-origin, cross-site"]
)
def test_a_form_of_another_site_signs_nobody_in(site: str, alice: Browser, app: Flask) -> None:
    browser, fields = two_tabs_opened_at_once(app)
    response = browser.post("/sign-in", fields, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 400
    assert value_of(response, "name") == "alice"
    assert browser.get("/rooms/1").status_code == 302


def test_where_there_is_a_session_only_its_token_counts(alice: Browser) -> None:
    own_site = {"Sec-Fetch-Site": "same-origin"}
    assert alice.post("/sign-out", {"csrf_token": "forged"}, headers=own_site).status_code == 400
    assert alice.boot()["user"]["name"] == "alice"


def test_whoever_is_signed_in_is_sent_on(alice: Browser) -> None:
    assert alice.get("/sign-in").location == "/"
    assert alice.get("/sign-in?next=/rooms/1").location == "/rooms/1"


def test_a_page_that_needs_a_user_comes_back_after_sign_in(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    response = browser.get("/direct/alice?from=mail")
    assert response.status_code == 302
    assert response.location == "/sign-in?next=/direct/alice?from%3Dmail"
    assert browser.sign_in("alice", path=response.location).location == "/direct/alice?from=mail"


def test_where_to_go_on_outlives_a_wrong_password(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    hidden = browser.hidden("/sign-in?next=/direct/alice")
    wrong = browser.post("/sign-in", {**hidden, "name": "alice", "password": "this is wrong"})
    fields = {"next": value_of(wrong, "next"), "csrf_token": value_of(wrong, "csrf_token")}
    right = browser.post("/sign-in", {**fields, "name": "alice", "password": PASSWORD})
    assert right.location == "/direct/alice"


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%09/evil.example",
        "%09//evil.example",
        "javascript:1",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_next_never_leaves_the_site(evil: str, signed_in: bool, alice: Browser, app: Flask) -> None:
    browser = alice if signed_in else Browser(app)
    response = (
        browser.get(f"/sign-in?next={evil}")
        if signed_in
        else browser.sign_in("alice", path=f"/sign-in?next={evil}")
    )
    assert response.location == "/"


def test_next_in_the_form_is_looked_at_as_well(alice: Browser, app: Flask) -> None:
    browser = Browser(app)
    response = browser.fill_in("/sign-in", name="alice", password=PASSWORD, next="//evil.example")
    assert response.location == "/"


@pytest.mark.usefixtures("full_cost")
def test_a_hash_of_yesterday_is_renewed(alice: Browser, app: Flask, database: Database) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD.encode())
    with database.cursor() as cursor:
        cursor.execute("UPDATE users SET password_hash = %s", (old,))
    assert Browser(app).sign_in("alice").status_code == 303
    with database.cursor() as cursor:
        cursor.execute("SELECT password_hash FROM users")
        row = cursor.fetchone()
    assert row is not None
    assert "m=19456,t=3" in row["password_hash"]
    assert Browser(app).sign_in("alice").status_code == 303


def test_sign_out_ends_the_session_everywhere(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    user, sid = alice.boot()["user"]["id"], alice.sid
    assert sid
    with Heard(store, keys.Channels().user(user)) as heard:
        response = alice.sign_out()
        assert heard.next() == {"type": "revoked", "session": sessions.digest(sid)}
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert alice.sid is None
    assert not store.exists(keys.session(sid))
    replayed = Browser(app)
    replayed.sid = sid
    assert replayed.get("/rooms/1").status_code == 302


def test_sign_out_is_a_post_with_a_token(alice: Browser) -> None:
    assert alice.get("/sign-out").status_code == 405
    assert alice.post("/sign-out").status_code == 400
    assert alice.post("/sign-out", {"csrf_token": "forged"}).status_code == 400
    assert alice.boot()["user"]["name"] == "alice"


def test_other_sessions_of_the_user_live_on(alice: Browser, app: Flask) -> None:
    other = Browser(app)
    other.sign_in("alice")
    alice.sign_out()
    assert other.boot()["user"]["name"] == "alice"


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_a_dead_token_shows_the_form_again_with_what_was_typed(path: str, browser: Browser) -> None:
    browser.get(path)
    fields = {"name": "alice", "password": PASSWORD, "password_again": PASSWORD, "next": "/rooms/1"}
    response = browser.post(path, {**fields, "csrf_token": "dead"})
    assert response.status_code == 400
    assert "Please try again" in text_of(response)
    assert value_of(response, "name") == "alice"
    assert value_of(response, "next") == "/rooms/1"
    assert PASSWORD not in response.text


def test_a_form_works_after_its_session_died(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    browser = Browser(app)
    fields = {**browser.hidden("/sign-in"), "name": "alice", "password": PASSWORD}
    assert browser.sid
    store.delete(keys.session(browser.sid))
    again = browser.post("/sign-in", fields)
    assert again.status_code == 400
    token = value_of(again, "csrf_token")
    assert browser.post("/sign-in", {**fields, "csrf_token": token}).status_code == 303


@pytest.mark.parametrize(
    ("referrer", "status"), [("https://localhost/sign-in", 303), ("https://evil.example/", 400), (None, 400)]
)
def test_under_https_a_form_must_come_from_our_own_page(
    referrer: str | None, status: int, alice: Browser, app: Flask
) -> None:
    browser = Browser(app)
    fields = {**browser.hidden("/sign-in"), "name": "alice", "password": PASSWORD}
    headers = {"X-Forwarded-Proto": "https"} | ({"Referer": referrer} if referrer else {})
    assert browser.post("/sign-in", fields, headers=headers).status_code == status


def test_a_flood_of_sign_ins_is_refused_at_once_and_leaves_other_pages_quick(
    alice: Browser, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(web_threads=4)  # of which three may wait for passwords
    go_on, waiting = Event(), Semaphore(0)
    real = PasswordHasher.verify

    def slow(self: PasswordHasher, hash: str, password: bytes) -> bool:
        waiting.release()
        go_on.wait(30)
        return real(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    browsers = [Browser(app) for _ in range(4)]
    fields = [{**browser.hidden("/sign-in"), "name": "alice", "password": PASSWORD} for browser in browsers]
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(browsers[i].post, "/sign-in", fields[i]) for i in range(3)]
        try:
            assert waiting.acquire(timeout=60)
            assert waiting.acquire(timeout=60)
            wait_for(passwords.is_busy)
            refused = browsers[3].post("/sign-in", fields[3])
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
            assert "Many people are signing in just now." in text_of(refused)
            assert browsers[3].get("/sign-in").status_code == 200
        finally:
            go_on.set()
        assert [one.result(60).status_code for one in asked] == [303, 303, 303]


def test_a_wrong_password_and_a_disabled_account_look_alike(
    alice: Browser, app: Flask, database: Database
) -> None:
    wrong = Browser(app).sign_in("alice", "this is wrong")
    with database.cursor() as cursor:
        cursor.execute("UPDATE users SET disabled = TRUE")
    disabled = Browser(app).sign_in("alice")
    assert wrong.status_code == disabled.status_code == 422
    assert text_of(wrong) == text_of(disabled)


def test_a_password_that_changes_during_a_sign_in_ends_it(
    alice: Browser, app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PasswordHasher.verify

    def and_then_it_changes(self: PasswordHasher, hash: str, password: bytes) -> bool:
        right = real(self, hash, password)
        with database.cursor() as cursor:
            cursor.execute("UPDATE users SET password_hash = 'x'")
        return right

    monkeypatch.setattr(PasswordHasher, "verify", and_then_it_changes)
    browser = Browser(app)
    assert browser.sign_in("alice").status_code == 422
    assert browser.get("/rooms/1").status_code == 302
