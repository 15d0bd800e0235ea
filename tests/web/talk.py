"""Messages, written as the daemons write them."""

from uuid import uuid4

from shared import batch, log, protocol, rooms
from shared.database import Database
from tests.web.browser import Browser


def say(
    database: Database,
    browser: Browser,
    body: str,
    *,
    room: int = rooms.GENERAL,
    reply_to: int | None = None,
) -> int:
    """Store a message in a room; returns its number."""
    send = protocol.Send(id=uuid4(), room=room, body=body, reply_to=reply_to)
    return _write(database, browser, send).number


def say_directly(database: Database, browser: Browser, to: Browser, body: str) -> int:
    """Store a direct message; returns the id of the room that it is in."""
    name = to.boot()["user"]["name"]
    return _write(database, browser, protocol.Send(id=uuid4(), to=name, body=body)).room


def _write(database: Database, browser: Browser, send: protocol.Send) -> protocol.Message:
    author = protocol.User(**browser.boot()["user"])
    request = log.Request(author, send, at=1_800_000_000_000)
    result, _ = database.transact(lambda cursor: batch.write(cursor, [request], longest=10_000))
    (outcome,) = result.outcomes
    assert isinstance(outcome, log.Accepted)
    return outcome.message
