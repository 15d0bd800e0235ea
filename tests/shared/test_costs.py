"""What a reading costs the database: as many rows in a room of thousands as in one of a few hundred."""

from collections.abc import Callable
from functools import partial

import pytest

from shared import messages, room_list, rooms
from shared.database import Cursor, Database
from shared.messages import Where
from tests.shared.people import person

LIMIT = 50
SMALL, LARGE = 200, 5_000
USERS, ROOMS_OF_A_USER = 20, 10
OTHERS, ROOMS = 40, 400
NEIGHBOURS = (
    2  # rows at the ends of what is looked for, of which it depends on other rooms whether there are any
)
PAGES = {
    "the newest": messages.NEWEST,
    "before a number": Where(before=100),
    "after a number": Where(after=100),
    "around a number": Where(around=100),
    "by numbers": Where(numbers=(3, 70)),
}


@pytest.fixture
def author(empty: None, database: Database) -> int:
    return person(database, "alice").id


def room_of(database: Database, author: int, count: int) -> int:
    """A room with so many messages, of which none was read."""
    with database.transaction() as cursor:
        room = rooms.create(cursor, name=f"room of {count}", owner=author)
        cursor.execute(
            "INSERT INTO messages (room_id, number, version, author_id, client_id, body, body_version, at)"
            " SELECT %s, seq, seq + 1, %s, UNHEX(MD5(CONCAT(%s, ' ', seq))), 'hello', seq + 1, 1800000000000"
            f" FROM seq_1_to_{count}",
            (room, author, room),
        )
        cursor.execute("UPDATE rooms SET number = %s, version = %s WHERE id = %s", (count, count + 1, room))
    return room


def rows_read(cursor: Cursor, work: Callable[[Cursor], object]) -> int:
    """How many rows MariaDB looks at for `work`, beside those of the question itself."""

    def so_far() -> int:
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        return sum(int(row["Value"]) for row in cursor.fetchall())

    one, two = so_far(), so_far()
    work(cursor)
    return so_far() - two - (two - one)


def assert_alike(costs: list[int], name: str) -> None:
    assert abs(costs[0] - costs[1]) <= NEIGHBOURS, name
    assert 0 < costs[1] <= 6 * LIMIT, name


def test_a_large_room_costs_what_a_small_one_costs(database: Database, author: int) -> None:
    small, large = (room_of(database, author, count) for count in (SMALL, LARGE))
    with database.cursor() as cursor:
        for name, where in PAGES.items():
            costs = [
                rows_read(cursor, partial(messages.page, room=room, user=author, where=where, limit=LIMIT))
                for room in (small, large)
            ]
            assert_alike(costs, name)
        costs = [
            rows_read(cursor, partial(room_list.of_user, user=author, room=room)) for room in (small, large)
        ]
        assert_alike(costs, "the list of rooms")


def test_the_rooms_of_some_users_cost_nothing_of_all_the_others(database: Database, author: int) -> None:
    """As when many come back at a time, each of whom is in a few rooms of very many."""
    few = [person(database, f"user{number}").id for number in range(USERS)]
    with database.transaction() as cursor:
        cursor.execute(
            f"INSERT INTO users (name, password_hash) SELECT CONCAT('other', seq), '' FROM seq_1_to_{OTHERS}"
        )
        cursor.execute(
            f"INSERT INTO rooms (kind, name) SELECT 'public', CONCAT('room ', seq) FROM seq_1_to_{ROOMS}"
        )
        cursor.execute(
            "INSERT INTO members (room_id, user_id) SELECT r.id, u.id FROM rooms r JOIN users u"
            " WHERE r.name LIKE 'room %%' AND (u.name LIKE 'other%%' OR u.id IN %s AND r.id %% %s = 0)",
            (few, ROOMS // ROOMS_OF_A_USER),
        )
    with database.cursor() as cursor:
        cursor.execute("ANALYZE TABLE members, rooms, users")  # as MariaDB does by itself sooner or later
        cursor.fetchall()
        read = rows_read(cursor, partial(room_list.of_users, users=few))
    assert 0 < read <= 10 * USERS * ROOMS_OF_A_USER
