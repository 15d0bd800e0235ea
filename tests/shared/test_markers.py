"""What is a member's own in a room: read markers, levels, unread mentions."""

import pytest

from shared import markers, protocol, room_list, rooms
from shared.database import Database
from shared.protocol import Marker, User
from tests.shared.people import accepted, delete, edit, make_room, person, say, sending, summary, write

ROOM = rooms.GENERAL


def read(database: Database, user: User, number: int, *, room: int = ROOM) -> markers.Change:
    with database.cursor() as cursor:
        return markers.read(cursor, room=room, user=user.id, number=number)


def unread(database: Database, user: User, number: int, *, room: int = ROOM) -> markers.Change:
    with database.cursor() as cursor:
        return markers.unread(cursor, room=room, user=user.id, number=number)


def level(database: Database, user: User, new: str, *, room: int = ROOM) -> markers.Change:
    with database.cursor() as cursor:
        return markers.set_level(cursor, room=room, user=user.id, level=new)


def mentions(database: Database, user: User, room: int = ROOM) -> list[int]:
    """As the summary says; a marker says the same."""
    found = summary(database, user, room)
    with database.cursor() as cursor:
        assert markers.read(cursor, room=room, user=user.id, number=0).marker == Marker(
            room, found.last_read, found.marker, found.level, found.mentions
        )
    return found.mentions


def joined(database: Database, room: int, *users: User) -> None:
    for user in users:
        with database.transaction() as cursor:
            rooms.join(cursor, room=room, user=user.id)


# -- read markers


