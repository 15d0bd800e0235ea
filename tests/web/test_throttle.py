"""How often somebody may try, and ask."""

import json

import pytest
import redis
from flask import Flask

from shared import keys
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import NO_REDIS, MakeApp
from web import passwords

TRIES = 3


def from_address(app: Flask, address: str) -> Browser:
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


@pytest.fixture
def strict(make_app: MakeApp) -> Flask:
    """Three wrong passwords are free."""
    return make_app(sign_in_tries=TRIES)


def fail(browser: Browser, name: str, times: int = TRIES) -> None:
    for _ in range(times):
        assert browser.sign_in(name, "this is wrong").status_code == 422


def fail_once_more(browser: Browser, name: str, store: "redis.Redis") -> None:
    """As after many more wrong passwords: the wait is a minute, and does not end before a slow machine looks."""
    for key in store.keys(f"{keys.WAIT_PREFIX}*"):
        store.delete(key)
    for key in store.keys(f"{keys.TRIES_PREFIX}*"):
        store.incrby(key, 6)
    fail(browser, name, 1)


# -- wrong passwords


def test_wrong_passwords_make_the_next_try_wait_and_say_for_how_long(
    strict: Flask, store: "redis.Redis"
) -> None:
    Browser(strict).register("alice")
    stranger = Browser(strict)
    fail(stranger, "alice")
    fail_once_more(stranger, "alice", store)
    response = stranger.sign_in("alice", "this is wrong")
    assert response.status_code == 429
    seconds = response.headers["Retry-After"]
    assert f"This was tried too often. Try again in {seconds} seconds." in text_of(response)


@pytest.mark.parametrize(("more", "seconds"), [(0, "1"), (1, "2"), (2, "4")])
def test_a_wait_ends_and_doubles(more: int, seconds: str, strict: Flask, store: "redis.Redis") -> None:
    """Told in whole seconds, of which a slow machine may let one pass: then somebody else tries."""
    told = ""
    for number in range(5):
        stranger, name = from_address(strict, f"192.0.2.{number}"), f"nobody{number}"
        for _ in range(TRIES + more):
            for key in store.keys(f"{keys.WAIT_PREFIX}*"):
                store.delete(key)
            fail(stranger, name, 1)
        told = stranger.sign_in(name, "this is wrong").headers.get("Retry-After", "")
        if told == seconds:
            break
    assert told == seconds


def test_a_try_that_is_refused_does_not_make_the_wait_longer(strict: Flask, store: "redis.Redis") -> None:
    stranger = Browser(strict)
    fail(stranger, "nobody")
    fail_once_more(stranger, "nobody", store)
    before = {key: store.get(key) for key in store.keys(f"{keys.TRIES_PREFIX}*")}
    for _ in range(5):
        assert stranger.sign_in("nobody", "this is wrong").status_code == 429
    assert {key: store.get(key) for key in store.keys(f"{keys.TRIES_PREFIX}*")} == before


@pytest.mark.parametrize("name", ["alice", "ALICE", "nobody"])
def test_a_name_that_nobody_has_is_slowed_down_alike(name: str, strict: Flask, store: "redis.Redis") -> None:
    Browser(strict).register("alice")
    stranger = Browser(strict)
    fail(stranger, name)
    fail_once_more(stranger, name, store)
    assert stranger.sign_in(name, "this is wrong").status_code == 429


