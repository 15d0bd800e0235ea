"""Pages of a room's history, and the rooms of a user, as both the pages and the API give them."""

from shared import messages, protocol, users
from shared.database import Cursor
from web.backends import settings


def page(cursor: Cursor, *, room: int, user: int, before: int | None = None) -> messages.Page:
    """A page of messages and the room's version, of one snapshot. Raises `rooms.NoSuchRoom`."""
    return messages.page(
        cursor, room=room, user=user, where=messages.Where(before=before), limit=settings().history_page
    )


def direct_summary(
    summaries: list[protocol.RoomSummary], *, user: protocol.User, peer: protocol.User
) -> protocol.RoomSummary | None:
    """The direct room of two users, or of one with themselves, among the rooms of `user`."""
    people = {user.id, peer.id}
    for summary in summaries:
        if summary.room.kind == "direct" and {person.id for person in summary.room.members} == people:
            return summary
    return None


def person(cursor: Cursor, name: str) -> protocol.User | None:
    """The user with this nickname, whatever its capitals."""
    account = users.by_name(cursor, name)
    return protocol.User(account.id, account.name) if account else None
