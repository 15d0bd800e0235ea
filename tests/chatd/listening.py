"""A delivery in which Alice is connected, whose client's ear can be listened at, and what the database answers comes late."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.line import Line
from chatd.peer import Peer
from chatd.store import Store
from shared import messages, protocol, rooms
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.shared.people import accepted, person, sending, write


class SlowStore(Store):
    """What lies after a version is answered to one reader when that answer is let go, as it was when it was asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.slow_for: int | None = None  # None: the daemon itself
        self.answers: list[asyncio.Event] = []  # that are there; set: it is let go
        self.fault: Exception | None = None  # comes instead of an answer

    async def run(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        found = await super().run(statement, *args, **kwargs)
        if statement is messages.changes and kwargs["reader"] == self.slow_for:
            may_come = asyncio.Event()
            self.answers.append(may_come)
            await may_come.wait()
            if self.fault is not None:
                raise self.fault
        return found

    async def until_asked(self, times: int = 1) -> None:
        """As many answers are there."""
        async with asyncio.timeout(60):
            while len(self.answers) < times:
                await asyncio.sleep(0.001)


class Ear:
    """A transport that keeps what is written, frame by frame."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        parser = ClientProtocol(parse_uri("ws://chat.test/"), state=State.OPEN)
        parser.receive_data(data)
        self.heard += [
            json.loads(bytes(event.data)) for event in parser.events_received() if isinstance(event, Frame)
        ]


@dataclass
class Scene:
    """Alice is connected, and what the database answers to somebody comes late."""

    database: Database
    store: SlowStore
    delivery: Delivery
    alice: protocol.User
    peer: Peer
    ear: Ear
    head: int  # the version of the room before anything was said

    def comes(self, user: protocol.User) -> tuple[Peer, Ear]:
        """Somebody else is connected."""
        return connect(self.delivery.hub, user)

    def say(self, *texts: str) -> list[protocol.Message]:
        """What Alice says is committed, and not yet published."""
        commands = [sending(text, room=GENERAL) for text in texts]
        return accepted(write(self.database, self.alice, *commands))

    def hear(self, *published: protocol.ServerMessage) -> None:
        for message in published:
            self.delivery.heard(GENERAL, protocol.encode(message))

    async def all_is_told(self) -> None:
        """Nothing is under way any more, and what was due is written."""
        async with asyncio.timeout(60):
            while asyncio.all_tasks() != {asyncio.current_task()}:
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.001)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.ear.heard if frame["type"] == kind]


def connect(hub: Hub[Peer], user: protocol.User) -> tuple[Peer, Ear]:
    """A client of a user, which is in no room yet, and what it hears."""
    ear = Ear()
    open_line = SimpleNamespace(close_sent=None, state=State.OPEN)
    line = SimpleNamespace(transport=ear, protocol=open_line, paused=False, waiting=0)
    peer = Peer(cast(Line, line), sid="x" * 43, user=user.id)
    hub.register(peer, user.id)
    return peer, ear


def open_scene(settings: Settings, database: Database) -> Scene:
    """Alice is connected, and in no room yet. Close its `store` at the end."""
    alice = person(database, "alice")
    ignore: Callable[..., None] = lambda *_: None  # noqa: E731
    bus = Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
    hub: Hub[Peer] = Hub()
    store = SlowStore(Database(settings))
    delivery = Delivery(store, bus, Fanout(asyncio.get_running_loop(), limit=1_000_000), hub)
    peer, ear = connect(hub, alice)
    with database.cursor() as cursor:
        head = rooms.heads(cursor, [GENERAL])[GENERAL]
    delivery.sequencer.track(GENERAL, head)
    return Scene(database, store, delivery, alice, peer, ear, head)
