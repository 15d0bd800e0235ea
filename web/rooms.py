"""The JSON API of rooms: make, change, join and leave them, and what calls one there."""

import structlog
from flask import Response
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.routing import BaseConverter

from shared import markers, protocol, room_list, rooms
from shared.database import Cursor
from web import api, identity, publish
from web.backends import database
from web.errors import Refused
from web.forms import LevelForm, RoomForm, RoomSettingsForm, room_name_taken

blueprint = api.blueprint("rooms", __name__)
log = structlog.get_logger(__name__)


class RoomConverter(BaseConverter):
    """The id of a room in an address: one spelling each, and never a number that a database refuses."""

    regex = r"[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        """The id."""
        return int(value)


@blueprint.get("/rooms")
def public() -> Response:
    """All public rooms, and whether one is in them."""
    with database().cursor() as cursor:
        found = rooms.public(cursor, user=identity.require_user().id)
    return api.answer({"rooms": [{**row, "member": bool(row["member"])} for row in found]})


@blueprint.post("/rooms")
def create() -> Response:
    """A new public room, owned by the user."""
    user, form = identity.require_user(), RoomForm()
    if not form.validate():
        raise _invalid(form)

    def work(cursor: Cursor) -> int:
        return rooms.create(cursor, name=form.name.data or "", owner=user.id)

    try:
        room = database().transact(work)
    except rooms.RoomNameTaken:
        raise Refused(422, "taken", room_name_taken(), field="name") from None
    log.info("room created", room=room, user=user.id)
    publish.created(room, user.id)
    return api.answer({"summary": _summary(room, user)}, status=201)


@blueprint.post("/rooms/<room:room>")
def change(room: int) -> Response:
    """Another name and topic, by one of the room's owners."""
    user, form = identity.require_user(), RoomSettingsForm()
    if not form.validate():
        raise _invalid(form)

    def work(cursor: Cursor) -> protocol.RoomChange | None:
        return rooms.change(
            cursor, room=room, user=user.id, name=form.name.data or "", topic=form.topic.data or ""
        )

    try:
        changed = database().transact(work)
    except rooms.RoomNameTaken:
        raise Refused(422, "taken", room_name_taken(), field="name") from None
    except rooms.NotAllowed:
        raise Refused(403, "not_allowed", gettext("Only an owner of the room can change it.")) from None
    if changed:
        log.info("room changed", room=room, user=user.id)
        publish.changed(changed)
    return api.answer({"summary": _summary(room, user)})


@blueprint.post("/rooms/<room:room>/level")
def level(room: int) -> Response:
    """What calls the user in a room. The answer is all that is the user's own there, as their other devices hear it."""
    user, form = identity.require_user(), LevelForm()
    if not form.validate():
        raise _invalid(form)
    own = database().transact(
        lambda cursor: markers.set_level(cursor, room=room, user=user.id, level=form.level.data or "")
    )
    if own.moved:
        publish.own(user.id, own.marker)
    return api.answer(own.marker)


@blueprint.post("/rooms/<room:room>/join")
def join(room: int) -> Response:
    """Be in a public room. 404 for any other."""
    user = identity.require_user()
    changed = database().transact(lambda cursor: rooms.join(cursor, room=room, user=user.id))
    publish.membership(changed, joined=True)
    if changed.change:
        log.info("room joined", room=room, user=user.id)
    return api.answer({"summary": _summary(room, user)})


@blueprint.post("/rooms/<room:room>/leave")
def leave(room: int) -> Response:
    """Be in a public room no more."""
    user = identity.require_user()
    try:
        changed = database().transact(lambda cursor: rooms.leave(cursor, room=room, user=user.id))
    except rooms.CanNotLeave:
        raise Refused(422, "can_not_leave", gettext("This conversation can not be left.")) from None
    publish.membership(changed, joined=False)
    if changed.change:
        log.info("room left", room=room, user=user.id)
    return Response(status=204)


def _summary(room: int, user: protocol.User) -> protocol.RoomSummary:
    """A room that the user is in. Raises `rooms.NoSuchRoom` for one that they left meanwhile."""
    with database().cursor() as cursor:
        found = room_list.of_user(cursor, user=user.id, room=room)
    if not found:
        raise rooms.NoSuchRoom(room)
    return found[0]


def _invalid(form: FlaskForm) -> Refused:
    """The first fault of a form, and the field that it is of."""
    field, faults = next(iter(form.errors.items()))
    return Refused(422, "invalid", str(faults[0]), field=field)
