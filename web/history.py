"""Pages of a room's history, as both the chat page and the API give them."""

from flask import Response

from shared import messages
from shared.database import Cursor
from web import api, identity, query
from web.backends import database, settings

blueprint = api.blueprint("history", __name__)

NUMBERS_MAX = 50  # messages that can be asked for one by one


def page(cursor: Cursor, *, room: int, user: int, where: messages.Where = messages.NEWEST) -> messages.Page:
    """A page of messages and the room's version, of one snapshot. Raises `rooms.NoSuchRoom`."""
    return messages.page(cursor, room=room, user=user, where=where, limit=settings().history_page)


@blueprint.get("/rooms/<room:room>/messages")
def read(room: int) -> Response:
    """The newest messages, those before, after or around a number, or some by their numbers."""
    where = _where()
    with database().cursor() as cursor:
        found = page(cursor, room=room, user=identity.require_user().id, where=where)
    return api.answer(found)


def _where() -> messages.Where:
    given = query.parameters("before", "after", "around", "numbers", one=True)
    if "numbers" in given:
        return messages.Where(numbers=query.numbers(given["numbers"], field="numbers", most=NUMBERS_MAX))
    if "after" in given:
        return messages.Where(after=query.number(given["after"], field="after", least=0))
    if "around" in given:
        return messages.Where(around=query.number(given["around"], field="around"))
    if "before" in given:
        return messages.Where(before=query.number(given["before"], field="before"))
    return messages.NEWEST
