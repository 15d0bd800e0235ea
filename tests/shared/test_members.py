"""Looking up who is in a room."""

import pytest

from shared import members, rooms, users
from shared.database import Database
from shared.members import Member
from shared.protocol import User
from tests.shared.people import make_room, person


def names(found: members.Page) -> list[str]:
    return [member.name for member in found.members]


def fill(database: Database, room: int, *people: str) -> None:
    for name in people:
        user = person(database, name)
        with database.transaction() as cursor:
            rooms.join(cursor, room=room, user=user.id)


def page(database: Database, room: int, reader: User, prefix: str = "", after: str = "") -> members.Page:
    with database.cursor() as cursor:
        return members.page(cursor, room=room, reader=reader.id, prefix=prefix, after=after)


def test_members_stand_by_name_with_their_role(database: Database) -> None:
    zoe, amy = person(database, "zoe"), person(database, "Amy")
    room = make_room(database, zoe, "Tea")
    with database.transaction() as cursor:
        rooms.join(cursor, room=room, user=amy.id)
    found = page(database, room, amy)
    assert found == members.Page(
        [Member(amy.id, "Amy", "member"), Member(zoe.id, "zoe", "owner")], more=False
    )


def test_a_prefix_finds_whatever_the_capitals_and_nothing_by_wildcards(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice, "Tea")
    fill(database, room, "bob", "Bobby", "bo_b", "eve")
    person(database, "bob_elsewhere")
    assert names(page(database, room, alice, "BO")) == ["bob", "Bobby", "bo_b"]
    assert names(page(database, room, alice, "bo_")) == ["bo_b"]
    for nobody in ("%", "bob%", "b b", "\\", "é", "x" * 40, "'"):
        assert names(page(database, room, alice, nobody)) == []


def test_pages_follow_each_other_by_name(database: Database) -> None:
    alice = person(database, "alice")
    room = make_room(database, alice, "Tea")
    people = [f"user{number:02}" for number in range(members.PAGE + 5)]
    fill(database, room, *people)
    first = page(database, room, alice, "user")
    assert (names(first), first.more) == (people[: members.PAGE], True)
    then = page(database, room, alice, "user", after=first.members[-1].name.upper())
    assert (names(then), then.more) == (people[members.PAGE :], False)
    assert page(database, room, alice, after="zzz") == members.Page([], more=False)


def test_who_is_not_in_a_room_hears_that_there_is_none(database: Database) -> None:
    alice, eve = person(database, "alice"), person(database, "eve")
    room = make_room(database, alice, "Tea")
    for where in (room, 999):
        with pytest.raises(rooms.NoSuchRoom):
            page(database, where, eve)
        with pytest.raises(rooms.NoSuchRoom):
            page(database, where, eve, "é")


def test_people_are_found_by_their_ids(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bob")
    with database.cursor() as cursor:
        assert users.by_ids(cursor, [bob.id, alice.id, 999]) == [alice, bob]
        assert users.by_ids(cursor, []) == []
