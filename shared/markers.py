"""What is a member's own in a room: how far they have read, what calls them there, and the calls that they have not read.

It lives in one row of `members`. None of this locks the room or takes a version of it: `marker` counts the
changes of the row instead, so that of two states the newer one is known.
"""

from dataclasses import dataclass

from shared import room_list, rooms
from shared.database import Cursor, Row
from shared.protocol import Marker


@dataclass(frozen=True, slots=True)
class Change:
    """A member's own state as it is now, and whether it `moved`.

    `seen`: in a direct room the number up to which the other may now be told that one has read; None for no news.
    """

    marker: Marker
    moved: bool
    seen: int | None = None


def read(cursor: Cursor, *, room: int, user: int, number: int) -> Change:
    """Move a read marker forward, never beyond the room's last message. Raises `rooms.NoSuchRoom`."""
    before = _row(cursor, room, user)
    number = min(number, before["last"])
    if number <= before["last_read"]:
        return Change(_marker(room, before), moved=False)
    return _move(cursor, room, user, before, number, "last_read < %s")


def unread(cursor: Cursor, *, room: int, user: int, number: int) -> Change:
    """Put the read marker before the message `number`, which may be back. Raises `rooms.NoSuchRoom`."""
    before = _row(cursor, room, user)
    number = max(0, min(number - 1, before["last"]))
    return _move(cursor, room, user, before, number, "last_read <> %s")


def set_level(cursor: Cursor, *, room: int, user: int, level: str) -> Change:
    """What calls the user in a room: `all`, `mentions` or `muted`. Raises `rooms.NoSuchRoom`."""
    cursor.execute(
        "UPDATE members SET marker = marker + 1, level = %s WHERE room_id = %s AND user_id = %s AND level <> %s",
        (level, room, user, level),
    )
    return Change(moved=cursor.rowcount > 0, marker=_marker(room, _row(cursor, room, user)))


def _move(cursor: Cursor, room: int, user: int, before: Row, number: int, unless: str) -> Change:
    """Put the marker to `number`; another device may have done the same since `before` was read."""
    cursor.execute(
        "UPDATE members SET marker = marker + 1, last_read = %s, seen = GREATEST(seen, %s)"
        f" WHERE room_id = %s AND user_id = %s AND {unless}",
        (number, number, room, user, number),
    )
    moved = cursor.rowcount > 0
    now = _row(cursor, room, user)
    is_news = now["kind"] == "direct" and now["seen"] > before["seen"]
    return Change(_marker(room, now), moved, now["seen"] if is_news else None)


def _row(cursor: Cursor, room: int, user: int) -> Row:
    cursor.execute(
        f"SELECT r.kind, r.number AS last, m.seen, m.last_read, m.marker, m.level, {room_list.MENTIONS}"
        " FROM members m JOIN rooms r ON r.id = m.room_id WHERE m.room_id = %s AND m.user_id = %s",
        (room, user),
    )
    row = cursor.fetchone()
    if row is None:
        raise rooms.NoSuchRoom(room)
    return row


def _marker(room: int, row: Row) -> Marker:
    return Marker(
        room=room,
        last_read=row["last_read"],
        marker=row["marker"],
        level=row["level"],
        mentions=room_list.mentions_in(row["mentions"]),
    )
