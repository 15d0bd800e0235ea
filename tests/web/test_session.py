import pickle
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from flask import Flask, session
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared import keys, sessions
from shared.settings import Settings
from tests.servers import Servers, short_folder
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import NO_REDIS, MakeApp


class Trap:
    """A pickle that leaves a file where it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def key_of(browser: Browser) -> str:
    assert browser.sid
    return keys.session(browser.sid)


def test_the_cookie_holds_a_random_id_that_scripts_and_other_sites_do_not_get(browser: Browser) -> None:
    header = browser.get("/sign-in").headers["Set-Cookie"]
    parts = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in header.split(";")}
    assert sessions.is_sid(parts[sessions.COOKIE])
    assert "HttpOnly" in parts
    assert "Secure" not in parts
    assert (parts["SameSite"], parts["Path"]) == ("Lax", "/")
    assert parts["Max-Age"] == str(30 * 86_400)


def test_behind_https_the_cookie_is_for_https_and_this_host_alone(make_app: MakeApp) -> None:
    header = Browser(make_app(secure_cookies=True)).get("/sign-in").headers["Set-Cookie"]
    name, _, rest = header.partition("=")
    assert name == "__Host-parley_session"
    assert {part.strip() for part in rest.split(";")} >= {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    assert "domain" not in header.lower()


@pytest.mark.parametrize("secure", [True, False])
def test_the_other_name_of_the_cookie_is_never_read(secure: bool, alice: Browser, make_app: MakeApp) -> None:
    app = make_app(secure_cookies=secure)
    names = [sessions.cookie_name(secure=secure), sessions.cookie_name(secure=not secure)]
    answers = [
        app.test_client(use_cookies=False)
        .get("/rooms/1", headers={"Cookie": f"{name}={alice.sid}"}, base_url="https://localhost")
        .status_code
        for name in names
    ]
    assert answers == [200, 302]


def test_a_session_is_over_at_its_absolute_end_however_much_it_is_used(
    alice: Browser, settings: Settings, store: "redis.Redis"
) -> None:
    who = sessions.SignedIn(alice.boot()["user"]["id"], int(time.time()) - settings.session_lifetime)
    store.set(key_of(alice), sessions.encode(who.fields()), ex=1000)
    assert alice.get("/rooms/1").status_code == 302
    assert alice.get("/api/rooms").status_code == 401


@pytest.mark.parametrize("writes", [True, False])
def test_nobody_is_kept_alive_beyond_the_absolute_end(
    writes: bool, app: Flask, settings: Settings, store: "redis.Redis"
) -> None:
    @app.get("/writes")
    def view() -> str:
        session["draft"] = "something"
        return "written"

    alice = Browser(app).register("alice")
    user = alice.boot()["user"]["id"]
    who = sessions.SignedIn(user, int(time.time()) - settings.session_lifetime + 500)
    store.set(key_of(alice), sessions.encode(who.fields()), ex=100)
    store.zadd(keys.user_sessions(user), {alice.sid or "": 1.0})
    assert alice.get("/writes" if writes else "/rooms/1").status_code == 200
    assert 400 <= store.ttl(key_of(alice)) <= 500
    assert (store.zscore(keys.user_sessions(user), alice.sid or "") or 0) > 1  # and it was seen


def test_a_session_remembers_the_address_from_which_it_was_last_used(
    alice: Browser, store: "redis.Redis", settings: Settings
) -> None:
    store.expire(key_of(alice), settings.session_idle - 61)
    alice.get("/rooms/1", headers={"X-Forwarded-For": "192.0.2.7"})
    who = sessions.signed_in(store.get(key_of(alice)))  # type: ignore[arg-type]
    assert who is not None
    assert who.address == "192.0.2.7"
    assert store.ttl(key_of(alice)) > settings.session_idle - 60


def test_a_change_of_address_overwrites_nothing_that_another_request_wrote(
    app: Flask, store: "redis.Redis", settings: Settings
) -> None:
    @app.get("/meanwhile")
    def meanwhile() -> str:
        stored = store.get(key)
        assert isinstance(stored, bytes)
        store.set(key, sessions.encode({**sessions.decode(stored), "written": True}), keepttl=True)
        return "done"

    alice = Browser(app).register("alice")
    key = key_of(alice)
    store.expire(key, settings.session_idle - 61)
    alice.get("/meanwhile", headers={"X-Forwarded-For": "192.0.2.7"})
    assert sessions.decode(store.get(key))["written"]  # type: ignore[arg-type]


def test_a_key_of_another_type_is_no_session_and_not_redis_away(app: Flask, store: "redis.Redis") -> None:
    browser = Browser(app).register("alice")
    browser.sid = "A" * 43
    store.rpush(keys.session("A" * 43), "x")
    assert browser.get("/rooms/1").location == "/sign-in?next=/rooms/1"
    assert browser.get("/api/rooms").status_code == 401
    assert browser.sign_in("alice").status_code == 303


def test_the_daemon_reads_the_same_session(alice: Browser, store: "redis.Redis") -> None:
    stored = store.get(key_of(alice))
    assert isinstance(stored, bytes)
    who = sessions.signed_in(stored)
    assert who is not None
    assert who.user == alice.boot()["user"]["id"]


def test_a_visitor_gets_a_session_for_the_token_of_a_form_and_only_then(
    browser: Browser, store: "redis.Redis"
) -> None:
    for path in ("/", "/rooms/1", "/nothing", "/healthz", "/api/rooms"):
        assert "Set-Cookie" not in browser.get(path).headers
    assert store.keys() == []
    browser.get("/sign-in")
    assert 3500 <= store.ttl(key_of(browser)) <= sessions.ANONYMOUS_SECONDS


def test_a_page_that_is_read_writes_nothing(alice: Browser, store: "redis.Redis") -> None:
    before = store.get(key_of(alice))
    for path in ("/rooms/1", "/direct/alice", "/api/rooms", "/sign-in"):
        assert "Set-Cookie" not in alice.get(path).headers
    assert store.get(key_of(alice)) == before


def test_a_session_in_use_is_kept_alive(alice: Browser, settings: Settings, store: "redis.Redis") -> None:
    store.expire(key_of(alice), 86_400)
    alice.get("/rooms/1")
    assert store.ttl(key_of(alice)) > settings.session_idle - 60


def test_it_is_kept_alive_no_more_often_than_needed(
    alice: Browser, settings: Settings, store: "redis.Redis"
) -> None:
    store.expire(key_of(alice), settings.session_idle - 30)
    alice.get("/rooms/1")
    assert store.ttl(key_of(alice)) <= settings.session_idle - 30


@pytest.mark.parametrize("meanwhile", ["reads", "writes"])
def test_a_request_in_flight_does_not_bring_a_signed_out_session_back(
    meanwhile: str, app: Flask, store: "redis.Redis"
) -> None:
    entered, go_on = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        if meanwhile == "writes":
            session["draft"] = "something"
        entered.set()
        assert go_on.wait(60)
        return str(session.get(sessions.USER_ID))

    alice = Browser(app).register("alice")
    key, user = key_of(alice), alice.boot()["user"]["id"]
    store.expire(key, 60)  # so that the slow request also wants to keep it alive
    in_flight = Browser(app)
    in_flight.sid = alice.sid or ""
    thread = threading.Thread(target=in_flight.get, args=("/slow",))
    thread.start()
    assert entered.wait(60)
    alice.sign_out()
    go_on.set()
    thread.join()
    assert not store.exists(key, keys.user_sessions(user))
    assert in_flight.get("/rooms/1").status_code == 302


def test_a_pickle_in_a_session_key_is_no_session_and_is_never_loaded(
    app: Flask, store: "redis.Redis", tmp_path: Path
) -> None:
    trap, browser = tmp_path / "sprung", Browser(app)
    browser.sid = "A" * 43
    store.set(keys.session("A" * 43), pickle.dumps(Trap(trap)))
    assert browser.get("/rooms/1").location == "/sign-in?next=/rooms/1"
    assert browser.get("/sign-in").status_code == 200
    assert not trap.exists()
    assert browser.sid != "A" * 43


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"{}",
        b'{"user_id": 1, "began": 2000000000}',
        b"\xff",
        msgspec.msgpack.encode([1]),
        msgspec.msgpack.encode({"user_id": 1}),
        *(
            msgspec.msgpack.encode({"user_id": user, "began": 2_000_000_000})
            for user in ("1", True, -1, 2**63, 999, None)
        ),
        b"\x91" * 5000,
    ],
)
def test_a_damaged_session_is_nobody(stored: bytes, alice: Browser, app: Flask, store: "redis.Redis") -> None:
    browser = Browser(app)
    browser.sid = "A" * 43
    store.set(keys.session("A" * 43), stored)
    assert browser.get("/rooms/1").location == "/sign-in?next=/rooms/1"
    assert browser.get("/api/rooms").status_code == 401
    assert browser.sign_in("alice").status_code == 303


@given(stored=st.binary(max_size=200))
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_in_a_session_key_is_never_an_error(
    stored: bytes, app: Flask, store: "redis.Redis"
) -> None:
    store.set(keys.session("A" * 43), stored)
    browser = Browser(app)
    browser.sid = "A" * 43
    assert browser.get("/rooms/1").status_code == 302


@pytest.mark.parametrize(
    "sid", ["short", "A" * 44, "A" * 42 + "*", "../../etc", "A" * 42 + "\u00e9", "\x00" * 43, "A" * 10_000]
)
def test_a_cookie_that_is_no_session_id_never_reaches_redis(sid: str, make_app: MakeApp) -> None:
    # Redis is not there: whoever asks it gets a 503.
    browser = Browser(make_app(**NO_REDIS))
    response = browser.get("/rooms/1", headers={"Cookie": f"{sessions.COOKIE}={sid}"})
    assert response.status_code == 302


def test_while_redis_is_away_a_page_says_so_and_the_cookie_stays(make_app: MakeApp) -> None:
    browser = Browser(make_app(**NO_REDIS))
    browser.sid = "A" * 43
    for response in (browser.get("/rooms/1"), browser.get("/sign-in"), browser.post("/sign-out")):
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "5"
        assert "session store" in text_of(response)
        assert "Set-Cookie" not in response.headers
    answer = browser.get("/api/rooms")
    assert (answer.status_code, answer.json["error"]) == (503, "unavailable")  # type: ignore[index]


def test_while_redis_is_away_a_form_is_not_shown_in_vain(make_app: MakeApp) -> None:
    response = Browser(make_app(**NO_REDIS)).get("/sign-in")
    assert response.status_code == 503
    assert "session store" in text_of(response)
    assert "Set-Cookie" not in response.headers


def test_a_redis_that_hangs_costs_a_request_seconds_not_minutes(make_app: MakeApp) -> None:
    folder = short_folder()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(folder / "redis.sock"))
        silent.listen()
        browser = Browser(make_app(redis_url=f"unix://{folder}/redis.sock"))
        browser.sid = "A" * 43
        began = time.monotonic()
        assert browser.get("/rooms/1").status_code == 503
        assert time.monotonic() - began < 30  # 2 s where nothing else runs
    shutil.rmtree(folder)


def test_redis_killed_and_started_again_signs_nobody_out(alice: Browser, servers: Servers) -> None:
    assert alice.boot()
    servers.kill("redis")
    try:
        assert alice.get("/rooms/1").status_code == 503
        assert alice.post("/register", {"name": "x"}).status_code == 503
    finally:
        servers.start("redis")
    assert alice.boot()["user"]["name"] == "alice"


def test_a_request_that_is_done_does_not_fail_because_its_session_is_not_kept_alive(
    app: Flask, servers: Servers, store: "redis.Redis"
) -> None:
    @app.get("/done")
    def done() -> str:
        servers.kill("redis")
        return "done"

    alice = Browser(app).register("alice")
    store.expire(key_of(alice), 60)
    try:
        assert alice.get("/done").text == "done"
    finally:
        servers.start("redis")


def test_registration_fails_clearly_when_redis_goes_away_in_the_middle(app: Flask, servers: Servers) -> None:
    browser = Browser(app)
    fields = {**browser.hidden("/register"), "name": "alice", "password": PASSWORD}
    servers.kill("redis")
    try:
        assert browser.post("/register", fields).status_code == 503
    finally:
        servers.start("redis")
    assert browser.register("alice")


def test_the_secret_key_of_another_installation_makes_no_token(alice: Browser, make_app: MakeApp) -> None:
    other = Browser(make_app(secret_key="another"))
    other.sid = alice.sid or ""
    assert alice.post("/sign-out", {"csrf_token": other.boot()["csrf"]}).status_code == 400
