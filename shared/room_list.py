"""A user's list of rooms: each as its member sees it, with what they have not read."""

from collections.abc import Sequence

import msgspec

from shared import protocol, rooms
from shared.database import Cursor
from shared.packed import Packed

# The newest unread messages of others that call the member of the row `m`, by name or with everyone (user 0): for
# each room two looks into the primary key, which an optimizer would miss that believes in the other one.
MENTIONS_MAX = 100
_CALLED = (
    f"SELECT GROUP_CONCAT(called.number ORDER BY called.number DESC SEPARATOR ' ' LIMIT {MENTIONS_MAX})"
    " FROM mentions called FORCE INDEX (PRIMARY)"
)
_UNREAD = "called.room_id = m.room_id AND called.number > m.last_read"
_MENTIONS = (
    f"CONCAT_WS(' ', ({_CALLED} WHERE {_UNREAD} AND called.user_id = m.user_id), ({_CALLED}"
    " JOIN messages said ON said.room_id = called.room_id AND said.number = called.number"
    f" WHERE {_UNREAD} AND called.user_id = 0 AND said.author_id <> m.user_id))"
)
MENTIONS = f"{_MENTIONS} AS mentions"


class _Membership(msgspec.Struct, array_like=True, gc=False):
    """A room and its member; `seen` is how far the other of a direct room has read."""

    room: rooms.Stored
    user: int
    user_name: str
    role: str
    last_read: int
    marker: int
    level: str
    mentions: str
    seen: int | None


_MEMBERSHIP = Packed(
    _Membership,
    {
        "room": rooms.packed(
            "JSON_COMPACT(IF(r.kind = 'direct', IF(p.id IS NULL, JSON_ARRAY(JSON_OBJECT('id', s.id, 'name', s.name)),"
            " JSON_ARRAY(JSON_OBJECT('id', s.id, 'name', s.name), JSON_OBJECT('id', p.id, 'name', p.name))), NULL))"
        ).sql,
        "user": "m.user_id",
        "user_name": "s.name",
        "role": "m.role",
        "last_read": "m.last_read",
        "marker": "m.marker",
        "level": "m.level",
        "mentions": _MENTIONS,
        "seen": "o.seen",
    },
)


def of_user(cursor: Cursor, *, user: int, room: int | None = None) -> list[protocol.RoomSummary]:
    """The rooms that `user` is in (or the one asked for), as one statement reads them."""
    return [_summary(mine) for mine in _memberships_of(cursor, [user], room=room)]


def of_users(
    cursor: Cursor, *, users: Sequence[int]
) -> dict[int, tuple[protocol.User, list[protocol.RoomSummary]]]:
    """Users and their rooms, by one statement. Who is not there is none, since everyone is in a room."""
    found: dict[int, tuple[protocol.User, list[protocol.RoomSummary]]] = {}
    for mine in _memberships_of(cursor, users, room=None):
        if mine.user not in found:
            found[mine.user] = protocol.User(mine.user, mine.user_name), []
        found[mine.user][1].append(_summary(mine))
    return found


def mentions_in(numbers: str) -> list[int]:
    """The numbers in a column of `MENTIONS`, the newest last."""
    return sorted(map(int, numbers.split()))[-MENTIONS_MAX:] if numbers else []


def _memberships_of(cursor: Cursor, users: Sequence[int], *, room: int | None) -> list[_Membership]:
    # In this order and by this index: after some statistics MariaDB took it for cheaper to walk all rooms and their members,
    # and 285 handshakes a second came through to their welcome instead of 965.
    cursor.execute(
        f"SELECT STRAIGHT_JOIN {_MEMBERSHIP.all} AS mine FROM members m FORCE INDEX (members_user)"
        " JOIN rooms r ON r.id = m.room_id JOIN users s ON s.id = m.user_id"
        " LEFT JOIN members o ON r.kind = 'direct' AND o.room_id = r.id AND o.user_id <> m.user_id"
        " LEFT JOIN users p ON p.id = o.user_id"
        " WHERE m.user_id IN %s AND (%s IS NULL OR m.room_id = %s) GROUP BY m.user_id",
        (tuple(users), room, room),
    )
    found = [mine for row in cursor.fetchall() for mine in _MEMBERSHIP.read_all(row["mine"])]
    return sorted(found, key=lambda mine: mine.room.id)


def _summary(mine: _Membership) -> protocol.RoomSummary:
    return protocol.RoomSummary(
        room=rooms.state_of(mine.room),
        role=mine.role,
        head=mine.room.version,
        last_number=mine.room.number,
        last_read=mine.last_read,
        marker=mine.marker,
        level=mine.level,
        mentions=mentions_in(mine.mentions),
        seen=mine.seen or 0,
    )
