"""Rooms and members: names, joining, leaving, what a member sees, and how it is found again."""

import threading
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import members, messages, protocol, room_list, rooms, users
from shared.database import Database
from tests.shared.people import person, say

# -- names


@pytest.mark.parametrize(
    "other",
    [
        "GENERAL",
        "General",
        "ｇｅｎｅｒａｌ",
        "gen\u200beral",
        "\u202egeneral",
        " general ",
        "𝐠eneral",
        "gen\u00aderal",
    ],
)
def test_names_that_a_reader_takes_for_the_same_are_the_same(other: str) -> None:
    assert rooms.name_key(other) == rooms.name_key("general")


@pytest.mark.parametrize(
    ("one", "other"), [("Straße", "STRASSE"), ("é", "e\u0301"), ("ﬁsh", "FISH"), ("a  b", "a\u00a0b")]
)
def test_the_unicode_form_makes_no_difference(one: str, other: str) -> None:
    assert rooms.name_key(one) == rooms.name_key(other)


@pytest.mark.parametrize(("one", "other"), [("a", "b"), ("e", "é"), ("ab", "a b"), ("日", "月"), ("1", "２")])
def test_other_names_are_other_names(one: str, other: str) -> None:
    assert rooms.name_key(one) != rooms.name_key(other)


@pytest.mark.parametrize("name", ["", " ", "\u200b", "\u2060\u00ad", "\u3164", "\u115f\ufeff", "\ufe0f"])
def test_a_name_that_can_not_be_seen_has_no_key(name: str) -> None:
    assert rooms.name_key(name) == ""


def test_a_name_is_kept_as_it_was_typed_but_for_white_space() -> None:
    assert rooms.clean_name("  Tea \t and\u3000 Cake ") == "Tea and Cake"
    assert rooms.clean_name("e\u0301") == "é"


@given(st.text())
def test_a_key_is_the_key_of_itself(name: str) -> None:
    assert rooms.name_key(rooms.name_key(name)) == rooms.name_key(name)


@given(st.text())
def test_the_form_of_a_name_never_makes_it_another(name: str) -> None:
    for form in ("NFC", "NFD"):
        assert rooms.name_key(unicodedata.normalize(form, name)) == rooms.name_key(name)


@given(st.text())
def test_cleaning_twice_changes_nothing(name: str) -> None:
    assert rooms.clean_name(rooms.clean_name(name)) == rooms.clean_name(name)


# -- rooms


def summary(database: Database, user: protocol.User, room: int) -> protocol.RoomSummary:
    with database.cursor() as cursor:
        return room_list.of_user(cursor, user=user.id, room=room)[0]


def make_room(database: Database, owner: protocol.User, name: str = "Tea") -> int:
    with database.transaction() as cursor:
        return rooms.create(cursor, name=name, owner=owner.id)


def join(database: Database, room: int, user: protocol.User) -> rooms.Membership:
    with database.transaction() as cursor:
        return rooms.join(cursor, room=room, user=user.id)


def leave(database: Database, room: int, user: protocol.User) -> rooms.Membership:
    with database.transaction() as cursor:
        return rooms.leave(cursor, room=room, user=user.id)


def test_who_creates_a_room_owns_it_and_is_alone_in_it(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice, " Tea  time ")
    seen = summary(database, alice, room)
    assert seen.role == "owner"
    assert seen.room == protocol.Room(room, "public", "Tea time", 1, 1)
    assert (seen.head, seen.last_number, seen.last_read) == (1, 0, 0)


@pytest.mark.parametrize("other", ["tea", "ＴＥＡ", "t\u200bea"])
def test_a_rooms_name_is_its_own_whatever_the_case_or_form(database: Database, other: str) -> None:
    alice = person(database, "alice")
    make_room(database, alice, "Tea")
    with pytest.raises(rooms.RoomNameTaken):
        make_room(database, alice, other)


