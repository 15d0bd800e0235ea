"""People: their names, and that no two share one."""

import pytest

from shared import rooms, users
from shared.database import Database
from tests.shared.people import person


@pytest.mark.parametrize("name", ["alice", "Alice", "ALICE"])
def test_a_name_is_taken_whatever_its_capitals(database: Database, name: str) -> None:
    person(database, "alice")
    with pytest.raises(users.NameTaken):
        person(database, name)


def test_a_name_that_is_taken_changes_nothing(database: Database) -> None:
    person(database, "alice")
    with pytest.raises(users.NameTaken):
        person(database, "Alice")
    with database.cursor() as cursor:
        assert rooms.heads(cursor, [rooms.GENERAL]) == {rooms.GENERAL: 2}
        cursor.execute("SELECT COUNT(*) AS count FROM members")
        assert cursor.fetchone() == {"count": 1}


def test_a_user_is_found_whatever_the_capitals_and_named_as_registered(database: Database) -> None:
    alice = person(database, "Alice_1")
    with database.cursor() as cursor:
        found = users.by_name(cursor, "aLICE_1")
        assert found == users.Account(alice.id, "Alice_1", "x")
        assert users.by_id(cursor, alice.id) == found


def test_an_account_is_open_unless_it_is_disabled_or_not_there(database: Database) -> None:
    alice = person(database, "alice")
    with database.cursor() as cursor:
        assert users.open_account(cursor, alice.id) == alice
        users.set_disabled(cursor, user=alice.id, disabled=True)
        assert users.open_account(cursor, alice.id) is None
        assert users.open_account(cursor, 999) is None


@pytest.mark.parametrize(
    "name", ["", "nobody", "alice ", " alice", "ålice", "al%", "alice\n", "ａlice", "alice'--", "\x00"]
)
def test_nobody_is_found_by_another_name(database: Database, name: str) -> None:
    person(database, "alice")
    with database.cursor() as cursor:
        assert users.by_name(cursor, name) is None
        assert users.by_id(cursor, 999) is None


def test_a_hash_is_replaced_only_if_it_is_still_the_one_that_was_seen(database: Database) -> None:
    alice = person(database, "alice")
    with database.cursor() as cursor:
        assert users.replace_password_hash(cursor, user=alice.id, old="x", new="y")
        assert not users.replace_password_hash(cursor, user=alice.id, old="x", new="z")
        found = users.by_id(cursor, alice.id)
    assert found is not None
    assert found.password_hash == "y"


def test_the_list_names_everybody_and_what_is_particular(database: Database) -> None:
    bob, _ = person(database, "bobby"), person(database, "alice")
    with database.cursor() as cursor:
        users.set_disabled(cursor, user=bob.id, disabled=True)
        everybody = users.every(cursor)
        found = users.by_id(cursor, bob.id)
    assert [(one.name, one.disabled, one.second_factor) for one in everybody] == [
        ("alice", False, False),
        ("bobby", True, False),
    ]
    assert found is not None
    assert found.disabled
