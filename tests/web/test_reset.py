"""A new password by the operator's link."""

import pytest
import redis
from flask import Flask

from shared import keys, sessions, users
from shared.database import Database
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import MakeApp
from tests.web.pubsub import Heard
from web import reset

NEW = "battery horse 🐎 correct"


@pytest.fixture
def link(alice: Browser, database: Database) -> str:
    return f"/reset/{reset.make(database, alice.boot()['user']['id'])}"


def use(browser: Browser, link: str, new: str = NEW) -> int:
    return browser.fill_in(link, new=new, again=new).status_code


def test_the_link_sets_a_password_and_signs_nobody_in(link: str, app: Flask) -> None:
    browser = Browser(app)
    response = browser.fill_in(link, new=NEW, again=NEW)
    assert (response.status_code, response.location) == (303, "/reset/done")
    assert "Sign in with the new password." in text_of(browser.get("/reset/done"))
    assert browser.get("/rooms/1").status_code == 302
    assert Browser(app).sign_in("alice").status_code == 422
    assert Browser(app).sign_in("alice", NEW).status_code == 303


def test_every_session_of_the_user_ends(link: str, alice: Browser, app: Flask, store: "redis.Redis") -> None:
    assert alice.sid
    with Heard(store, keys.Channels().user(alice.boot()["user"]["id"])) as heard:
        use(Browser(app), link)
        assert heard.next() == {"type": "revoked", "session": sessions.digest(alice.sid)}
    assert alice.get("/rooms/1").status_code == 302


def test_the_link_works_once(link: str, app: Flask) -> None:
    first, second = Browser(app), Browser(app)
    hidden = second.hidden(link)
    assert use(first, link) == 303
    assert second.post(link, {**hidden, "new": "another horse", "again": "another horse"}).status_code == 404
    assert Browser(app).sign_in("alice", NEW).status_code == 303


def test_wrong_passwords_of_before_make_nobody_wait(link: str, alice: Browser, make_app: MakeApp) -> None:
    """On a device that signed in before, which has a count of its own, and elsewhere."""
    app = make_app(sign_in_tries=1)
    known, other = Browser(app), Browser(app)
    known.sign_in("alice")
    known.sign_out()
    for browser in (known, other):
        while browser.sign_in("alice", "this is wrong").status_code != 429:
            pass
    assert use(known, link) == 303
    elsewhere = Browser(app)  # an address has a count of its own, which is others' as well
    elsewhere.client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    assert [browser.sign_in("alice", NEW).status_code for browser in (known, elsewhere)] == [303, 303]


def test_a_wrong_form_does_not_use_the_link_up(link: str, app: Flask) -> None:
    browser = Browser(app)
    assert use(browser, link, "short") == 422
    assert use(browser, link, "password123") == 422
    assert use(browser, link, "alice2026!") == 422
    assert use(browser, link) == 303


def test_a_link_that_never_was_and_one_that_is_too_old_look_alike(
    link: str, app: Flask, database: Database
) -> None:
    with database.cursor() as cursor:
        cursor.execute("UPDATE password_resets SET expires_at = UNIX_TIMESTAMP() - 1")
    old, never = Browser(app).get(link), Browser(app).get(f"/reset/{'A' * 43}")
    assert old.status_code == never.status_code == 404
    assert old.data == never.data
    assert "This link does not work any more" in text_of(old)


def test_a_newer_link_makes_the_older_one_void(
    link: str, alice: Browser, app: Flask, database: Database
) -> None:
    newer = f"/reset/{reset.make(database, alice.boot()['user']['id'])}"
    assert Browser(app).get(link).status_code == 404
    assert Browser(app).get(newer).status_code == 200


def test_a_changed_password_makes_the_link_void(link: str, alice: Browser, app: Flask) -> None:
    alice.fill_in("/account/password", password=PASSWORD, new=NEW, again=NEW)
    assert Browser(app).get(link).status_code == 404


def test_a_link_of_an_account_that_was_disabled_since_is_void(
    link: str, alice: Browser, app: Flask, database: Database
) -> None:
    user = alice.boot()["user"]["id"]
    with database.cursor() as cursor:
        users.set_disabled(cursor, user=user, disabled=True)
    assert Browser(app).get(link).status_code == 404


def test_only_a_hash_of_the_link_is_stored(link: str, database: Database) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM password_resets")
        row = cursor.fetchone()
    assert row is not None
    assert link.removeprefix("/reset/") not in repr(row)


def test_the_page_gives_its_address_to_nobody_and_names_no_account(link: str, app: Flask) -> None:
    response = Browser(app).get(link)
    assert response.headers["Referrer-Policy"] == "strict-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "alice" not in response.text
    assert "alice" not in link


def test_under_https_the_form_works_with_what_that_policy_sends(link: str, app: Flask) -> None:
    browser = Browser(app)
    fields = {**browser.hidden(link), "new": NEW, "again": NEW}
    headers = {"X-Forwarded-Proto": "https", "Referer": "https://localhost/"}
    assert browser.post(link, fields, headers=headers).status_code == 303


def test_uses_of_links_are_limited(make_app: MakeApp) -> None:
    browser = Browser(make_app(reset_rate=1))
    token = browser.hidden("/sign-in")["csrf_token"]
    codes = [browser.post("/reset/never", {"csrf_token": token}).status_code for _ in range(2)]
    assert codes == [404, 429]
