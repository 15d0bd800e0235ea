"""People: who is in a room, what somebody is called, and the conversation that one has with them."""

from flask import Response
from flask_babel import gettext

from shared import members, protocol, room_list, rooms, users
from shared.database import Cursor
from shared.text import nickname_key
from web import api, identity, query
from web.backends import database
from web.errors import Refused

blueprint = api.blueprint("people", __name__)

IDS_MAX = 200  # people that can be asked for at once


@blueprint.get("/rooms/<room:room>/members")
def of_room(room: int) -> Response:
    """A page of a room's members by name: all, or those whose names begin with `q`; behind the name `after`."""
    given = query.parameters("q", "after")
    after = given.get("after", "")
    if "after" in given and nickname_key(after) is None:
        raise Refused(422, "invalid", gettext("Expected a user name."), field="after")
    with database().cursor() as cursor:
        found = members.page(
            cursor, room=room, reader=identity.require_user().id, prefix=given.get("q", ""), after=after
        )
    return api.answer(found)


@blueprint.get("/people")
def by_ids() -> Response:
    """The names of people, of those that there are."""
    ids = query.numbers(query.parameters("ids").get("ids", ""), field="ids", most=IDS_MAX)
    with database().cursor() as cursor:
        return api.answer({"people": users.by_ids(cursor, ids)})


@blueprint.get("/direct/<name>")
def direct(name: str) -> Response:
    """A user by nickname, and the direct room with them if there is one."""
    user = identity.require_user()
    with database().cursor() as cursor:
        peer = by_name(cursor, name)
        if peer is None:
            message = gettext("There is nobody called %(name)s.", name=name)
            raise Refused(404, "not_found", message, field="name")
        room = rooms.direct_between(cursor, user.id, peer.id)
        summary = room_list.of_user(cursor, user=user.id, room=room)[0] if room else None
    return api.answer({"user": peer, "summary": summary})


def by_name(cursor: Cursor, name: str) -> protocol.User | None:
    """The user with this nickname, whatever its capitals."""
    account = users.by_name(cursor, name)
    return protocol.User(account.id, account.name) if account else None


def direct_summary(
    summaries: list[protocol.RoomSummary], *, user: protocol.User, peer: protocol.User
) -> protocol.RoomSummary | None:
    """The direct room of two users, or of one with themselves, among the rooms of `user`."""
    people = {user.id, peer.id}
    for summary in summaries:
        if summary.room.kind == "direct" and {person.id for person in summary.room.members} == people:
            return summary
    return None
