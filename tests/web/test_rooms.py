import json

import pytest
import redis
from flask import Flask

from shared import keys, rooms
from shared.database import Database
from tests.web.browser import Browser
from tests.web.conftest import MakeApp
from tests.web.pubsub import Heard
from tests.web.talk import say, say_directly


def create(browser: Browser, name: str = "tea") -> int:
    response = browser.call("/api/rooms", name=name)
    assert response.status_code == 201, response.text
    return int(response.json["summary"]["room"]["id"])  # type: ignore[index]


def test_nobody_gets_anything_without_a_session(browser: Browser) -> None:
    for path in ("/api/rooms", "/api/rooms/1/messages", "/api/direct/alice"):
        response = browser.get(path)
        assert response.status_code == 401
        assert response.json["error"] == "signed_out"  # type: ignore[index]
    for path in ("/api/rooms", "/api/rooms/1/join", "/api/rooms/1/leave"):
        assert browser.post(path).json["error"] == "signed_out"  # type: ignore[index]


def test_a_post_needs_a_token(alice: Browser) -> None:
    for path in ("/api/rooms", "/api/rooms/1/join", "/api/rooms/1/leave"):
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
        "level": "all",
        "mentions": [],
        "seen": 0,
    }
    assert room.pop("id") > 1
    assert room == {"kind": "public", "name": "Green tea", "member_count": 1, "version": 1, "members": [], "topic": ""}


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


@pytest.mark.parametrize("path", ["/rooms/{}", "/api/rooms/{}/messages", "/api/rooms/{}/messages?before=1"])
def test_what_is_forbidden_and_what_is_absent_get_the_same_answer(
    path: str, alice: Browser, bob: Browser
) -> None:
    room = create(alice)
    forbidden, absent = bob.get(path.format(room)), bob.get(path.format(4_000_000_000))
    assert forbidden.status_code == absent.status_code == 404
    assert forbidden.data == absent.data
    assert list(forbidden.headers) == list(absent.headers)


@pytest.mark.parametrize(
    "room", ["0", "-1", "01", "1.0", "9" * 5000, "99999999999", "\u0661", "1%00", "x", "18446744073709551616"]
)
def test_what_is_no_room_is_not_found(room: str, alice: Browser) -> None:
    assert alice.get(f"/rooms/{room}").status_code == 404
    assert alice.get(f"/api/rooms/{room}/messages").status_code == 404


def test_history_comes_in_pages_of_ascending_numbers(
    alice: Browser, make_app: MakeApp, database: Database
) -> None:
    for number in range(1, 26):
        say(database, alice, f"message {number}")
    reader = Browser(make_app(history_page=10))
    reader.sign_in("alice")
    pages, before = [], ""
    while True:
        page = json.loads(reader.get(f"/api/rooms/1/messages{before}").data)
        pages.append([message["number"] for message in page["messages"]])
        assert page["version"] == alice.boot()["rooms"][0]["head"]
        if not page["more"]:
            break
        before = f"?before={pages[-1][0]}"
    assert pages == [list(range(16, 26)), list(range(6, 16)), list(range(1, 6))]


def test_a_message_has_the_shape_of_the_protocol(alice: Browser, database: Database) -> None:
    say(database, alice, "hello\n\U0001f40e")
    page = json.loads(alice.get("/api/rooms/1/messages").data)
    assert page["room"] == alice.boot()["rooms"][0]["room"]
    (message,) = page["messages"]
    assert message.pop("at") > 1_700_000_000_000
    assert len(message.pop("client_id")) == 36
    assert message == {
        "type": "message",
        "room": 1,
        "number": 1,
        "version": 3,
        "author": {"id": alice.boot()["user"]["id"], "name": "alice"},
        "body": "hello\n\U0001f40e",
        "body_version": 3,
    }


def test_the_history_of_a_direct_conversation_names_its_people(
    alice: Browser, bob: Browser, database: Database
) -> None:
    room = say_directly(database, alice, bob, "hello")
    page = json.loads(bob.get(f"/api/rooms/{room}/messages").data)
    assert [person["name"] for person in page["room"]["members"]] == ["alice", "Bobby"]


@pytest.mark.parametrize("before", ["0", "-1", "x", "", "1.5", "9" * 17, "1&before=2", "\u0661", "1%00"])
def test_before_is_one_number(before: str, alice: Browser) -> None:
    response = alice.get(f"/api/rooms/1/messages?before={before}")
    assert response.status_code == 422
    assert response.json["field"] == "before"  # type: ignore[index]


def test_before_the_first_message_there_is_nothing(alice: Browser, database: Database) -> None:
    say(database, alice, "hello")
    page = json.loads(alice.get("/api/rooms/1/messages?before=1").data)
    assert (page["messages"], page["more"]) == ([], False)


def test_somebody_is_found_by_nickname_before_and_after_the_first_word(
    alice: Browser, bob: Browser, database: Database
) -> None:
    found = alice.get("/api/direct/BOBBY").json
    assert found == {"user": {"id": bob.boot()["user"]["id"], "name": "Bobby"}, "summary": None}
    room = say_directly(database, alice, bob, "hello")
    found = alice.get("/api/direct/bobby").json
    assert found["summary"]["room"]["id"] == room  # type: ignore[index]


@pytest.mark.parametrize("name", ["nobody", "no%20body", "%FF", "bobby%00", "x" * 500, "b\u00f6bby"])
def test_an_unknown_nickname_is_a_clear_error_where_it_was_typed(name: str, alice: Browser) -> None:
    response = alice.get(f"/api/direct/{name}")
    assert response.status_code == 404
    assert response.json["field"] == "name"  # type: ignore[index]
    assert "There is nobody called" in response.json["message"]  # type: ignore[index]


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


def test_everything_personal_is_kept_by_no_cache(alice: Browser) -> None:
    for path in ("/api/rooms", "/api/rooms/1/messages", "/api/direct/alice", "/rooms/1", "/", "/sign-in"):
        assert alice.get(path).headers["Cache-Control"] == "no-store"
