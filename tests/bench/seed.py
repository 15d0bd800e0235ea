"""People with sessions, rooms and members, made in the database and in Redis: thousands in seconds.

Accounts, rooms, messages and sessions are made by the product's own functions. Only memberships are written
in bulk; `test_seed.py` compares that with what `rooms.join` does.
"""

import secrets
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

import pymysql
import redis

from shared import batch, log, protocol, rooms, sessions, users
from shared.database import Cursor, Database
from shared.settings import Settings
from web import user_sessions

SLICE = 1_000
# In the form of argon2-cffi, and the hash of no password: nobody signs in.
NO_PASSWORD = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """A user who is signed in."""

    user: protocol.User
    sid: str

    def cookie(self, settings: Settings) -> str:
        """The cookie header's value."""
        return f"{sessions.cookie_name(secure=settings.secure_cookies)}={self.sid}"


class Seed:
    """Fills the servers of a running Parley."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings)
        self._count = 0

    def people(self, count: int) -> list[Person]:
        """So many new users, each signed in."""
        names = [f"bench{self._count + number:06}" for number in range(count)]
        self._count += count
        made = []
        for part in slices(names):
            with self._database.transaction() as cursor:
                for name in part:
                    user, _ = users.create(cursor, name=name, password_hash=NO_PASSWORD, gender=0)
                    made.append(protocol.User(user, name))
        return self._sign_in(made)

    def _sign_in(self, people: Sequence[protocol.User]) -> list[Person]:
        url, password = self._settings.redis_address()
        now = int(time.time())
        signed_in = []
        with redis.Redis.from_url(url, password=password) as client:
            for user in people:
                sid = secrets.token_urlsafe(sessions.SID_BYTES)
                who = sessions.SignedIn(user.id, now, "benchmark", "127.0.0.1")
                user_sessions.enter(client, sid, sessions.encode(who.fields()), who, self._settings)
                signed_in.append(Person(user, sid))
        return signed_in

    def room(self, name: str, people: Sequence[Person]) -> int:
        """A public room with these members, of whom the first owns it."""
        with self._database.transaction() as cursor:
            room = rooms.create(cursor, name=name, owner=people[0].user.id)
            self._join(cursor, room, [person.user.id for person in people[1:]])
        return room

    def join(self, room: int, people: Sequence[Person]) -> None:
        """Let these people join a room, who have then read what is there."""
        with self._database.transaction() as cursor:
            self._join(cursor, room, [person.user.id for person in people])

    @staticmethod
    def _join(cursor: Cursor, room: int, members: Sequence[int]) -> None:
        """What `rooms.join` does for each of them."""
        number = rooms.lock(cursor, room).number
        for part in slices(members):
            cursor.executemany(
                "INSERT INTO members (room_id, user_id, last_read) VALUES (%s, %s, %s)",
                [(room, user, number) for user in part],
            )
        cursor.execute(
            "UPDATE rooms SET version = version + %s, meta_version = version, member_count = member_count + %s,"
            " touched = NOW(3) WHERE id = %s",
            (len(members), len(members), room),
        )

    def history(self, room: int, author: Person, count: int, *, length: int = 80) -> None:
        """So many messages in a room."""
        now = time.time_ns() // 1_000_000
        for part in slices(range(count)):
            requests = [
                log.Request(
                    author.user,
                    protocol.Send(
                        uuid.uuid4(), f"Message {number} of a long talk. ".ljust(length, "x"), room
                    ),
                    now,
                )
                for number in part
            ]
            with self._database.transaction() as cursor:
                batch.write(cursor, requests, longest=self._settings.message_max)

    def settle(self) -> None:
        """All of it happened an hour ago: daemons ask every 2 s for what is newer than 30 s."""
        with closing(pymysql.connect(**self._settings.database_address(admin=True))) as connection:
            with connection.cursor() as cursor:
                for table in ("members", "rooms"):
                    cursor.execute(f"UPDATE {table} SET touched = NOW(3) - INTERVAL 1 HOUR")
            connection.commit()

    def close(self) -> None:
        """Close the connections."""
        self._database.close()


def slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """`items` in parts that a transaction writes well within the 2 s that it may take."""
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