def test_a_read_marker_moves_forward_and_counts_its_moves(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    for body in ("one", "two", "three"):
        say(database, alice, body, room=ROOM)
    assert read(database, bob, 2) == markers.Change(Marker(ROOM, 2, 1, "mentions"), moved=True)
    assert read(database, bob, 3) == markers.Change(Marker(ROOM, 3, 2, "mentions"), moved=True)


def test_reading_never_moves_it_back_nor_beyond_the_last_message(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    last = Marker(ROOM, 1, 1, "mentions")
    assert read(database, bob, 2**53 - 1) == markers.Change(last, moved=True)
    assert read(database, bob, 0) == markers.Change(last, moved=False)


def test_marking_unread_moves_it_before_the_message(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    for body in ("one", "two", "three"):
        say(database, alice, body, room=ROOM)
    read(database, bob, 3)
    assert unread(database, bob, 2) == markers.Change(Marker(ROOM, 1, 2, "mentions"), moved=True)
    assert unread(database, bob, 2) == markers.Change(Marker(ROOM, 1, 2, "mentions"), moved=False)
    for number, last_read in ((1, 0), (0, 0), (2**53 - 1, 3)):
        assert unread(database, bob, number).marker.last_read == last_read


def test_who_is_not_in_a_room_has_nothing_of_their_own_there(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    for room in (make_room(database, alice, "Tea"), 999):
        with pytest.raises(rooms.NoSuchRoom):
            read(database, bob, 1, room=room)
        with pytest.raises(rooms.NoSuchRoom):
            unread(database, bob, 1, room=room)
        with pytest.raises(rooms.NoSuchRoom):
            level(database, bob, "muted", room=room)


def test_what_is_ones_own_takes_no_version_and_needs_no_lock_of_the_room(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    head = summary(database, bob, ROOM).head
    with database.transaction() as cursor:
        rooms.lock(cursor, ROOM)
        assert read(database, bob, 1).moved
        assert unread(database, bob, 1).moved
        assert level(database, bob, "muted").moved
    assert summary(database, bob, ROOM).head == head


# -- levels


def test_at_first_everything_calls_in_a_direct_room_and_only_mentions_in_others(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    direct = accepted(write(database, alice, sending(to="bobby")))[0].room
    tea = make_room(database, alice, "Tea")
    joined(database, tea, bob)
    for user in (alice, bob):
        levels = [summary(database, user, room).level for room in (ROOM, tea, direct)]
        assert levels == ["mentions", "mentions", "all"]


def test_a_level_is_part_of_ones_own_state(database: Database) -> None:
    alice = person(database, "alice")
    assert level(database, alice, "muted") == markers.Change(Marker(ROOM, 0, 1, "muted"), moved=True)
    assert level(database, alice, "muted") == markers.Change(Marker(ROOM, 0, 1, "muted"), moved=False)
    assert level(database, alice, "mentions").marker == Marker(ROOM, 0, 2, "mentions")
    assert summary(database, alice, ROOM).level == "mentions"


# -- seen


def test_in_a_direct_room_the_other_is_told_how_far_one_has_ever_read(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    said = accepted(write(database, alice, *(sending(to="bobby") for _ in range(3))))
    room = said[0].room
    assert read(database, bob, 2, room=room).seen == 2
    assert summary(database, alice, room).seen == 2
    assert unread(database, bob, 1, room=room).seen is None, "what was seen stays seen"
    assert read(database, bob, 2, room=room).seen is None
    assert read(database, bob, 3, room=room).seen == 3
    assert summary(database, alice, room).seen == 3
    assert summary(database, bob, room).seen == 3, "who writes has seen what stands before"


def test_in_other_rooms_nobody_is_told(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    assert read(database, bob, 1).seen is None
    assert summary(database, alice, ROOM).seen == 0


# -- unread mentions


def test_a_mention_is_unread_until_it_is_read(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    for body in ("@bobby", "nobody", "@Bobby again"):
        say(database, alice, body, room=ROOM)
    assert mentions(database, bob) == [1, 3]
    assert mentions(database, alice) == []
    assert read(database, bob, 1).marker.mentions == [3]
    assert read(database, bob, 3).marker.mentions == []
    assert unread(database, bob, 2).marker.mentions == [3]


def test_an_edit_calls_others_and_a_deletion_nobody(database: Database) -> None:
    alice, bob, eve = (person(database, name) for name in ("alice", "bobby", "evelyn"))
    message = edit(database, say(database, alice, "@bobby", room=ROOM), "@evelyn")
    assert (mentions(database, bob), mentions(database, eve)) == ([], [1])
    delete(database, message)
    assert mentions(database, eve) == []


def test_an_owner_calls_everybody_but_themselves(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    joined(database, room, bob)
    say(database, alice, "@room and @bobby: tea", room=room)
    say(database, bob, "@room", room=room)
    assert mentions(database, bob, room) == []
    assert unread(database, bob, 1, room=room).marker.mentions == [1]
    assert unread(database, alice, 1, room=room).marker.mentions == []


def test_the_newest_hundred_are_named(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    write(database, alice, *(sending("@bobby", room=ROOM) for _ in range(120)))
    assert mentions(database, bob) == list(range(21, 121))


def test_each_room_has_its_own(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    joined(database, room, bob)
    say(database, alice, "@bobby", room=room)
    with database.cursor() as cursor:
        _, found = room_list.of_users(cursor, users=[bob.id])[bob.id]
    assert {s.room.id: s.mentions for s in found} == {ROOM: [], room: [1]}


def test_who_left_and_comes_back_is_not_called_by_what_was_said_before(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    joined(database, room, bob)
    say(database, alice, "@bobby", room=room)
    with database.transaction() as cursor:
        rooms.leave(cursor, room=room, user=bob.id)
    joined(database, room, bob)
    assert mentions(database, bob, room) == []


def test_the_rooms_of_a_user_are_read_by_one_statement_that_reads_no_table_through(
    database: Database,
) -> None:
    """The unread mentions of 200 rooms are 200 looks into an index."""
    alice, bob = person(database, "alice"), person(database, "bobby")
    for number in range(30):
        joined(database, make_room(database, alice, f"Room {number}"), bob)
    write(database, alice, *(sending("@bobby", room=room) for room in range(2, 20) for _ in range(20)))
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    with database.cursor() as cursor:
        cursor.execute("ANALYZE TABLE mentions, messages, members, rooms")
        for counted in (before, after):
            cursor.execute(
                "SHOW SESSION STATUS WHERE Variable_name IN ('Com_select', 'Handler_read_rnd_next')"
            )
            counted.update({row["Variable_name"]: int(row["Value"]) for row in cursor.fetchall()})
            if counted is before:
                assert room_list.of_users(cursor, users=[bob.id])
    assert after["Com_select"] - before["Com_select"] == 1
    assert after["Handler_read_rnd_next"] - before["Handler_read_rnd_next"] < 100, (
        "360 mentions are not read through"
    )


def test_a_marker_on_the_wire_is_whole() -> None:
    marker = Marker(room=7, last_read=3, marker=9, level="muted", mentions=[4, 5])
    assert protocol.encode(marker) == (
        b'{"type":"read","room":7,"last_read":3,"marker":9,"level":"muted","mentions":[4,5]}'
    )
