"""Rooms: the rules for names, and the statements that make, change and read them.

Whoever changes a room or its members locks the room's row first (`lock`), so that versions
follow the order of commits. What is a member's own there (`shared.markers`) never locks rooms.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import pymysql
from pymysql.constants import ER

from shared import protocol
from shared.database import Cursor, Row, error_code
from shared.packed import Packed
from shared.text import IGNORABLE

GENERAL = 1  # the room that everyone is in and nobody can leave

# For `Stored.people`. What IF gives is text to MariaDB, and JSON again by JSON_COMPACT.
_PEOPLE = (
    "JSON_COMPACT(IF(r.kind = 'direct', (SELECT JSON_ARRAYAGG(JSON_OBJECT('id', pu.id, 'name', pu.name) ORDER BY pu.id)"
    " FROM members pm JOIN users pu ON pu.id = pm.user_id WHERE pm.room_id = r.id), NULL))"
)


class Stored(msgspec.Struct, array_like=True, gc=False):
    """The row of a room. `people` are those in a direct room."""

    id: int
    kind: str
    name: str | None
    topic: str
    member_count: int
    meta_version: int
    version: int
    number: int
    people: list[protocol.User] | None


def packed(people: str) -> Packed[Stored]:
    """How the row `r` of a room is read, with the SQL of its people."""
    return Packed(Stored, {name: f"r.{name}" for name in Stored.__struct_fields__} | {"people": people})


STORED = packed(_PEOPLE)


class NoSuchRoom(LookupError):
    """There is no such room, or the user may not see it; the two are never told apart."""


class RoomNameTaken(ValueError):
    """Another room has this name, or one that differs only in case or Unicode form."""


class CanNotLeave(ValueError):
    """The room is one that its members can not leave."""


class NotAllowed(PermissionError):
    """Only an owner of the room may do this."""


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody joined or left a room: what is to be published after the commit.

    `change` goes to the room's members; None where nothing changed, as the user was (not) a member before.
    """

    room: int
    user: int
    change: protocol.RoomChange | None


def clean_name(name: str) -> str:
    """A room's name as it is kept: NFC, without white space at its ends, inner runs as one space."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def name_key(name: str) -> str:
    """What two names share that a reader takes for the same; empty for a name that can not be seen.

    NFKC_Casefold (Unicode §3.13): case folded, compatibility forms as one, without what draws nothing.
    """
    folded = unicodedata.normalize("NFKC", clean_name(name)).casefold()
    return clean_name(unicodedata.normalize("NFKC", IGNORABLE.sub("", folded)))


def direct_key(one: int, other: int) -> str:
    """What makes the direct room of two users unique."""
    return f"{min(one, other)}:{max(one, other)}"


def lock(cursor: Cursor, room: int) -> Stored:
    """Lock a room's row for this transaction and read it. Raises `NoSuchRoom`."""
    cursor.execute(f"SELECT {STORED.sql} AS room FROM rooms r WHERE r.id = %s FOR UPDATE", (room,))
    row = cursor.fetchone()
    if row is None:
        raise NoSuchRoom(room)
    return STORED.read(row["room"])


def create(cursor: Cursor, *, name: str, owner: int) -> int:
    """Create a public room whose only member and owner is `owner`. Returns its id; raises `RoomNameTaken`."""
    name = clean_name(name)
    with _unique(name):
        cursor.execute(
            "INSERT INTO rooms (kind, name, name_key, member_count) VALUES ('public', %s, %s, 1)",
            (name, name_key(name)),
        )
    room = cursor.lastrowid
    cursor.execute("INSERT INTO members (room_id, user_id, role) VALUES (%s, %s, 'owner')", (room, owner))
    return room


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """Raises `RoomNameTaken` where the statement meets another room of this name."""
    try:
        yield
    except pymysql.err.IntegrityError as fault:
        if error_code(fault) == ER.DUP_ENTRY:
            raise RoomNameTaken(name) from None
        raise


def change(cursor: Cursor, *, room: int, user: int, name: str, topic: str) -> protocol.RoomChange | None:
    """Give a room another name and topic, as one of its owners; None where both are what they were.

    To be run in a transaction. Raises `NoSuchRoom` for who is not in it, `NotAllowed`, and `RoomNameTaken`.
    """
    stored = lock(cursor, room)
    role = role_of(cursor, room=room, user=user)
    if role is None:
        raise NoSuchRoom(room)
    if role != "owner":
        raise NotAllowed(room)
    version = stored.version + 1
    new = msgspec.structs.replace(
        stored, name=clean_name(name), topic=clean_name(topic), meta_version=version
    )
    if (new.name, new.topic) == (stored.name, stored.topic):
        return None
    with _unique(name):
        cursor.execute(
            "UPDATE rooms SET name = %s, name_key = %s, topic = %s, version = %s, meta_version = %s, touched = NOW(3)"
            " WHERE id = %s",
            (new.name, name_key(name), new.topic, version, version, room),
        )
    return protocol.RoomChange(room=room, version=version, state=state_of(new))


def create_direct(cursor: Cursor, one: int, other: int) -> int:
    """Create the direct room of two users, or of one with themselves, and return its id.

    Raises `pymysql.err.IntegrityError` where somebody else just did.
    """
    people = {one, other}
    cursor.execute(
        "INSERT INTO rooms (kind, direct_key, member_count) VALUES ('direct', %s, %s)",
        (direct_key(one, other), len(people)),
    )
    room = cursor.lastrowid
    cursor.executemany(
        "INSERT INTO members (room_id, user_id, level) VALUES (%s, %s, 'all')",
        [(room, user) for user in people],
    )
    return room


