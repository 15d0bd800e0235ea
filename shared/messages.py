"""Messages: every statement that reads them.

Each reading is one statement, so that rows, head and the reader's membership come from one
snapshot. Writing is in `shared.batch`.
"""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from shared import rooms
from shared.database import Cursor
from shared.log import Entry
from shared.packed import Packed
from shared.protocol import Changes, Message, Reaction, Reset, Room, User

SIZE = "OCTET_LENGTH(CONCAT(body, COALESCE(reactions, ''), COALESCE(mentions, '')))"  # bytes of a message
CHANGES_ROWS = 1_000
CHANGES_BYTES = 256 * 1024
ROW_BYTES = 200  # of a message beside its text, reactions and mentions


class _Stored(msgspec.Struct, array_like=True, gc=False):
    """The row of a message, and the name of its author."""

    number: int
    version: int
    author_id: int
    author_name: str
    client_id: UUID
    body: str
    body_version: int
    edit_id: UUID | None
    at: int
    edited_at: int | None
    deleted: int
    reply_to: int | None
    reactions: list[Reaction] | None
    mentions: list[int] | None
    everyone: int


_STORED = Packed(
    _Stored,
    {name: f"m.{name}" for name in _Stored.__struct_fields__}
    | {"author_name": "u.name", "client_id": "HEX(m.client_id)", "edit_id": "HEX(m.edit_id)"}
    | {"reactions": "JSON_COMPACT(m.reactions)", "mentions": "JSON_COMPACT(m.mentions)"},
)
ENTRY = _STORED.sql  # of the rows `m` and `u`: what `entry_of` reads


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a room's messages, in their order, and the room's version when they were read."""

    room: Room
    version: int
    messages: list[Message]
    more: bool  # whether older ones stand before
    newer: bool  # whether newer ones stand behind


def entry_of(packed: str, room: int) -> Entry:
    """A stored message, of a column of `ENTRY`."""
    stored = _STORED.read(packed)
    return Entry(_message_of(stored, room), stored.edit_id)


def _message_of(stored: _Stored, room: int) -> Message:
    return Message(
        room=room,
        number=stored.number,
        version=stored.version,
        author=User(stored.author_id, stored.author_name),
        client_id=stored.client_id,
        body=stored.body,
        body_version=stored.body_version,
        at=stored.at,
        edited_at=stored.edited_at,
        deleted=bool(stored.deleted),
        reply_to=stored.reply_to,
        reactions=stored.reactions or [],
        mentions=stored.mentions or [],
        everyone=bool(stored.everyone),
    )


@dataclass(frozen=True, slots=True)
class Where:
    """Which of a room's messages: at most one of these by number; none of them asks for the newest.

    `around` gives half a page before the number, and from it on another half. `numbers` are as many as there are.
    """

    before: int | None = None
    after: int | None = None
    around: int | None = None
    numbers: tuple[int, ...] = ()


NEWEST = Where()


def page(cursor: Cursor, *, room: int, user: int, where: Where = NEWEST, limit: int) -> Page:
    """At most `limit` messages of a room. Raises `rooms.NoSuchRoom` where there is none or `user` is not in it."""
    select, values = _rows(room, where, limit)
    cursor.execute(
        f"SELECT {rooms.STORED.sql} AS room,"
        f" (SELECT {_STORED.all} FROM ({select}) m LEFT JOIN users u ON u.id = m.author_id) AS messages"
        " FROM members mine JOIN rooms r ON r.id = mine.room_id"
        " WHERE mine.room_id = %s AND mine.user_id = %s",
        (*values, room, user),
    )
    row = cursor.fetchone()
    if row is None:
        raise rooms.NoSuchRoom(room)
    stored = rooms.STORED.read(row["room"])
    found = sorted(_STORED.read_all(row["messages"]), key=lambda message: message.number)
    messages = [_message_of(message, room) for message in found]
    last = stored.number
    # Of what lies between two messages that do not follow each other, nobody asks.
    first, final = (messages[0].number, messages[-1].number) if messages else _edges(where, last)
    return Page(rooms.state_of(stored), stored.version, messages, more=first > 1, newer=final < last)


def _rows(room: int, where: Where, limit: int) -> tuple[str, tuple[object, ...]]:
    """The statement that reads the rows of a page, and its values."""
    older = "SELECT * FROM messages WHERE room_id = %s AND number < %s ORDER BY number DESC LIMIT %s"
    newer = "SELECT * FROM messages WHERE room_id = %s AND number >= %s ORDER BY number LIMIT %s"
    if where.numbers:
        return "SELECT * FROM messages WHERE room_id = %s AND number IN %s", (room, where.numbers)
    if where.around is not None:
        half = limit // 2
        return (
            f"({older}) UNION ALL ({newer})",
            (room, where.around, half, room, where.around, limit - half),
        )
    if where.after is not None:
        return newer, (room, where.after + 1, limit)
    return older, (room, 2**63 if where.before is None else where.before, limit)


def _edges(where: Where, last: int) -> tuple[int, int]:
    """Between which numbers a page without messages lies, in a room whose last message has the number `last`."""
    if where.before is not None:
        return 1, 0
    return last + 1, last


def changes(cursor: Cursor, *, room: int, since: int, reader: int | None) -> Changes | Reset:
    """All that changed in a room after the version `since`, as `reader` may see it.

    `reader` None is the daemon itself, on behalf of those who are in the room. Too much for one
    answer is a `Reset`: it is measured first, within the same statement, so that nothing is fetched to be
    thrown away. Raises `rooms.NoSuchRoom` where there is none or `reader` is not in it.
    """
    membership = "" if reader is None else " JOIN members mine ON mine.room_id = r.id AND mine.user_id = %s"
    cursor.execute(
        f"SELECT {rooms.STORED.sql} AS room, few.size <= %s AND few.count <= %s AS fits,"
        f" IF(m.number IS NULL, NULL, {ENTRY}) AS entry FROM rooms r{membership}"
        " JOIN (SELECT COUNT(*) AS count, COALESCE(SUM(one.size), 0) AS size FROM"
        f"  (SELECT {SIZE} + %s AS size FROM messages WHERE room_id = %s AND version > %s LIMIT %s) one) few"
        " LEFT JOIN messages m ON m.room_id = r.id AND m.version > %s AND few.size <= %s AND few.count <= %s"
        " LEFT JOIN users u ON u.id = m.author_id"
        " WHERE r.id = %s ORDER BY m.version",
        (
            *(CHANGES_BYTES, CHANGES_ROWS),
            *(() if reader is None else (reader,)),
            *(ROW_BYTES, room, since, CHANGES_ROWS + 1),
            *(since, CHANGES_BYTES, CHANGES_ROWS, room),
        ),
    )
    rows = cursor.fetchall()
    if not rows:
        raise rooms.NoSuchRoom(room)
    stored = rooms.STORED.read(rows[0]["room"])
    head = stored.version
    if since > head or not rows[0]["fits"]:
        return Reset(room=room, version=head)
    return Changes(
        room=room,
        from_=since,
        to=head,
        messages=[entry_of(row["entry"], room).message for row in rows if row["entry"] is not None],
        room_state=rooms.state_of(stored) if stored.meta_version > since else None,
    )
