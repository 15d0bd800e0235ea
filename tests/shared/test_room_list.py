"""The list of a user's rooms: alone, and together with those of others."""

from shared import markers, room_list, rooms
from shared.database import Database
from tests.shared.people import accepted, make_room, person, sending, write


def test_users_and_all_their_rooms_are_read_at_once(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    with database.cursor() as cursor:
        found = room_list.of_users(cursor, users=[bob.id, alice.id, 999])
        assert {user: (who, [s.room.id for s in of]) for user, (who, of) in found.items()} == {
            alice.id: (alice, [rooms.GENERAL, room]),
            bob.id: (bob, [rooms.GENERAL]),
        }
        assert [s.room.id for s in room_list.of_user(cursor, user=bob.id)] == [rooms.GENERAL]
        assert room_list.of_user(cursor, user=bob.id, room=room) == []


def test_users_that_are_asked_for_together_are_told_what_each_is_told_alone(database: Database) -> None:
    alice, bob, carol = (person(database, name) for name in ("alice", "bobby", "carol"))
    room = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        for user in (bob, carol):
            rooms.join(cursor, room=room, user=user.id)
    accepted(
        write(database, alice, sending("hello @bobby", room=room), sending("hello @carol @bobby", room=room))
    )
    accepted(write(database, bob, sending("hello @alice", to="alice"), sending("only to you", to="carol")))
    with database.cursor() as cursor:
        markers.read(cursor, room=room, user=carol.id, number=1)
        together = room_list.of_users(cursor, users=[alice.id, bob.id, carol.id])
        alone = {user.id: room_list.of_user(cursor, user=user.id) for user in (alice, bob, carol)}
    assert {user: rooms for user, (_, rooms) in together.items()} == alone
    assert {user.id: [s.mentions for s in alone[user.id]] for user in (alice, bob, carol)} == {
        alice.id: [[], [], [1]],
        bob.id: [[], [1, 2], [], []],
        carol.id: [[], [2], []],
    }
