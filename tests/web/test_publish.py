from collections.abc import Iterator
from typing import Any

import pytest
import redis
from flask import Flask

from shared import keys, sessions
from tests.chatd.own_redis import OwnRedis
from tests.servers import Servers
from tests.web.browser import Browser
from tests.web.conftest import MakeApp
from tests.web.pubsub import Heard
from web import backends, publish, user_sessions


def test_while_redis_is_away_what_was_committed_still_succeeds(app: Flask, servers: Servers) -> None:
    """The daemons then find the change in MariaDB by themselves."""
    servers.kill("redis")
    try:
        with app.app_context():
            publish.created(1, 1)
    finally:
        servers.start("redis")


@pytest.fixture
def own_redis() -> Iterator[OwnRedis]:
    server = OwnRedis()
    server.start()
    yield server
    server.close()


def test_the_daemons_of_the_same_database_of_redis_are_told(make_app: MakeApp, own_redis: OwnRedis) -> None:
    app = make_app(redis_url=f"{own_redis.url}?db=5")
    ours, others = keys.Channels(5).user(1), keys.Channels(0).user(1)
    with (
        app.app_context(),
        redis.Redis.from_url(own_redis.url) as client,
        Heard(client, ours) as heard,
        Heard(client, others) as elsewhere,
    ):
        publish.created(7, 1)
        assert heard.next() == {"type": "joined", "room": 7}
        user_sessions.end(backends.redis(), 1, ["sid"])
        assert heard.next() == {"type": "revoked", "session": sessions.digest("sid")}
        assert elsewhere.is_silent()


def test_a_room_can_be_joined_when_redis_dies_after_the_commit(app: Flask, servers: Servers) -> None:
    join = app.view_functions["rooms.join"]

    def die_first(**where: Any) -> Any:
        """The session is known by now; the next who asks Redis is the publish."""
        servers.kill("redis")
        return join(**where)

    app.view_functions["rooms.join"] = die_first
    alice, bob = Browser(app).register("alice"), Browser(app).register("Bobby")
    room = alice.call("/api/rooms", name="tea").json["summary"]["room"]["id"]  # type: ignore[index]
    headers = {"X-CSRFToken": bob.boot()["csrf"]}
    try:
        response = bob.post(f"/api/rooms/{room}/join", headers=headers)
    finally:
        servers.start("redis")
    assert response.status_code == 200
    assert bob.get(f"/rooms/{room}").status_code == 200
