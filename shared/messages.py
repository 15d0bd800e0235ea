"""Messages: every statement that reads them.

Each reading is one statement, so that rows, head and the reader's membership come from one
snapshot. Writing is in `shared.batch`.
"""

from dataclasses import dataclass
from uuid import UUID

from shared import rooms
from shared.database import Cursor, Row
from shared.log import Entry
from shared.protocol import Changes, Message, Reset, Room, User

COLUMNS = (
    "m.number, m.version, m.author_id, u.name AS author_name, m.client_id, m.body, m.body_version,"
    " m.edit_id, m.at, m.edited_at, m.deleted"
)
CHANGES_ROWS = 1_000
CHANGES_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a room's messages, in their order, and the room's version when they were read."""

    room: Room
    version: int
    messages: list[Message]
    more: bool  # whether older ones stand before


def entry_of(row: Row, room: int) -> Entry:
    """A stored message."""
    message = Message(
        room=room,
        number=row["number"],
        version=row["version"],
        author=User(row["author_id"], row["author_name"]),
        client_id=UUID(bytes=row["client_id"]),
        body=row["body"],
        body_version=row["body_version"],
        at=row["at"],
        edited_at=row["edited_at"],
        deleted=bool(row["deleted"]),
    )
    return Entry(message, UUID(bytes=row["edit_id"]) if row["edit_id"] else None)


def page(cursor: Cursor, *, room: int, user: int, before: int | None, limit: int) -> Page:
    """The newest `limit` messages of a room, or those before the number `before`.

    Raises `rooms.NoSuchRoom` where there is none or `user` is not in it.
    """
    cursor.execute(
        f"SELECT {rooms.STATE}, r.version AS head, {COLUMNS}"
        " FROM members mine JOIN rooms r ON r.id = mine.room_id"
        " LEFT JOIN (SELECT * FROM messages WHERE room_id = %s AND number < %s ORDER BY number DESC LIMIT %s) m"
        "  ON m.room_id = r.id"
        " LEFT JOIN users u ON u.id = m.author_id"
        " WHERE mine.room_id = %s AND mine.user_id = %s ORDER BY m.number",
        (room, before if before is not None else 2**63, limit, room, user),
    )
    rows = cursor.fetchall()
    if not rows:
        raise rooms.NoSuchRoom(room)
    first = rows[0]
    state = Room(first["id"], first["kind"], first["name"], first["member_count"], first["meta_version"])
    messages = [entry_of(row, room).message for row in rows if row["number"] is not None]
    return Page(state, first["head"], messages, bool(messages) and messages[0].number > 1)


def changes(cursor: Cursor, *, room: int, since: int, reader: int | None) -> Changes | Reset:
    """All that changed in a room after the version `since`, as `reader` may see it.

    `reader` None is the daemon itself, on behalf of those who are in the room. Too much for one
    answer is a `Reset`. Raises `rooms.NoSuchRoom` where there is none or `reader` is not in it.
    """
    membership = "" if reader is None else " JOIN members mine ON mine.room_id = r.id AND mine.user_id = %s"
    cursor.execute(
        f"SELECT r.version AS head, r.meta_version, {COLUMNS} FROM rooms r{membership}"
        " LEFT JOIN messages m ON m.room_id = r.id AND m.version > %s"
        " LEFT JOIN users u ON u.id = m.author_id"
        " WHERE r.id = %s ORDER BY m.version LIMIT %s",
        (*(() if reader is None else (reader,)), since, room, CHANGES_ROWS + 1),
    )
    rows = cursor.fetchall()
    if not rows:
        raise rooms.NoSuchRoom(room)
    head, meta_version = rows[0]["head"], rows[0]["meta_version"]
    found = [row for row in rows if row["number"] is not None]
    size = sum(len(row["body"].encode()) + 200 for row in found)
    if since > head or len(found) > CHANGES_ROWS or size > CHANGES_BYTES:
        return Reset(room=room, version=head)
    return Changes(
        room=room,
        from_=since,
        to=head,
        messages=[entry_of(row, room).message for row in found],
        room_state=rooms.state(cursor, room) if meta_version > since else None,
    )
