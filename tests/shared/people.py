"""What the tests on a real database do again and again."""

import os
import pwd
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from uuid import UUID, uuid4

import pymysql
from pymysql.cursors import DictCursor

from shared import batch, messages, room_list, rooms, users
from shared.database import Database
from shared.log import Accepted, Outcome, Refused, Request
from shared.protocol import Changes, Command, Delete, Edit, Message, RoomSummary, Send, User
from shared.settings import Settings

LONGEST = 1_000
NOON = 1_700_000_000_000


def person(database: Database, name: str) -> User:
    """Somebody new."""
    with database.transaction() as cursor:
        return User(users.create(cursor, name=name, password_hash="x", gender=0)[0], name)


def write(database: Database, author: User, *commands: Command) -> list[Outcome]:
    """Carry out the commands as one batch."""
    with database.transaction() as cursor:
        requests = [Request(author, command, NOON) for command in commands]
        return batch.write(cursor, requests, longest=LONGEST)[0].outcomes


def accepted(outcomes: Sequence[Outcome]) -> list[Message]:
    """The messages of a batch in which nothing was refused."""
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    return [outcome.message for outcome in outcomes if isinstance(outcome, Accepted)]


def sending(
    body: str = "hello", *, room: int | None = None, to: str | None = None, id: UUID | None = None
) -> Send:
    return Send(id or uuid4(), body, room, to)


def say(database: Database, author: User, body: str, *, room: int) -> Message:
    """One message in a room."""
    return accepted(write(database, author, sending(body, room=room)))[0]


def edit(database: Database, message: Message, body: str) -> Message:
    command = Edit(uuid4(), message.room, message.number, message.body_version, body)
    return accepted(write(database, message.author, command))[0]


def delete(database: Database, message: Message) -> Message:
    return accepted(write(database, message.author, Delete(uuid4(), message.room, message.number)))[0]


def log_of(database: Database, room: int) -> list[Message]:
    """The whole room, ordered by number."""
    with database.cursor() as cursor:
        found = messages.changes(cursor, room=room, since=0, reader=None)
    assert isinstance(found, Changes)
    return sorted(found.messages, key=lambda message: message.number)


def summary(database: Database, user: User, room: int) -> RoomSummary:
    with database.cursor() as cursor:
        return room_list.of_user(cursor, user=user.id, room=room)[0]


def make_room(database: Database, owner: User, name: str) -> int:
    with database.transaction() as cursor:
        return rooms.create(cursor, name=name, owner=owner.id)


def codes(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [outcome.code if isinstance(outcome, Refused) else None for outcome in outcomes]


@contextmanager
def held(database: Database, room: int) -> Iterator[None]:
    """Another writer holds the room and says something now and then, so that the server does not end it."""
    done = threading.Event()
    ready = threading.Event()

    def hold() -> None:
        with database.transaction() as cursor:
            rooms.lock(cursor, room)
            ready.set()
            while not done.wait(0.2):
                cursor.execute("SELECT 1")

    thread = threading.Thread(target=hold)
    thread.start()
    ready.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def as_root(settings: Settings) -> Iterator[DictCursor]:
    """A cursor of the private server's administrator: the user of the machine who runs it."""
    address = settings.database_address() | {"user": pwd.getpwuid(os.getuid()).pw_name, "password": ""}
    with (
        closing(pymysql.connect(**address, autocommit=True, cursorclass=DictCursor)) as connection,
        connection.cursor() as cursor,
    ):
        yield cursor


@contextmanager
def read_only(settings: Settings) -> Iterator[None]:
    """Nobody but administrators may write meanwhile."""
    with as_root(settings) as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        try:
            yield
        finally:
            cursor.execute("SET GLOBAL read_only = 0")
