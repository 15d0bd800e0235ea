"""Who is in a room: for people who look, and for daemons that compare what they know with what is so."""

from dataclasses import dataclass

from shared import rooms
from shared.database import Cursor
from shared.text import NAME

PAGE = 50  # members


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a room. `role` is `owner` or `member`."""

    id: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a room's members, by name, and whether `more` stand behind."""

    members: list[Member]
    more: bool


def page(cursor: Cursor, *, room: int, reader: int, prefix: str = "", after: str = "") -> Page:
    """At most `PAGE` members whose names begin with `prefix`, behind the name `after`; capitals do not count.

    One statement, with the reader's membership. Raises `rooms.NoSuchRoom` where `reader` is not in the room.
    """
    # What can be no part of a name is compared with none: the names are ASCII.
    like = prefix.replace("_", r"\_") + "%" if not prefix or NAME.fullmatch(prefix) else ""
    cursor.execute(
        "SELECT found.id, found.name, found.role FROM members mine LEFT JOIN"
        " (SELECT u.id, u.name, m.role FROM members m JOIN users u ON u.id = m.user_id"
        "  WHERE m.room_id = %s AND u.name LIKE %s AND u.name > %s ORDER BY u.name LIMIT %s) found ON TRUE"
        " WHERE mine.room_id = %s AND mine.user_id = %s ORDER BY found.name",
        (room, like, after if NAME.fullmatch(after) else "", PAGE + 1, room, reader),
    )
    rows = cursor.fetchall()
    if not rows:
        raise rooms.NoSuchRoom(room)
    found = [Member(**row) for row in rows if row["id"] is not None]
    return Page(found[:PAGE], more=len(found) > PAGE)


def among(cursor: Cursor, room: int, users: list[int]) -> set[int]:
    """Those of `users` who are in `room`."""
    if not users:
        return set()
    cursor.execute("SELECT user_id FROM members WHERE room_id = %s AND user_id IN %s", (room, users))
    return {row["user_id"] for row in cursor.fetchall()}


def touched(cursor: Cursor, seconds: int) -> list[tuple[int, int]]:
    """(room, user) of each membership that began within the last `seconds`."""
    cursor.execute(
        "SELECT room_id, user_id FROM members WHERE touched > NOW(3) - INTERVAL %s SECOND", (seconds,)
    )
    return [(row["room_id"], row["user_id"]) for row in cursor.fetchall()]


def of(cursor: Cursor, users: list[int]) -> list[tuple[int, int]]:
    """(room, user) of every membership of these users."""
    if not users:
        return []
    cursor.execute("SELECT room_id, user_id FROM members WHERE user_id IN %s", (users,))
    return [(row["room_id"], row["user_id"]) for row in cursor.fetchall()]
