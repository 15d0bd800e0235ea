import pytest
import redis
from flask import Flask

from shared import keys, sessions
from shared.database import Database
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import MakeApp
from tests.web.pubsub import Heard

NEW = "battery horse 🐎 correct"
PATH = "/account/password"


def test_the_new_password_signs_in_and_the_old_one_does_not(alice: Browser, app: Flask) -> None:
    response = alice.fill_in(PATH, password=PASSWORD, new=NEW, again=NEW)
    assert (response.status_code, response.location) == (303, "/account")
    assert "Your password is changed" in text_of(alice.get("/account"))
    assert Browser(app).sign_in("alice").status_code == 422
    assert Browser(app).sign_in("alice", NEW).status_code == 303


def test_all_other_sessions_end_and_this_one_stays(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    other = Browser(app)
    other.sign_in("alice")
    assert other.sid
    with Heard(store, keys.Channels().user(alice.boot()["user"]["id"])) as heard:
        alice.fill_in(PATH, password=PASSWORD, new=NEW, again=NEW)
        assert heard.next() == {"type": "revoked", "session": sessions.digest(other.sid)}
    assert other.get("/rooms/1").status_code == 302
    assert alice.get("/rooms/1").status_code == 200


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "this is wrong"}, "This is not your password."),
        ({"password": ""}, "Type your password."),
        ({"new": "short", "again": "short"}, "at least 8 characters"),
        ({"new": "password123", "again": "password123"}, "many people use"),
        ({"new": "alice2026!", "again": "alice2026!"}, "guessed first"),
        ({"again": "another"}, "The two passwords differ."),
        ({"new": PASSWORD, "again": PASSWORD}, "This is your password already."),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    fields: dict[str, str], words: str, alice: Browser, app: Flask
) -> None:
    response = alice.fill_in(PATH, **({"password": PASSWORD, "new": NEW, "again": NEW} | fields))
    assert response.status_code == 422
    assert words in text_of(response)
    assert Browser(app).sign_in("alice").status_code == 303


def test_guessing_at_an_open_screen_is_slowed_down(make_app: MakeApp) -> None:
    alice = Browser(make_app(sign_in_tries=2)).register("alice")
    fields = {"password": "this is wrong", "new": NEW, "again": NEW}
    codes = [alice.fill_in(PATH, **fields).status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_nobody_who_is_signed_out_gets_there(browser: Browser) -> None:
    assert browser.get(PATH).location == "/sign-in?next=/account/password"


def test_a_password_that_was_changed_meanwhile_is_not_changed_again(
    alice: Browser, app: Flask, database: Database
) -> None:
    hidden = alice.hidden(PATH)
    alice.fill_in(PATH, password=PASSWORD, new=NEW, again=NEW)
    response = alice.post(
        PATH, {**hidden, "password": PASSWORD, "new": "another horse", "again": "another horse"}
    )
    assert response.status_code == 422
    assert Browser(app).sign_in("alice", NEW).status_code == 303
