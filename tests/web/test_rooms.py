from typing import Any

import pytest
import redis
from flask import Flask

from shared import keys, rooms
from shared.database import Database
from tests.web.browser import Browser
from tests.web.pubsub import Heard
from tests.web.talk import say_directly

POSTS = ("/api/rooms", "/api/rooms/1", "/api/rooms/1/join", "/api/rooms/1/leave", "/api/rooms/1/level")


def create(browser: Browser, name: str = "tea") -> int:
    response = browser.call("/api/rooms", name=name)
    assert response.status_code == 201, response.text
    return int(response.json["summary"]["room"]["id"])  # type: ignore[index]


def test_nobody_gets_anything_without_a_session(browser: Browser) -> None:
    for path in (
        "/api/rooms",
        "/api/rooms/1/messages",
        "/api/rooms/1/members",
        "/api/people?ids=1",
        "/api/direct/alice",
    ):
        response = browser.get(path)
        assert response.status_code == 401
        assert response.json["error"] == "signed_out"  # type: ignore[index]
    for path in POSTS:
        assert browser.post(path).json["error"] == "signed_out"  # type: ignore[index]


def test_a_post_needs_a_token(alice: Browser) -> None:
    for path in POSTS:
        response = alice.post(path, {"name": "tea"})
        assert response.status_code == 400
        assert response.json["error"] == "csrf"  # type: ignore[index]
    assert len(alice.boot()["rooms"]) == 1


def test_who_creates_a_room_owns_it(alice: Browser) -> None:
    response = alice.call("/api/rooms", name="  Green \u3000 tea ")
    assert response.status_code == 201
    summary = response.json["summary"]  # type: ignore[index]
    room = summary.pop("room")
    assert summary == {
        "role": "owner",
        "head": 1,
        "last_number": 0,
        "last_read": 0,
        "marker": 0,
        "level": "mentions",
        "mentions": [],
        "seen": 0,
    }
    assert room.pop("id") > 1
    assert room == {
        "kind": "public",
        "name": "Green tea",
        "member_count": 1,
        "version": 1,
        "members": [],
        "topic": "",
    }


@pytest.mark.parametrize("name", ["tea", "TEA", "ｔｅａ", "t\u200bea", " tea ", "te\u00ada"])
def test_a_name_that_looks_the_same_is_taken(name: str, alice: Browser) -> None:
    create(alice, "tea")
    response = alice.call("/api/rooms", name=name)
    assert response.status_code == 422
    assert response.json == {
        "error": "taken",
        "message": "There is a room with this name.",
        "field": "name",
    }


@pytest.mark.parametrize("name", ["", " ", "x" * 51, "tea\x00", "\u200b"])
def test_a_bad_name_is_told_beside_its_field_and_changes_nothing(name: str, alice: Browser) -> None:
    response = alice.call("/api/rooms", name=name)
    assert response.status_code == 422
    assert (response.json["error"], response.json["field"]) == ("invalid", "name")  # type: ignore[index]
    assert len(alice.get("/api/rooms").json["rooms"]) == 1  # type: ignore[index]


def test_a_missing_name_is_told_as_an_empty_one(alice: Browser) -> None:
    assert alice.call("/api/rooms").json["field"] == "name"  # type: ignore[index]


def test_all_public_rooms_are_listed_with_whether_one_is_in_them(alice: Browser, bob: Browser) -> None:
    room = create(alice)
    assert bob.get("/api/rooms").json == {
        "rooms": [
            {"id": 1, "name": "general", "member_count": 2, "member": True},
            {"id": room, "name": "tea", "member_count": 1, "member": False},
        ]
    }


def test_direct_conversations_are_not_listed(alice: Browser, bob: Browser, database: Database) -> None:
    say_directly(database, alice, bob, "hello")
    assert len(alice.get("/api/rooms").json["rooms"]) == 1  # type: ignore[index]


def test_joining_makes_a_member_and_again_changes_nothing(alice: Browser, bob: Browser) -> None:
    room = create(alice)
    first = bob.call(f"/api/rooms/{room}/join")
    assert first.status_code == 200
    assert first.json["summary"]["role"] == "member"  # type: ignore[index]
    assert first.json["summary"]["room"]["member_count"] == 2  # type: ignore[index]
    assert bob.call(f"/api/rooms/{room}/join").json == first.json


