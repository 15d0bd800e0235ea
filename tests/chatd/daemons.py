"""Real daemons as processes, and a small client to talk to them with.

A `Chat` is two or more daemons on one MariaDB and one Redis. People are made and signed in by
writing what the web service writes; a `Client` is one device of theirs. Nobody ever waits for a
time to pass: `Client.hear` waits for a message, and `Client.barrier` for everything that was sent before it.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import redis
from websockets.asyncio.client import unix_connect
from websockets.typing import Origin, Subprotocol

from shared import events, keys, protocol, rooms, sessions, users
from shared.database import Database
from shared.settings import PREFIX, PROJECT, Settings
from tests.chatd.device import SECONDS, Client, Frame
from tests.servers import IDLE_SECONDS, wait_for
from tests.shared.people import accepted, write
from tests.unlimited import UNLIMITED

HOST = "chat.test"

# Heads are compared rarely and sessions are checked rarely, so that what is published is what is
# heard; where a test is about what was not published, `ALERT` daemons look often. Limits have tests of their own.
QUIET: dict[str, Any] = {"heads_poll": 5.0, "session_check": 25.0, "drain_seconds": 0.1} | UNLIMITED
ALERT: dict[str, Any] = {"heads_poll": 0.2, "session_check": 0.5}


def environment(settings: Settings) -> dict[str, str]:
    """The variables from which another process reads just these settings, whatever its `.env` says."""
    variables = {}
    for item in fields(settings):
        value = getattr(settings, item.name)
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        variables[PREFIX + item.name.upper()] = text.lower() if isinstance(value, bool) else text
    return {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)} | variables


class Daemon:
    """One `python -m chatd --index N`."""

    def __init__(self, settings: Settings, index: int) -> None:
        self.settings = settings
        self.index = index
        self.path = settings.daemon_address(index).removeprefix("unix:")
        self.log = Path(settings.var, "log", f"chatd-{index}-{secrets.token_hex(4)}.log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start; `wait` returns when it serves."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatd", "--index", str(self.index)],
                cwd=PROJECT,
                env=environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Return when the daemon says that all is well."""
        wait_for(lambda: self.health()[0] == 200, SECONDS, what=f"daemon {self.index}: {self.events()[-3:]}")

    def health(self) -> tuple[int, Frame]:
        """Status and body of `GET /healthz`."""
        status, body = self.get("/healthz")
        return status, json.loads(body)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a plain request."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(self.path)
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while part := line.recv(65_536):
                answer += part
        head, _, body = answer.decode().partition("\r\n\r\n")
        return int(head.split()[1]), body

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self) -> int:
        """The exit code, when it has ended."""
        assert self.process is not None
        return self.process.wait(SECONDS)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """SIGTERM; the exit code, when it has ended."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def events(self) -> list[Frame]:
        """What the daemon logged; a line that is no JSON (a traceback, say) is an event of its own."""
        found = []
        for line in self.log.read_text().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"level": "error", "event": line})
        return found

    def errors(self) -> list[Frame]:
        """What should never be logged."""
        return [event for event in self.events() if event["level"] in ("error", "critical")]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in."""

    id: int
    name: str
    sid: str

    @property
    def user(self) -> protocol.User:
        return protocol.User(self.id, self.name)