def test_a_try_that_nobody_could_judge_is_not_counted(
    strict: Flask, store: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that signs in all at once would slow itself down, without one wrong password."""

    def too_many(*_: object) -> bool:
        raise passwords.Busy

    with monkeypatch.context() as busy:
        busy.setattr(passwords, "verify", too_many)
        for _ in range(TRIES * 2):
            assert Browser(strict).sign_in("nobody", "this may be right").status_code == 503
    assert {store.get(key) for key in store.keys(f"{keys.TRIES_PREFIX}*")} == {b"0"}
    assert store.keys(f"{keys.WAIT_PREFIX}*") == []


def test_strangers_never_slow_down_a_device_that_signed_in_before(strict: Flask) -> None:
    alice = Browser(strict).register("alice")
    alice.sign_out()
    for number in range(3):
        stranger = from_address(strict, f"192.0.2.{number}")
        while stranger.sign_in("alice", "this is wrong").status_code == 422:
            pass
    assert alice.sign_in("alice").status_code == 303


def test_a_device_has_a_count_of_its_own(strict: Flask, store: "redis.Redis") -> None:
    alice = Browser(strict).register("alice")
    alice.sign_out()
    fail(alice, "alice")
    fail_once_more(alice, "alice", store)
    assert alice.sign_in("alice").status_code == 429
    assert Browser(strict).sign_in("alice").status_code == 303


def test_a_forged_device_is_a_stranger(strict: Flask, store: "redis.Redis") -> None:
    Browser(strict).register("alice")
    forger = Browser(strict)
    fail(forger, "alice")
    fail_once_more(forger, "alice", store)
    forger.client.set_cookie("parley_device", '["a", "alice"]')
    assert forger.sign_in("alice").status_code == 429


def test_a_device_of_somebody_else_is_a_stranger(strict: Flask, store: "redis.Redis") -> None:
    Browser(strict).register("alice")
    bob = Browser(strict).register("Bobby")
    bob.sign_out()
    fail(bob, "alice")
    fail_once_more(bob, "alice", store)
    assert bob.sign_in("alice").status_code == 429
    assert bob.sign_in("Bobby").status_code == 303


def test_the_longest_wait_of_an_account_is_a_minute(strict: Flask, store: "redis.Redis") -> None:
    stranger = Browser(strict)
    fail(stranger, "nobody")
    for key in store.keys(f"{keys.TRIES_PREFIX}account:*"):
        store.set(key, 1000)
    for key in store.keys(f"{keys.WAIT_PREFIX}*"):
        store.delete(key)
    fail(stranger, "nobody", 1)
    assert 30 < int(stranger.sign_in("nobody", "this is wrong").headers["Retry-After"]) <= 60


def test_an_address_that_tries_many_names_is_slowed_down(strict: Flask, store: "redis.Redis") -> None:
    stranger = from_address(strict, "2001:db8::1")
    for number in range(TRIES * 4):
        fail(stranger, f"nobody{number}", 1)
    fail_once_more(stranger, "nobody", store)
    neighbour = from_address(strict, "2001:db8::2")  # of the same network
    assert neighbour.sign_in("somebody", "this is wrong").status_code == 429
    assert from_address(strict, "2001:db8:0:1::1").sign_in("somebody", "this is wrong").status_code == 422


def test_a_right_password_starts_the_count_anew(strict: Flask) -> None:
    Browser(strict).register("alice")
    for _ in range(3):
        browser = Browser(strict)
        fail(browser, "alice", TRIES - 1)
        assert browser.sign_in("alice").status_code == 303


def test_what_was_typed_as_a_name_stands_in_no_key(strict: Flask, store: "redis.Redis") -> None:
    fail(Browser(strict), "my secret password", 1)
    assert not [key for key in store.keys("*") if b"secret" in key]


# -- requests


def test_sign_ins_of_one_address_are_limited(make_app: MakeApp) -> None:
    app = make_app(sign_in_rate=2)
    browser = Browser(app)
    fail(browser, "nobody", 2)
    response = browser.sign_in("nobody", "this is wrong")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert "This was tried too often." in text_of(response)
    assert browser.get("/sign-in").status_code == 200
    assert from_address(app, "192.0.2.1").sign_in("nobody", "this is wrong").status_code == 422


def test_registrations_from_one_address_are_limited(make_app: MakeApp) -> None:
    app = make_app(register_rate=2)
    Browser(app).register("alice")
    Browser(app).register("Bobby")
    fields = {"name": "carol", "password": PASSWORD, "password_again": PASSWORD}
    response = Browser(app).fill_in("/register", **fields)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 3000
    assert "minutes" in text_of(response)


def test_who_mistypes_takes_nobody_an_account_away(make_app: MakeApp) -> None:
    app = make_app(register_rate=1)
    newcomer = Browser(app)
    for _ in range(3):
        assert newcomer.fill_in("/register", name="carol", password="short").status_code == 422
    newcomer.register("carol")
    fields = {"name": "Bobby", "password": PASSWORD, "password_again": PASSWORD}
    assert Browser(app).fill_in("/register", **fields).status_code == 429


def test_tries_to_register_are_limited_however_they_end(make_app: MakeApp) -> None:
    """Else the form would tell without an end which names there are."""
    app = make_app(sign_in_rate=2)
    stranger = Browser(app)
    codes = [stranger.fill_in("/register", name="alice", password="short").status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_changes_of_a_room_and_of_its_level_are_limited(make_app: MakeApp) -> None:
    alice = Browser(make_app(join_rate=2)).register("alice")
    paths = ("/api/rooms/1/level", "/api/rooms/1", "/api/rooms/1/level")
    codes = [alice.call(path, level="muted", name="tea", topic="").status_code for path in paths]
    assert codes == [200, 403, 429]


def test_rooms_of_one_user_are_limited_and_the_answer_says_for_how_long(make_app: MakeApp) -> None:
    app = make_app(room_rate=1)
    alice, bob = Browser(app).register("alice"), Browser(app).register("Bobby")
    assert alice.call("/api/rooms", name="first").status_code == 201
    response = alice.call("/api/rooms", name="second")
    assert response.status_code == 429
    answer = json.loads(response.text)
    assert answer["error"] == "too_many"
    assert answer["retry_after"] == int(response.headers["Retry-After"])
    assert answer["message"].startswith("This was tried too often.")
    assert bob.call("/api/rooms", name="third").status_code == 201


def test_joins_are_limited(make_app: MakeApp) -> None:
    alice = Browser(make_app(join_rate=2)).register("alice")
    codes = [alice.call("/api/rooms/1/join").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_the_whole_interface_for_programs_is_limited_for_each_user(make_app: MakeApp) -> None:
    app = make_app(api_rate=3)
    alice, bob = Browser(app).register("alice"), Browser(app).register("Bobby")
    paths = ["/api/rooms", "/api/rooms/1/messages", "/api/direct/alice", "/api/rooms"]
    assert [alice.get(path).status_code for path in paths] == [200, 200, 200, 429]
    assert alice.get("/rooms/1").status_code == 200
    assert bob.get("/api/rooms").status_code == 200


def test_nothing_is_limited_where_the_settings_say_so(app: Flask) -> None:
    stranger = Browser(app)
    fail(stranger, "nobody", 12)


def test_no_limit_opens_while_redis_is_away(make_app: MakeApp) -> None:
    browser = Browser(make_app(**NO_REDIS, sign_in_rate=2))
    for _ in range(4):
        assert browser.post("/sign-in", {"name": "alice", "password": PASSWORD}).status_code == 503
