"""The index of a user's sessions: complete, and never a way back for one that ended."""

import time
from typing import Any

import pytest
import redis
from flask import Flask

from shared import keys, sessions
from shared.settings import Settings
from tests.web.browser import Browser
from tests.web.pubsub import Heard
from tests.web.slow import served
from web import user_sessions


def user_of(browser: Browser) -> int:
    found: int = browser.boot()["user"]["id"]
    return found


def index(store: "redis.Redis", user: int) -> set[str]:
    members: Any = store.zrange(keys.user_sessions(user), 0, -1)
    return {member.decode() for member in members}


def another(app: Flask) -> Browser:
    browser = Browser(app)
    assert browser.sign_in("alice").status_code == 303
    return browser


def test_every_sign_in_enters_it_and_every_sign_out_leaves_it(
    alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    user, other = user_of(alice), another(app)
    assert index(store, user) == {alice.sid, other.sid}
    alice.sign_out()
    assert index(store, user) == {other.sid}


def test_it_lives_as_long_as_its_longest_session(
    alice: Browser, store: "redis.Redis", settings: Settings
) -> None:
    assert store.ttl(keys.user_sessions(user_of(alice))) > settings.session_lifetime - 60


def test_sessions_that_are_gone_are_dropped_when_it_is_read(
    alice: Browser, app: Flask, store: "redis.Redis", settings: Settings
) -> None:
    user, gone, odd = user_of(alice), another(app), another(app)
    assert gone.sid
    assert odd.sid
    store.delete(keys.session(gone.sid), keys.session(odd.sid))
    store.rpush(keys.session(odd.sid), "a list")
    assert [entry.sid for entry in user_sessions.of(store, user, settings)] == [alice.sid]
    assert index(store, user) == {alice.sid}


def test_all_end_without_a_request_and_the_daemons_are_told(
    alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    user, other = user_of(alice), another(app)
    with Heard(store, keys.Channels().user(user)) as heard:
        assert user_sessions.end_all(store, user) == 2
        told = {heard.next()["session"], heard.next()["session"]}
    assert told == {sessions.digest(alice.sid or ""), sessions.digest(other.sid or "")}
    assert index(store, user) == set()
    assert alice.get("/rooms/1").status_code == other.get("/rooms/1").status_code == 302


def test_all_but_one_end(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    user, other = user_of(alice), another(app)
    assert user_sessions.end_all(store, user, except_sid=alice.sid) == 1
    assert index(store, user) == {alice.sid}
    assert alice.boot()
    assert other.get("/rooms/1").status_code == 302


def test_who_has_no_session_has_none_to_end(store: "redis.Redis") -> None:
    assert user_sessions.end_all(store, 4_000_000) == 0


def test_too_many_sessions_end_the_one_that_was_not_seen_for_the_longest_time(
    alice: Browser, app: Flask, store: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "PER_USER", 2)
    user, second = user_of(alice), another(app)
    store.zadd(keys.user_sessions(user), {second.sid or "": time.time() - 100})
    with Heard(store, keys.Channels().user(user)) as heard:
        third = another(app)
        assert heard.next() == {"type": "revoked", "session": sessions.digest(second.sid or "")}
    assert index(store, user) == {alice.sid, third.sid}
    assert second.get("/rooms/1").status_code == 302


def test_a_request_moves_its_session_to_now(alice: Browser, store: "redis.Redis", settings: Settings) -> None:
    key, sid = keys.user_sessions(user_of(alice)), alice.sid or ""
    store.zadd(key, {sid: 1.0})
    store.expire(keys.session(sid), settings.session_idle - 61)
    alice.get("/rooms/1")
    score = store.zscore(key, sid)
    assert score is not None
    assert score > time.time() - 60


@pytest.mark.parametrize("ended_by", ["sign-out", "another device", "end_all"])
def test_a_slow_request_does_nothing_and_brings_neither_the_session_back_nor_its_entry(
    ended_by: str, app: Flask, store: "redis.Redis"
) -> None:
    alice = Browser(app).register("alice")
    user, sid = user_of(alice), alice.sid or ""
    other = another(app)
    fields = {"csrf_token": alice.boot()["csrf"], "name": "made meanwhile"}
    revocation = {"csrf_token": other.boot()["csrf"], "session": sessions.digest(sid)}
    with served(app) as server:
        store.expire(keys.session(sid), 60)  # so that the slow request also wants to keep it alive
        slow = server.slow_post("/api/rooms", sid, fields)
        if ended_by == "sign-out":
            alice.post("/sign-out", {"csrf_token": fields["csrf_token"]})
        elif ended_by == "another device":
            other.post("/account/sessions/end", revocation)
        else:
            user_sessions.end_all(store, user, except_sid=other.sid)
        answer = slow.finish()
    assert answer.startswith("HTTP/1.1 401"), answer
    assert "made meanwhile" not in other.get("/api/rooms").text
    assert not store.exists(keys.session(sid))
    assert index(store, user) == {other.sid}
    replayed = Browser(app)
    replayed.sid = sid
    assert replayed.get("/rooms/1").status_code == 302
