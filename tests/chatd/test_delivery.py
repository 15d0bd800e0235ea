"""Delivery while the database is away, or slow; the rest of it is tested with whole daemons."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

import pytest
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
from chatd.store import Store, StoreAway
from shared import protocol, rooms
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.shared.people import accepted, person, sending, write

ROOM, ALICE = 7, 1
NOWHERE = SimpleNamespace(
    transport=None, protocol=SimpleNamespace(state=State.OPEN), waiting=0
)  # nothing is written to her here
ALICES = Peer(cast(Line, NOWHERE), sid="hers", user=ALICE)


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
    """The answers for one reader come when they are let go, as they were when they were asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.slow_for: int | None = None  # None: the daemon itself
        self.fault: Exception | None = None  # comes instead of the answer

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().run(*args, **kwargs)
        if kwargs.get("reader") == self.slow_for:
            self.asked.set()
            await self.may_answer.wait()
            if self.fault is not None:
                raise self.fault
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

    def say(self, *texts: str) -> list[protocol.Message]:
        """What Alice says is committed, and not yet published."""
        commands = [sending(text, room=GENERAL) for text in texts]
        return accepted(write(self.database, self.alice, *commands))

    def hear(self, *published: protocol.ServerMessage) -> None:
        for message in published:
            self.delivery.heard(GENERAL, protocol.encode(message))

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.ear.heard if frame["type"] == kind]


@pytest.fixture
async def scene(settings: Settings, database: Database) -> AsyncIterator[Scene]:
    alice = person(database, "alice")
    ignore: Callable[..., None] = lambda *_: None  # noqa: E731
    bus = Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
    hub: Hub[Peer] = Hub()
    store = SlowStore(Database(settings))
    delivery = Delivery(store, bus, Fanout(asyncio.get_running_loop(), limit=1_000_000), hub)
    ear = Ear()
    open_line = SimpleNamespace(close_sent=None, state=State.OPEN)
    line = SimpleNamespace(transport=ear, protocol=open_line, paused=False, waiting=0)
    peer = Peer(cast(Line, line), sid="hers", user=alice.id)
    hub.register(peer, alice.id)
    with database.cursor() as cursor:
        head = rooms.heads(cursor, [GENERAL])[GENERAL]
    delivery.sequencer.track(GENERAL, head)
    yield Scene(database, store, delivery, alice, peer, ear, head)
    store.close()


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_what_came_over_the_bus_while_the_database_was_asked_is_not_told_again(
    scene: Scene, count: int
) -> None:
    delivery, store = scene.delivery, scene.store
    delivery.hub.enter(scene.peer, GENERAL)
    said = scene.say("one", "two", "three")
    async with asyncio.timeout(60):
        before = asyncio.all_tasks()
        delivery.compare([(GENERAL, said[-1].version)])
        (asking,) = asyncio.all_tasks() - before
        await store.asked.wait()
        scene.hear(*said[:count])
        store.may_answer.set()
        await asking
        while delivery.sequencer.seen(GENERAL) != said[-1].version or not scene.ear.heard:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    told = scene.told("message")
    assert [frame["body"] for frame in told] == [message.body for message in said[:count]]
    found = scene.told("changes")
    assert [frame["from"] for frame in found] == [said[count - 1].version] * (count < 3)
    assert [one["body"] for frame in found for one in frame["messages"]] == [m.body for m in said[count:]]


Question: TypeAlias = Callable[[Scene, int], Coroutine[Any, Any, None]]


async def resume(scene: Scene, since: int) -> None:
    """Alice comes back with a cursor, and is brought up to date."""
    before = asyncio.all_tasks()
    scene.delivery.enter(scene.peer, GENERAL, cursor=since, head=since + 1)
    (catching_up,) = asyncio.all_tasks() - before
    await catching_up


async def sync(scene: Scene, since: int) -> None:
    """Alice is in the room, and asks for what lies after a version."""
    scene.delivery.hub.enter(scene.peer, GENERAL)
    await scene.delivery.sync(scene.peer, GENERAL, since)


async def asked(scene: Scene, question: Question, since: int) -> asyncio.Task[None]:
    """A question of Alice that the database has answered, and whose answer has not come yet."""
    scene.store.slow_for = scene.alice.id
    asking = asyncio.ensure_future(question(scene, since))
    await scene.store.asked.wait()
    return asking


async def answer(scene: Scene, asking: asyncio.Task[None]) -> None:
    """Let the answer come, and all that is due be written."""
    scene.store.may_answer.set()
    await asking
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_was_held_and_is_in_the_answer_is_told_once(scene: Scene, question: Question) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        said += scene.say("three")
        scene.hear(said[0], protocol.Seen(GENERAL, scene.alice.id, 1), *said[1:])
        await answer(scene, asking)
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "seen", "message"]
    assert [one["body"] for one in scene.told("changes")[0]["messages"]] == ["one", "two"]
    assert scene.told("message")[0]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_was_held_before_a_reset_is_not_told(scene: Scene, question: Question) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, said[-1].version + 1)  # which the room never had
        said += scene.say("three")
        scene.hear(*said)
        await answer(scene, asking)
    assert [frame["type"] for frame in scene.ear.heard] == ["reset", "message"]
    assert scene.told("message")[0]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
@pytest.mark.parametrize("later", [0, 1])
async def test_what_the_daemon_had_missed_is_told_unless_all_of_it_is_in_the_answer(
    scene: Scene, question: Question, later: int
) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        said += scene.say(*["three"][:later])
        scene.delivery.compare([(GENERAL, said[-1].version)])
        while scene.delivery.sequencer.seen(GENERAL) != said[-1].version:
            await asyncio.sleep(0)
        await answer(scene, asking)
    assert {frame["type"] for frame in scene.ear.heard} == {"changes"}
    assert [[one["body"] for one in frame["messages"]] for frame in scene.told("changes")] == [
        ["one", "two"],
        *[["one", "two", "three"]][:later],
    ]


async def test_where_no_answer_came_all_that_was_held_is_told(scene: Scene) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, sync, scene.head)
        scene.hear(*said)
        scene.store.fault = StoreAway()
        with pytest.raises(StoreAway):
            await answer(scene, asking)
        await asyncio.sleep(0.01)
    assert [frame["body"] for frame in scene.ear.heard] == ["one", "two"]