def test_leaving_ends_the_membership_and_again_changes_nothing(alice: Browser, bob: Browser) -> None:
    room = create(alice)
    bob.call(f"/api/rooms/{room}/join")
    for _ in range(2):
        response = bob.call(f"/api/rooms/{room}/leave")
        assert (response.status_code, response.data) == (204, b"")
    assert bob.get(f"/rooms/{room}").status_code == 404


def test_the_room_of_everyone_can_not_be_left(alice: Browser) -> None:
    response = alice.call("/api/rooms/1/leave")
    assert (response.status_code, response.json["error"]) == (422, "can_not_leave")  # type: ignore[index]
    assert alice.boot()["rooms"]


def test_a_direct_conversation_can_not_be_left_nor_joined(
    alice: Browser, bob: Browser, app: Flask, database: Database
) -> None:
    room = say_directly(database, alice, bob, "hello")
    carol = Browser(app).register("carol")
    assert alice.call(f"/api/rooms/{room}/leave").status_code == 422
    unknown = carol.call("/api/rooms/999999/join")
    for path in (f"/api/rooms/{room}/join", f"/api/rooms/{room}/leave"):
        forbidden = carol.call(path)
        assert (forbidden.status_code, forbidden.data) == (404, unknown.data)


@pytest.mark.parametrize(
    "path",
    [
        "/rooms/{}",
        "/api/rooms/{}/messages",
        "/api/rooms/{}/messages?around=1",
        "/api/rooms/{}/messages?numbers=1",
        "/api/rooms/{}/members",
        "/api/rooms/{}/members?q=a",
    ],
)
def test_what_is_forbidden_and_what_is_absent_get_the_same_answer(
    path: str, alice: Browser, bob: Browser
) -> None:
    room = create(alice)
    forbidden, absent = bob.get(path.format(room)), bob.get(path.format(4_000_000_000))
    assert forbidden.status_code == absent.status_code == 404
    assert forbidden.data == absent.data
    assert list(forbidden.headers) == list(absent.headers)


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/api/rooms/{}", {"name": "tea", "topic": ""}), ("/api/rooms/{}/level", {"level": "muted"})],
)
def test_what_is_forbidden_to_change_and_what_is_absent_get_the_same_answer(
    path: str, fields: dict[str, str], alice: Browser, bob: Browser
) -> None:
    room = create(alice)
    forbidden, absent = bob.call(path.format(room), **fields), bob.call(path.format(4_000_000_000), **fields)
    assert forbidden.status_code == absent.status_code == 404
    assert forbidden.data == absent.data


@pytest.mark.parametrize(
    "room", ["0", "-1", "01", "1.0", "9" * 5000, "99999999999", "\u0661", "1%00", "x", "18446744073709551616"]
)
def test_what_is_no_room_is_not_found(room: str, alice: Browser) -> None:
    assert alice.get(f"/rooms/{room}").status_code == 404
    assert alice.get(f"/api/rooms/{room}/messages").status_code == 404


def test_the_daemons_hear_of_a_new_room_a_join_and_a_leave(
    alice: Browser, bob: Browser, store: "redis.Redis"
) -> None:
    alice_id, bob_id = alice.boot()["user"]["id"], bob.boot()["user"]["id"]
    with Heard(store, keys.Channels().user(alice_id)) as heard:
        room = create(alice)
        assert heard.next() == {"type": "joined", "room": room}
    with (
        Heard(store, keys.Channels().room(room)) as members,
        Heard(store, keys.Channels().user(bob_id)) as devices,
    ):
        bob.call(f"/api/rooms/{room}/join")
        change = members.next()
        assert (change["type"], change["version"]) == ("room", 2)
        assert change["joined"] == [{"id": bob_id, "name": "Bobby"}]
        assert change["state"]["member_count"] == 2
        assert devices.next() == {"type": "joined", "room": room}
        bob.call(f"/api/rooms/{room}/join")  # changes nothing, and says nothing
        assert members.is_silent()
        bob.call(f"/api/rooms/{room}/leave")
        assert members.next()["left"] == [{"id": bob_id, "name": "Bobby"}]
        assert devices.next() == {"type": "left", "room": room}


def test_the_daemons_hear_of_a_newcomer(app: Flask, store: "redis.Redis") -> None:
    with Heard(store, keys.Channels().room(rooms.GENERAL)) as heard:
        Browser(app).register("alice")
        assert [person["name"] for person in heard.next()["joined"]] == ["alice"]


