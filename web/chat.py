"""The pages of conversations: a shell, and the data with which its scripts start."""

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from shared import messages, protocol, room_list, rooms
from web import boot, compression, history, identity, people
from web.backends import database

blueprint = Blueprint("chat", __name__)
blueprint.before_request(identity.need_user)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """To the room that everyone is in."""
    return redirect(url_for("chat.room", room=rooms.GENERAL))


@blueprint.get("/rooms/<room:room>")
def room(room: int) -> ResponseReturnValue:
    """The conversation in a room. 404 where there is none or the user is not in it."""
    user = identity.require_user()
    with database().cursor() as cursor:
        mine = room_list.of_user(cursor, user=user.id)
        summary = next((summary for summary in mine if summary.room.id == room), None)
        if summary is None:
            raise rooms.NoSuchRoom(room)
        page = history.page(cursor, room=room, user=user.id)
        epoch = rooms.epoch(cursor)
    return _show(user=user, epoch=epoch, mine=mine, page=page, direct=_peer(summary, user))


@blueprint.get("/direct/<name>")
def direct(name: str) -> ResponseReturnValue:
    """The conversation with a user, also before anything was said in it. 404 for an unknown nickname."""
    user = identity.require_user()
    with database().cursor() as cursor:
        peer = people.by_name(cursor, name)
        if peer is None:
            abort(404)
        if peer.name != name:
            return redirect(url_for("chat.direct", name=peer.name))
        mine = room_list.of_user(cursor, user=user.id)
        summary = people.direct_summary(mine, user=user, peer=peer)
        page = None
        if summary:
            page = history.page(cursor, room=summary.room.id, user=user.id)
        epoch = rooms.epoch(cursor)
    return _show(user=user, epoch=epoch, mine=mine, page=page, direct=peer)


def _peer(summary: protocol.RoomSummary, user: protocol.User) -> protocol.User | None:
    """The other one of a direct room, or the user in their own notes."""
    if summary.room.kind != "direct":
        return None
    return next((person for person in summary.room.members if person.id != user.id), user)


def _show(
    *,
    user: protocol.User,
    epoch: int,
    mine: list[protocol.RoomSummary],
    page: messages.Page | None,
    direct: protocol.User | None,
) -> Response:
    title = direct.name if direct else page.room.name if page else None
    data = boot.data(user=user, epoch=epoch, rooms=mine, page=page, direct=direct)
    return compression.compressed(render_template("chat.html", boot=data, user=user, title=title))
