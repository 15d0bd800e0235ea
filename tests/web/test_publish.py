from flask import Flask, request

from tests.servers import Servers
from tests.web.browser import Browser
from web import publish


def test_while_redis_is_away_what_was_committed_still_succeeds(app: Flask, servers: Servers) -> None:
    """The daemons then find the change in MariaDB by themselves."""
    servers.kill("redis")
    try:
        with app.app_context():
            publish.created(1, 1)
    finally:
        servers.start("redis")


def test_a_room_can_be_joined_when_redis_dies_after_the_commit(app: Flask, servers: Servers) -> None:
    @app.before_request
    def die_after_the_session_was_read() -> None:
        if request.headers.get("X-Then") == "die":
            servers.kill("redis")

    alice, bob = Browser(app).register("alice"), Browser(app).register("Bobby")
    room = alice.call("/api/rooms", name="tea").json["summary"]["room"]["id"]  # type: ignore[index]
    headers = {"X-CSRFToken": bob.boot()["csrf"], "X-Then": "die"}
    try:
        response = bob.post(f"/api/rooms/{room}/join", headers=headers)
    finally:
        servers.start("redis")
    assert response.status_code == 200
    assert bob.get(f"/rooms/{room}").status_code == 200
