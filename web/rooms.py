"""The JSON API of rooms and their history."""

import re
from typing import Any

import msgspec
import structlog
from flask import Blueprint, Response, request
from flask_babel import gettext
from werkzeug.routing import BaseConverter

from shared import protocol, rooms
from shared.database import Cursor
from web import errors, history, identity, publish
from web.backends import database
from web.forms import RoomForm, room_name_taken

blueprint = Blueprint("rooms", __name__, url_prefix="/api")
log = structlog.get_logger(__name__)

_NUMBER = re.compile(r"[1-9][0-9]{0,15}")


class RoomConverter(BaseConverter):
    """The id of a room in an address: one spelling each, and never a number that a database refuses."""

    regex = r"[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        """The id."""
        return int(value)


@blueprint.before_request
def need_user() -> Response | None:
    """401 for whom nobody knows."""
    return None if identity.user() else errors.answer(401)


@blueprint.get("/rooms")
def public() -> Response:
    """All public rooms, and whether one is in them."""
    with database().cursor() as cursor:
        found = rooms.public(cursor, user=identity.require_user().id)
    return _json({"rooms": [{**row, "member": bool(row["member"])} for row in found]})


@blueprint.post("/rooms")
def create() -> Response:
    """A new public room, owned by the user."""
    user, form = identity.require_user(), RoomForm()
    if not form.validate():
        raise errors.Refused(422, "invalid", form.name.errors[0], field="name")

    def work(cursor: Cursor) -> int:
        return rooms.create(cursor, name=form.name.data or "", owner=user.id)

    try:
        room = database().transact(work)
    except rooms.RoomNameTaken:
        raise errors.Refused(422, "taken", room_name_taken(), field="name") from None
    log.info("room created", room=room, user=user.id)
    publish.created(room, user.id)
    return _json({"summary": _summary(room, user)}, status=201)


@blueprint.post("/rooms/<room:room>/join")
def join(room: int) -> Response:
    """Be in a public room. 404 for any other."""
    user = identity.require_user()
    changed = database().transact(lambda cursor: rooms.join(cursor, room=room, user=user.id))
    publish.membership(changed, joined=True)
    if changed.change:
        log.info("room joined", room=room, user=user.id)
    return _json({"summary": _summary(room, user)})


@blueprint.post("/rooms/<room:room>/leave")
def leave(room: int) -> Response:
    """Be in a public room no more."""
    user = identity.require_user()
    try:
        changed = database().transact(lambda cursor: rooms.leave(cursor, room=room, user=user.id))
    except rooms.CanNotLeave:
        raise errors.Refused(422, "can_not_leave", gettext("This conversation can not be left.")) from None
    publish.membership(changed, joined=False)
    if changed.change:
        log.info("room left", room=room, user=user.id)
    return Response(status=204)


@blueprint.get("/rooms/<room:room>/messages")
def page(room: int) -> Response:
    """A page of history: the newest messages, or those before a number."""
    before = _before()
    with database().cursor() as cursor:
        found = history.page(cursor, room=room, user=identity.require_user().id, before=before)
    return _json(found)


@blueprint.get("/direct/<name>")
def direct(name: str) -> Response:
    """A user by nickname, and the direct room with them if there is one."""
    user = identity.require_user()
    with database().cursor() as cursor:
        peer = history.person(cursor, name)
        if peer is None:
            message = gettext("There is nobody called %(name)s.", name=name)
            raise errors.Refused(404, "not_found", message, field="name")
        room = rooms.direct_between(cursor, user.id, peer.id)
        summary = rooms.summaries(cursor, user=user.id, room=room)[0] if room else None
    return _json({"user": peer, "summary": summary})


def _summary(room: int, user: protocol.User) -> protocol.RoomSummary:
    """A room that the user is in. Raises `rooms.NoSuchRoom` for one that they left meanwhile."""
    with database().cursor() as cursor:
        found = rooms.summaries(cursor, user=user.id, room=room)
    if not found:
        raise rooms.NoSuchRoom(room)
    return found[0]


def _before() -> int | None:
    given = request.args.getlist("before")
    if not given:
        return None
    if len(given) > 1 or not _NUMBER.fullmatch(given[0]):
        message = gettext("Expected the number of a message.")
        raise errors.Refused(422, "invalid", message, field="before")
    return int(given[0])


def _json(body: Any, *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")
