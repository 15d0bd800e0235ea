"""The account page: the list of sessions, and how its user ends them."""

import time
from datetime import UTC, datetime

import pytest
import redis
from flask import Flask

from shared import keys, sessions
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import NO_REDIS, MakeApp
from tests.web.pubsub import Heard
from web import identity

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


def device(app: Flask, agent: str = FIREFOX, address: str = "192.0.2.1", name: str = "alice") -> Browser:
    """Another device of alice, who has registered."""
    browser = Browser(app)
    browser.client.environ_base |= {"HTTP_USER_AGENT": agent, "HTTP_X_FORWARDED_FOR": address}
    assert browser.sign_in(name).status_code == 303
    return browser


def name_of(browser: Browser) -> str:
    return sessions.digest(browser.sid or "")


def end(browser: Browser, session: str) -> int:
    token = browser.boot()["csrf"]
    return browser.post("/account/sessions/end", {"csrf_token": token, "session": session}).status_code


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/rooms/1").status_code == 200


# -- the page


def test_the_chat_page_leads_to_it(alice: Browser) -> None:
    assert 'href="/account"' in alice.get("/rooms/1").text


def test_it_needs_somebody_who_is_signed_in(browser: Browser) -> None:
    assert browser.get("/account").location == "/sign-in?next=/account"


def test_it_lists_each_device_in_plain_words(alice: Browser, app: Flask) -> None:
    phone = device(app, SAFARI, "2001:db8::7")
    text = " ".join(text_of(phone.get("/account")).split())
    assert "Safari on iPhone This device 2001:db8::7 · just now Sign out" in text
    assert "127.0.0.1 · just now Sign out" in text