def discard_direct(cursor: Cursor, room: int) -> None:
    """Undo `create_direct` in the same transaction, where nothing was said in the room after all."""
    cursor.execute("DELETE FROM members WHERE room_id = %s", (room,))
    cursor.execute("DELETE FROM rooms WHERE id = %s", (room,))


def direct_between(cursor: Cursor, one: int, other: int) -> int | None:
    """The direct room of two users, or of one with themselves, if anything was said in it yet."""
    cursor.execute("SELECT id FROM rooms WHERE direct_key = %s", (direct_key(one, other),))
    row = cursor.fetchone()
    return row["id"] if row else None


def join(cursor: Cursor, *, room: int, user: int) -> Membership:
    """Make `user` a member of a public room. Joining again changes nothing. Raises `NoSuchRoom`."""
    stored = lock(cursor, room)
    if stored.kind != "public":
        raise NoSuchRoom(room)
    cursor.execute(
        "INSERT IGNORE INTO members (room_id, user_id, last_read) VALUES (%s, %s, %s)",
        (room, user, stored.number),
    )
    if cursor.rowcount == 0:
        return Membership(room, user, None)
    return _member_change(cursor, stored, user, step=+1)


def leave(cursor: Cursor, *, room: int, user: int) -> Membership:
    """End a membership of a public room. Raises `NoSuchRoom` and `CanNotLeave`."""
    if room == GENERAL:
        raise CanNotLeave(room)
    stored = lock(cursor, room)
    if stored.kind != "public":
        raise CanNotLeave(room) if is_member(cursor, room=room, user=user) else NoSuchRoom(room)
    cursor.execute("DELETE FROM members WHERE room_id = %s AND user_id = %s", (room, user))
    if cursor.rowcount == 0:
        return Membership(room, user, None)
    return _member_change(cursor, stored, user, step=-1)


def _member_change(cursor: Cursor, stored: Stored, user: int, *, step: int) -> Membership:
    """Take the next version of a locked public room for a member who came (+1) or went (-1)."""
    room, version = stored.id, stored.version + 1
    cursor.execute(
        "UPDATE rooms SET version = %s, meta_version = %s, member_count = member_count + %s, touched = NOW(3) WHERE id = %s",
        (version, version, step, room),
    )
    cursor.execute("SELECT id, name FROM users WHERE id = %s", (user,))
    person = cursor.fetchone()
    assert person is not None
    people = [protocol.User(**person)]
    new = msgspec.structs.replace(stored, member_count=stored.member_count + step, meta_version=version)
    joined, left = (people, []) if step > 0 else ([], people)
    return Membership(
        room,
        user,
        protocol.RoomChange(room=room, version=version, state=state_of(new), joined=joined, left=left),
    )


def is_member(cursor: Cursor, *, room: int, user: int) -> bool:
    """Whether `user` is in `room`."""
    return role_of(cursor, room=room, user=user) is not None


def role_of(cursor: Cursor, *, room: int, user: int) -> str | None:
    """`owner` or `member`; None for who is not in `room`."""
    cursor.execute("SELECT role FROM members WHERE room_id = %s AND user_id = %s", (room, user))
    row = cursor.fetchone()
    return row["role"] if row else None


def public(cursor: Cursor, *, user: int) -> Sequence[Row]:
    """Every public room: id, name, member_count, and whether `user` is in it (`member`)."""
    cursor.execute(
        "SELECT r.id, r.name, r.member_count, m.user_id IS NOT NULL AS member FROM rooms r"
        " LEFT JOIN members m ON m.room_id = r.id AND m.user_id = %s"
        " WHERE r.kind = 'public' ORDER BY r.name_key",
        (user,),
    )
    return cursor.fetchall()


def state(cursor: Cursor, room: int) -> protocol.Room | None:
    """A room's own state."""
    cursor.execute(f"SELECT {STORED.sql} AS room FROM rooms r WHERE r.id = %s", (room,))
    row = cursor.fetchone()
    return None if row is None else state_of(STORED.read(row["room"]))


def state_of(stored: Stored) -> protocol.Room:
    """A room's own state, as it is stored."""
    return protocol.Room(
        id=stored.id,
        kind=stored.kind,
        name=stored.name,
        member_count=stored.member_count,
        version=stored.meta_version,
        members=stored.people or [],
        topic=stored.topic,
    )


def epoch(cursor: Cursor) -> int:
    """The number that a restore changes: cursors of another epoch are void."""
    cursor.execute("SELECT epoch FROM instance WHERE id = 1")
    row = cursor.fetchone()
    assert row is not None
    return int(row["epoch"])


def heads(cursor: Cursor, rooms: list[int]) -> dict[int, int]:
    """The version of each of these rooms."""
    if not rooms:
        return {}
    cursor.execute("SELECT id, version FROM rooms WHERE id IN %s", (rooms,))
    return {row["id"]: row["version"] for row in cursor.fetchall()}


def touched_heads(cursor: Cursor, seconds: int) -> dict[int, int]:
    """The version of each room that changed within the last `seconds`."""
    cursor.execute("SELECT id, version FROM rooms WHERE touched > NOW(3) - INTERVAL %s SECOND", (seconds,))
    return {row["id"]: row["version"] for row in cursor.fetchall()}