@dataclass(slots=True)
class Chat:
    """Daemons on one MariaDB and one Redis, and what the web service would do."""

    settings: Settings
    database: Database
    redis: "redis.Redis"
    daemons: list[Daemon] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)  # errors that a test provokes
    _people: int = 0

    @property
    def channels(self) -> keys.Channels:
        return keys.Channels(self.settings.redis_database)

    # -- people and rooms

    def person(self, name: str) -> Person:
        """Somebody new, signed in. The name gets a number, so that each test has its own people."""
        self._people += 1
        name = f"{name}_{self._people}"
        with self.database.transaction() as cursor:
            user, membership = users.create(cursor, name=name, password_hash="x", gender=0)
        self.publish(membership)
        return Person(user, name, self.sign_in(user))

    def people(self, *names: str) -> list[Person]:
        return [self.person(name) for name in names]

    def sign_in(self, user: int) -> str:
        """A new session."""
        sid = secrets.token_urlsafe(sessions.SID_BYTES)
        now = time.time()
        stored = sessions.encode(sessions.SignedIn(user, int(now)).fields())
        self.redis.set(keys.session(sid), stored, ex=1000)
        self.redis.zadd(keys.user_sessions(user), {sid: now})
        return sid

    def room(self, owner: Person, *members: Person) -> int:
        """A public room with these people in it, before any of them is connected."""
        self._people += 1
        with self.database.transaction() as cursor:
            room = rooms.create(cursor, name=f"room {self._people}", owner=owner.id)
            for member in members:
                rooms.join(cursor, room=room, user=member.id)
        return room

    def join(self, room: int, person: Person, *, publish: bool = True) -> None:
        with self.database.transaction() as cursor:
            membership = rooms.join(cursor, room=room, user=person.id)
        if publish:
            self.publish(membership)

    def leave(self, room: int, person: Person, *, publish: bool = True) -> None:
        with self.database.transaction() as cursor:
            membership = rooms.leave(cursor, room=room, user=person.id)
        if publish:
            self.publish(membership)

    def publish(self, membership: rooms.Membership) -> None:
        """What the web service publishes after the commit."""
        change = membership.change
        if change is not None:
            self.redis.publish(self.channels.room(membership.room), protocol.encode(change))
            event = events.joined if change.joined else events.left
            self.redis.publish(self.channels.user(membership.user), event(membership.room))

    def publish_joined(self, room: int, person: Person) -> None:
        """Only the hint to the user."""
        self.redis.publish(self.channels.user(person.id), events.joined(room))

    def write(self, author: Person, *commands: protocol.Command) -> list[protocol.Message]:
        """Write to the log past the daemons, so that nothing is published."""
        return accepted(write(self.database, author.user, *commands))

    def head(self, room: int) -> int:
        with self.database.cursor() as cursor:
            return rooms.heads(cursor, [room])[room]

    def bodies(self, room: int) -> list[str]:
        """What stands in the log."""
        with self.database.cursor() as cursor:
            cursor.execute("SELECT body FROM messages WHERE room_id = %s ORDER BY number", (room,))
            return [row["body"] for row in cursor.fetchall()]

    # -- connections

    @asynccontextmanager
    async def connect(
        self,
        person: Person | None,
        daemon: int = 0,
        *,
        cursors: Mapping[int, int] | None = None,
        epoch: int | None = None,
        hello: bool = True,
        cookie: str | None = None,
        origin: str | None = f"http://{HOST}",
        subprotocols: Sequence[str] = (protocol.SUBPROTOCOL,),
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Client]:
        """A device of somebody, welcomed by a daemon unless `hello` is False; `headers` are further ones."""
        if cookie is None and person is not None:
            cookie = f"{sessions.COOKIE}={person.sid}"
        async with unix_connect(
            self.daemons[daemon].path,
            f"ws://{HOST}/ws",
            origin=Origin(origin) if origin is not None else None,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers={**({"Cookie": cookie} if cookie is not None else {}), **(headers or {})},
            compression=None,
            open_timeout=SECONDS,
            ping_interval=None,
            close_timeout=1,
            max_size=None,
        ) as line:
            client = Client(line)
            if hello:
                if epoch is None:
                    with self.database.cursor() as cursor:
                        epoch = rooms.epoch(cursor)
                await client.say(type="hello", epoch=epoch, cursors=cursors or {})
                client.welcome = await client.hear("welcome")
            yield client

    # -- processes

    def start(self) -> None:
        """Start every daemon that does not run, and wait until all do."""
        for daemon in self.daemons:
            if not daemon.is_running:
                daemon.start()
        for daemon in self.daemons:
            daemon.wait()

    def close(self) -> None:
        """Stop the daemons, each in order; fails where one did not end well or logged an error."""
        codes = [daemon.stop() for daemon in self.daemons if daemon.is_running]
        self.database.close()
        self.redis.close()
        assert set(codes) <= {0}, codes
        for daemon in self.daemons:
            assert [event for event in daemon.errors() if event["event"] not in self.expected] == []


def running(settings: Settings, *, daemons: int = 2, **changes: Any) -> Iterator[Chat]:
    """A chat with daemons of its own; the body of a fixture."""
    settings = replace(settings, **(QUIET | changes))
    url, password = settings.redis_address()
    chat = Chat(
        settings, Database(settings, idle_seconds=IDLE_SECONDS), redis.Redis.from_url(url, password=password)
    )
    chat.daemons = [Daemon(settings, index) for index in range(daemons)]
    try:
        chat.start()
        yield chat
    finally:
        chat.close()
