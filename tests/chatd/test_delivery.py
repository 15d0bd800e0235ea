"""Delivery while the database is away, or slow; the rest of it is tested with whole daemons."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer
from chatd.store import Store
from shared import protocol, rooms
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.shared.people import accepted, person, sending, write

ROOM, ALICE = 7, 1
NOWHERE = SimpleNamespace(transport=None, protocol=None)  # nothing is written to her here
ALICES = Peer(cast(ServerConnection, NOWHERE), sid="hers", user=ALICE)


@pytest.fixture
async def away(settings: Settings) -> Delivery:
    """A delivery whose database and Redis do not answer, and to which one peer is connected."""
    settings = replace(settings, database_url="mysql://nobody@127.0.0.1:1/none")
    ignore: Callable[..., None] = lambda *_: None  # noqa: E731
    bus = Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
    hub: Hub[Peer] = Hub()
    hub.register(ALICES, ALICE)
    fanout = Fanout(asyncio.get_running_loop(), limit=1)
    return Delivery(Store(Database(settings)), bus, fanout, hub)


@pytest.mark.parametrize("work", [Delivery.admit, Delivery.recheck])
async def test_who_is_gone_is_asked_about_no_more(
    away: Delivery, work: Callable[[Delivery, int, int], Awaitable[Any]]
) -> None:
    asking = asyncio.ensure_future(work(away, ALICE, ROOM))
    done, _ = await asyncio.wait([asking], timeout=0.3)
    assert not done, "while she is here, the database is asked again"
    away.hub.remove(ALICES)
    async with asyncio.timeout(60):
        await asking


async def test_a_client_that_is_gone_is_not_brought_up_to_date(away: Delivery) -> None:
    before = asyncio.all_tasks()
    away.enter(ALICES, ROOM, cursor=1, head=2)
    (catching_up,) = asyncio.all_tasks() - before
    done, _ = await asyncio.wait([catching_up], timeout=0.3)
    assert not done
    away.hub.remove(ALICES)
    async with asyncio.timeout(60):
        await catching_up


class SlowStore(Store):
    """Its answers come when they are let go, as they were when they were asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().run(*args, **kwargs)
        self.asked.set()
        await self.may_answer.wait()
        return found


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


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_what_came_over_the_bus_while_the_database_was_asked_is_not_told_again(
    settings: Settings, database: Database, count: int
) -> None:
    alice = person(database, "alice")
    ignore: Callable[..., None] = lambda *_: None  # noqa: E731
    bus = Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
    hub: Hub[Peer] = Hub()
    store = SlowStore(Database(settings))
    delivery = Delivery(store, bus, Fanout(asyncio.get_running_loop(), limit=1_000_000), hub)
    ear = Ear()
    line = SimpleNamespace(transport=ear, protocol=SimpleNamespace(close_sent=None))
    peer = Peer(cast(ServerConnection, line), sid="hers", user=alice.id)
    hub.register(peer, alice.id)
    hub.enter(peer, GENERAL)
    with database.cursor() as cursor:
        delivery.sequencer.track(GENERAL, rooms.heads(cursor, [GENERAL])[GENERAL])
    said = accepted(
        write(database, alice, *(sending(text, room=GENERAL) for text in ("one", "two", "three")))
    )
    async with asyncio.timeout(60):
        before = asyncio.all_tasks()
        delivery.compare([(GENERAL, said[-1].version)])
        (asking,) = asyncio.all_tasks() - before
        await store.asked.wait()
        for message in said[:count]:
            delivery.heard(GENERAL, protocol.encode(message))
        store.may_answer.set()
        await asking
        while delivery.sequencer.seen(GENERAL) != said[-1].version or not ear.heard:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    told = [frame for frame in ear.heard if frame["type"] == "message"]
    assert [frame["body"] for frame in told] == [message.body for message in said[:count]]
    found = [frame for frame in ear.heard if frame["type"] == "changes"]
    assert [frame["from"] for frame in found] == [said[count - 1].version] * (count < 3)
    assert [one["body"] for frame in found for one in frame["messages"]] == [m.body for m in said[count:]]
    store.close()