def test_joining_takes_a_version_and_tells_who_came(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    change = join(database, room, bob).change
    state = protocol.Room(room, "public", "Tea", 2, 2)
    assert change == protocol.RoomChange(room=room, version=2, state=state, joined=[bob])
    seen = summary(database, bob, room)
    assert (seen.role, seen.head, seen.room) == ("member", 2, state)


def test_joining_again_changes_nothing(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    join(database, room, bob)
    assert join(database, room, bob).change is None
    assert summary(database, bob, room).head == 2
    assert summary(database, bob, room).room.member_count == 2


def test_who_joins_has_read_all_that_stands_there(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    say(database, alice, "before", room=room)
    join(database, room, bob)
    assert summary(database, bob, room).last_read == 1


def test_leaving_takes_a_version_and_tells_who_went(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    join(database, room, bob)
    change = leave(database, room, bob).change
    assert change is not None
    assert (change.version, change.left, change.joined) == (3, [bob], [])
    assert change.state.member_count == 1
    with database.cursor() as cursor:
        assert not rooms.is_member(cursor, room=room, user=bob.id)


def test_leaving_again_changes_nothing(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    assert leave(database, room, bob).change is None
    assert summary(database, alice, room).head == 1


def test_nobody_leaves_the_room_that_everyone_is_in(database: Database) -> None:
    with pytest.raises(rooms.CanNotLeave):
        leave(database, rooms.GENERAL, person(database, "alice"))


def test_nobody_joins_or_leaves_a_direct_room(database: Database) -> None:
    alice, bob, eve = (person(database, name) for name in ("alice", "bobby", "evelyn"))
    with database.transaction() as cursor:
        room = rooms.create_direct(cursor, alice.id, bob.id)
    for user in (alice, eve):
        with pytest.raises(rooms.NoSuchRoom):
            join(database, room, user)
    with pytest.raises(rooms.CanNotLeave):
        leave(database, room, alice)
    with pytest.raises(rooms.NoSuchRoom):  # eve must not learn that the room exists
        leave(database, room, eve)


@pytest.mark.parametrize("act", [join, leave])
def test_a_room_that_does_not_exist_is_no_room(
    database: Database, act: Callable[[Database, int, protocol.User], rooms.Membership]
) -> None:
    with pytest.raises(rooms.NoSuchRoom):
        act(database, 999, person(database, "alice"))


def test_those_who_join_at_the_same_time_get_dense_versions(database: Database) -> None:
    owner, *people = [person(database, f"user{number}") for number in range(7)]
    together = threading.Barrier(len(people))
    found: list[tuple[int, int]] = []

    def joins(room: int, user: protocol.User) -> None:
        together.wait()
        change = join(database, room, user).change
        assert change is not None
        found.append((change.version, change.state.member_count))

    for name in ("Tea", "Cake", "Milk"):
        found.clear()
        room = make_room(database, owner, name)
        threads = [threading.Thread(target=joins, args=(room, user)) for user in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == [(number, number) for number in range(2, 8)]


def test_all_public_rooms_are_listed_with_whether_one_is_in_them(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    make_room(database, alice, "Zebra")
    make_room(database, alice, "apple")
    with database.transaction() as cursor:
        rooms.create_direct(cursor, alice.id, bob.id)
        found = rooms.public(cursor, user=bob.id)
    assert [(row["name"], row["member_count"], bool(row["member"])) for row in found] == [
        ("apple", 1, False),
        ("general", 2, True),
        ("Zebra", 1, False),
    ]


# -- direct rooms


def test_a_direct_room_names_both_wherever_one_looks(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    with database.transaction() as cursor:
        room = rooms.create_direct(cursor, bob.id, alice.id)
        assert rooms.direct_between(cursor, alice.id, bob.id) == room
        assert rooms.direct_between(cursor, bob.id, alice.id) == room
        state = rooms.state(cursor, room)
    assert state is not None
    assert set(state.members) == {alice, bob}
    assert set(summary(database, alice, room).room.members) == {alice, bob}


def test_a_room_of_notes_has_one_member(database: Database) -> None:
    alice = person(database, "alice")
    with database.transaction() as cursor:
        room = rooms.create_direct(cursor, alice.id, alice.id)
    seen = summary(database, alice, room).room
    assert (seen.members, seen.member_count) == ([alice], 1)


def test_a_public_rooms_state_names_no_members(database: Database) -> None:
    alice = person(database, "alice")
    with database.cursor() as cursor:
        assert rooms.state(cursor, rooms.GENERAL) == protocol.Room(1, "public", "general", 1, 2)
        assert rooms.state(cursor, 999) is None
    assert summary(database, alice, rooms.GENERAL).room.members == []


# -- name and topic


def change(
    database: Database, room: int, user: protocol.User, name: str, topic: str = ""
) -> protocol.RoomChange | None:
    with database.transaction() as cursor:
        return rooms.change(cursor, room=room, user=user.id, name=name, topic=topic)


def test_an_owner_gives_a_room_another_name_and_topic(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice)
    state = protocol.Room(room, "public", "Coffee time", 1, 2, topic="Black or white")
    found = change(database, room, alice, " Coffee  time ", " Black or\nwhite ")
    assert found == protocol.RoomChange(room=room, version=2, state=state)
    seen = summary(database, alice, room)
    assert (seen.room, seen.head) == (state, 2)
    with database.cursor() as cursor:
        assert rooms.state(cursor, room) == state
    make_room(database, alice, "Tea")  # the old name is free


def test_who_comes_later_finds_the_topic_too(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    change(database, room, alice, "Tea", "Green")
    came = join(database, room, bob).change
    assert came is not None
    assert came.state == protocol.Room(room, "public", "Tea", 2, 3, topic="Green")


def test_a_change_to_what_is_so_already_is_none(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice)
    assert change(database, room, alice, "Tea") is None
    assert summary(database, alice, room).head == 1


def test_a_room_may_take_another_spelling_of_its_name_but_no_other_rooms(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice)
    assert change(database, room, alice, "TEA") is not None
    with pytest.raises(rooms.RoomNameTaken):
        change(database, room, alice, "General")
    assert summary(database, alice, room).room.name == "TEA"


def test_only_an_owner_changes_a_room_and_a_stranger_does_not_learn_of_it(database: Database) -> None:
    alice, bob, eve = (person(database, name) for name in ("alice", "bobby", "evelyn"))
    room = make_room(database, alice)
    join(database, room, bob)
    with database.transaction() as cursor:
        direct = rooms.create_direct(cursor, alice.id, bob.id)
    for where, user in ((room, bob), (rooms.GENERAL, alice), (direct, alice)):
        with pytest.raises(rooms.NotAllowed):
            change(database, where, user, "Mine")
    for where, user in ((room, eve), (direct, eve), (999, alice)):
        with pytest.raises(rooms.NoSuchRoom):
            change(database, where, user, "Mine")


# -- how a lost publish is found


def test_a_change_of_any_kind_moves_the_head_and_touches_the_room(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    say(database, alice, "one", room=room)
    with database.cursor() as cursor:
        assert rooms.heads(cursor, [room, 999]) == {room: 2}
        assert rooms.heads(cursor, []) == {}
        assert rooms.touched_heads(cursor, 30)[room] == 2
        cursor.execute("UPDATE rooms SET touched = NOW(3) - INTERVAL 60 SECOND")
        assert rooms.touched_heads(cursor, 30) == {}
    join(database, room, bob)
    with database.cursor() as cursor:
        assert rooms.touched_heads(cursor, 30) == {room: 3}
        cursor.execute("UPDATE rooms SET touched = NOW(3) - INTERVAL 60 SECOND")
    say(database, bob, "two", room=room)
    with database.cursor() as cursor:
        assert rooms.touched_heads(cursor, 30) == {room: 4}


def test_a_new_membership_is_found_by_its_time(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice)
    with database.cursor() as cursor:
        cursor.execute("UPDATE members SET touched = NOW(3) - INTERVAL 60 SECOND")
        assert members.touched(cursor, 30) == []
    join(database, room, bob)
    with database.cursor() as cursor:
        assert members.touched(cursor, 30) == [(room, bob.id)]
        assert sorted(members.of(cursor, [bob.id])) == [(1, bob.id), (room, bob.id)]
        assert members.of(cursor, []) == []
        assert members.among(cursor, room, [alice.id, bob.id, 999]) == {alice.id, bob.id}
        assert members.among(cursor, room, []) == set()


def test_the_epoch_is_a_number_that_stays(database: Database) -> None:
    with database.cursor() as cursor:
        assert rooms.epoch(cursor) == rooms.epoch(cursor) > 0


def test_a_new_user_is_in_general_and_in_nothing_else(database: Database) -> None:
    with database.transaction() as cursor:
        user, membership = users.create(cursor, name="alice", password_hash="x", gender=1)
        assert membership.change is not None
        assert membership.change.joined == [protocol.User(user, "alice")]
        assert [s.room.id for s in room_list.of_user(cursor, user=user)] == [rooms.GENERAL]
        assert messages.page(cursor, room=rooms.GENERAL, user=user, limit=10).messages == []