def test_an_owner_gives_a_room_another_name_and_a_topic(
    alice: Browser, bob: Browser, store: "redis.Redis"
) -> None:
    room = create(alice)
    bob.call(f"/api/rooms/{room}/join")
    with Heard(store, keys.Channels().room(room)) as heard:
        response = alice.call(
            f"/api/rooms/{room}", name=" Green  tea ", topic=" How to\u3000brew it\U0001f375 "
        )
        change = heard.next()
        again = alice.call(f"/api/rooms/{room}", name="Green tea", topic="How to brew it\U0001f375")
        assert heard.is_silent()  # nothing changed
    assert (response.status_code, again.status_code) == (200, 200)
    summary: Any = response.json
    assert again.json == summary
    assert (change["type"], change["version"]) == ("room", 3)
    state = summary["summary"]["room"]
    assert (state["name"], state["topic"], state["version"]) == ("Green tea", "How to brew it\U0001f375", 3)
    assert change["state"]["topic"] == state["topic"]
    assert bob.boot(f"/rooms/{room}")["page"]["room"] == state


def test_a_member_who_is_no_owner_can_not_change_a_room(alice: Browser, bob: Browser) -> None:
    room = create(alice)
    bob.call(f"/api/rooms/{room}/join")
    for number in (room, rooms.GENERAL):
        response = bob.call(f"/api/rooms/{number}", name="mine", topic="")
        assert response.status_code == 403
        assert response.json == {
            "error": "not_allowed",
            "message": "Only an owner of the room can change it.",
        }


def test_a_name_that_another_room_has_is_taken_and_its_own_is_not(alice: Browser) -> None:
    create(alice, "tea")
    room = create(alice, "coffee")
    response = alice.call(f"/api/rooms/{room}", name="TEA", topic="")
    assert (response.status_code, response.json["error"]) == (422, "taken")  # type: ignore[index]
    assert alice.call(f"/api/rooms/{room}", name="COFFEE", topic="").status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"topic": "tea"}, "name"),
        ({"name": "", "topic": "tea"}, "name"),
        ({"name": "tea"}, "topic"),
        ({"name": "tea", "topic": "x" * 251}, "topic"),
        ({"name": "tea", "topic": "a\u202eb"}, "topic"),
        ({"name": "tea", "topic": "a\x00b"}, "topic"),
    ],
)
def test_a_bad_topic_is_told_beside_its_field(fields: dict[str, str], field: str, alice: Browser) -> None:
    room = create(alice)
    response = alice.call(f"/api/rooms/{room}", **fields)
    assert (response.status_code, response.json["field"]) == (422, field)  # type: ignore[index]
    assert alice.boot(f"/rooms/{room}")["page"]["version"] == 1


def test_what_calls_somebody_in_a_room_is_their_own_and_their_devices_hear_of_it(
    alice: Browser, bob: Browser, store: "redis.Redis"
) -> None:
    with Heard(store, keys.Channels().user(bob.boot()["user"]["id"])) as heard:
        response = bob.call("/api/rooms/1/level", level="muted")
        told = {"type": "read", "room": 1, "last_read": 0, "marker": 1, "level": "muted"}
        assert (response.status_code, response.json, heard.next()) == (200, told, told)
        assert bob.call("/api/rooms/1/level", level="muted").json == told
        assert heard.is_silent()
    assert [browser.boot()["rooms"][0]["level"] for browser in (alice, bob)] == ["mentions", "muted"]


@pytest.mark.parametrize(
    "fields", [{}, {"level": ""}, {"level": "ALL"}, {"level": "none"}, {"level": "all "}]
)
def test_there_are_three_levels(fields: dict[str, str], alice: Browser) -> None:
    response = alice.call("/api/rooms/1/level", **fields)
    assert (response.status_code, response.json["field"]) == (422, "level")  # type: ignore[index]


def test_everything_personal_is_kept_by_no_cache(alice: Browser) -> None:
    for path in (
        "/api/rooms",
        "/api/rooms/1/messages",
        "/api/rooms/1/members",
        "/api/people?ids=1",
        "/api/direct/alice",
        "/rooms/1",
        "/",
        "/sign-in",
    ):
        assert alice.get(path).headers["Cache-Control"] == "no-store"