def test_it_says_when_a_device_was_last_seen(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    phone = device(app, SAFARI)
    index = keys.user_sessions(alice.boot()["user"]["id"])
    seen = time.time() - 3 * 3600
    store.zadd(index, {phone.sid or "": seen})
    page = alice.get("/account")
    assert "3 hours ago" in text_of(page)
    assert datetime.fromtimestamp(seen, UTC).isoformat(timespec="seconds") in page.text
    assert "vor 3 Stunden" in text_of(alice.get("/account", headers={"Accept-Language": "de"}))


def test_this_device_comes_first_and_signs_out_as_everywhere(alice: Browser, app: Flask) -> None:
    device(app, SAFARI)
    page = alice.get("/account")
    assert page.text.index(f"device-{name_of(alice)}") < page.text.index("Safari on iPhone")
    assert page.text.index('action="/sign-out"') < page.text.index('action="/account/sessions/end"')


def test_it_never_shows_a_session_id(alice: Browser, app: Flask) -> None:
    phone = device(app)
    for browser in (alice, phone):
        page = browser.get("/account")
        assert (alice.sid or "") not in page.text
        assert (phone.sid or "") not in page.text
        assert page.headers["Cache-Control"] == "no-store"


def test_what_a_device_says_of_itself_is_only_text(alice: Browser, app: Flask) -> None:
    device(app, "<script>alert(1)</script>Firefox/ Linux" + "x" * 5000, "<b>1</b>")
    page = alice.get("/account").text
    assert "<script>alert" not in page
    assert "<b>1" not in page


def test_a_redis_that_is_away_is_said_to_be(make_app: MakeApp) -> None:
    browser = Browser(make_app(**NO_REDIS))
    browser.sid = "A" * 43
    assert browser.get("/account").status_code == 503


# -- ending sessions


def test_one_device_is_signed_out_by_another(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    phone, tablet = device(app), device(app)
    with Heard(store, keys.Channels().user(alice.boot()["user"]["id"])) as heard:
        assert end(alice, name_of(phone)) == 303
        assert heard.next() == {"type": "revoked", "session": name_of(phone)}
        assert heard.is_silent()
    assert [is_signed_in(one) for one in (alice, phone, tablet)] == [True, False, True]
    assert "That device is signed out." in text_of(alice.get("/account"))
    assert "That device is signed out." not in text_of(alice.get("/account"))


def test_all_others_are_signed_out_at_once(alice: Browser, app: Flask) -> None:
    phone, tablet = device(app), device(app)
    token = alice.boot()["csrf"]
    answer = alice.post("/account/sessions/end-others", {"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, "/account")
    assert [is_signed_in(one) for one in (alice, phone, tablet)] == [True, False, False]
    page = text_of(alice.get("/account"))
    assert "All other devices are signed out." in page
    assert "Sign out everywhere else" not in page


def test_nobody_ends_the_session_of_somebody_else(alice: Browser, bob: Browser) -> None:
    assert end(bob, name_of(alice)) == 303
    assert is_signed_in(alice)


@pytest.mark.parametrize("session", ["", "x" * 32, "*", "../1", "\u00e9"])
def test_a_session_that_there_is_not_ends_nothing(session: str, alice: Browser, app: Flask) -> None:
    phone = device(app)
    assert end(alice, session) == 303
    assert is_signed_in(alice)
    assert is_signed_in(phone)


def test_ones_own_session_is_ended_by_signing_out_and_not_here(alice: Browser) -> None:
    assert end(alice, name_of(alice)) == 303
    assert is_signed_in(alice)


@pytest.mark.parametrize("path", ["/account/sessions/end", "/account/sessions/end-others"])
def test_it_is_a_post_with_a_token(path: str, alice: Browser, app: Flask) -> None:
    phone = device(app)
    assert alice.get(path).status_code == 405
    for fields in ({}, {"csrf_token": "forged"}, {"csrf_token": phone.boot()["csrf"]}):
        assert alice.post(path, fields | {"session": name_of(phone)}).status_code == 400
    assert is_signed_in(phone)


@pytest.mark.parametrize("path", ["/account/sessions/end", "/account/sessions/end-others"])
def test_who_was_signed_out_meanwhile_is_sent_to_sign_in(path: str, alice: Browser, app: Flask) -> None:
    phone = device(app)
    token = phone.boot()["csrf"]
    end(alice, name_of(phone))
    answer = phone.post(path, {"csrf_token": token, "session": name_of(alice)})
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=/account")
    assert is_signed_in(alice)


# -- the password once more


def grow_old(browser: Browser, store: "redis.Redis") -> None:
    """The sign-in was a while ago."""
    key = keys.session(browser.sid or "")
    stored = store.get(key)
    assert isinstance(stored, bytes)
    content = sessions.decode(stored)
    content[sessions.BEGAN] -= identity.FRESH_SECONDS
    store.set(key, sessions.encode(content), keepttl=True)


def confirm(browser: Browser, password: str) -> int:
    fields = {"csrf_token": browser.boot()["csrf"], "password": password}
    return browser.post("/account/confirm", fields).status_code


def test_a_while_after_sign_in_other_devices_are_signed_out_only_for_the_password(
    alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    phone = device(app)
    grow_old(alice, store)
    page = text_of(alice.get("/account"))
    assert "type your password once more" in page
    assert "Sign out everywhere else" not in page
    assert end(alice, name_of(phone)) == 303
    assert alice.post("/account/sessions/end-others", {"csrf_token": alice.boot()["csrf"]}).status_code == 303
    assert is_signed_in(phone)
    assert confirm(alice, PASSWORD) == 303
    assert "Sign out everywhere else" in text_of(alice.get("/account"))
    assert end(alice, name_of(phone)) == 303
    assert not is_signed_in(phone)


@pytest.mark.parametrize("password", ["", "this is wrong"])
def test_a_wrong_password_opens_nothing_and_is_not_shown_again(
    password: str, alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    phone = device(app)
    grow_old(alice, store)
    assert confirm(alice, password) == 422
    end(alice, name_of(phone))
    assert is_signed_in(phone)


def test_who_guesses_the_password_has_to_wait(make_app: MakeApp, store: "redis.Redis") -> None:
    app = make_app(sign_in_tries=2)
    alice = Browser(app).register("alice")
    device(app)
    grow_old(alice, store)
    answers = [confirm(alice, "this is wrong") for _ in range(4)]
    assert answers[-1] == 429
    assert confirm(alice, PASSWORD) == 429


def test_alone_one_is_not_asked_for_the_password(alice: Browser, store: "redis.Redis") -> None:
    grow_old(alice, store)
    assert "password once more" not in text_of(alice.get("/account"))
