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
