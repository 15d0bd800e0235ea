"""What a client missed in many rooms: how much is asked for it at a time, and how fast it is told."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.protocol import State

from chatd.bus import Bus
from chatd.catch_up import QUESTIONS_AT_ONCE
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.line import Line
from chatd.peer import Peer
from chatd.store import Store
from shared import messages, protocol, rooms
from shared.database import Database
from shared.protocol import User
from shared.settings import Settings
from tests.shared.people import make_room, person, say

PEERS, ROOMS = 5, 4


class Questions(Store):
    """Counts the questions for changes, which are answered when they may be."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.open = 0
        self.asked: list[int] = []  # the readers
        self.may_answer = asyncio.Event()

    async def run(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        if statement is messages.changes:
            self.asked.append(kwargs["reader"])
            self.open += 1
            await self.may_answer.wait()
            self.open -= 1
        return await super().run(statement, *args, **kwargs)


class Reader:
    """The line and the transport of a client that reads when it is told to."""

    def __init__(self) -> None:
        self.transport = self
        self.protocol = SimpleNamespace(close_sent=None, state=State.OPEN)
        self.paused = False
        self.waiting = 0
        self.frames = 0
        self._reads = asyncio.Event()

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.waiting += len(data)
        self.frames += 1

    async def drain(self) -> None:
        await self._reads.wait()

    def read(self) -> None:
        self.waiting = 0
        self._wake()

    def is_lost(self) -> None:
        self.protocol.state = State.CLOSED
        self._wake()

    def _wake(self) -> None:
        self._reads.set()
        self._reads = asyncio.Event()


class Scene:
    """Alice is in a few rooms, in each of which one thing was said; Bob is in them too."""

    def __init__(self, settings: Settings, database: Database) -> None:
        ignore: Any = lambda *_: None  # noqa: E731
        bus = Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
        self.hub: Hub[Peer] = Hub()
        self.store = Questions(Database(settings))
        self.delivery = Delivery(
            self.store, bus, Fanout(asyncio.get_running_loop(), limit=1_000_000), self.hub
        )
        self.alice, self.bob = person(database, "alice"), person(database, "bobby")
        self.rooms = [make_room(database, self.alice, f"Tea {number}") for number in range(ROOMS)]
        with database.transaction() as cursor:
            for room in self.rooms:
                rooms.join(cursor, room=room, user=self.bob.id)
        self.heads = {room: say(database, self.alice, "hello", room=room).version for room in self.rooms}

    def comes(self, user: User) -> Peer:
        """A client of this user is back, and behind in each of the rooms."""
        peer = Peer(cast(Line, Reader()), sid="x" * 43, user=user.id)
        self.hub.register(peer, user.id)
        for room, head in self.heads.items():
            self.delivery.sequencer.track(room, head)
            self.delivery.catch_up.enter(peer, room, cursor=head - 1, head=head)
        return peer


@pytest.fixture
async def scene(settings: Settings, database: Database) -> AsyncIterator[Scene]:
    scene = Scene(settings, database)
    yield scene
    scene.store.close()


def reader(peer: Peer) -> Reader:
    return cast(Reader, peer.socket)


async def until_nothing_moves() -> None:
    """Everything that can happen without an answer of the database has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until_told(peer: Peer, frames: int) -> None:
    async with asyncio.timeout(60):
        while reader(peer).frames < frames:
            await asyncio.sleep(0.001)


async def told_of_one_room(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> tuple[Peer, "asyncio.Task[Any]"]:
    """A client of Alice's that reads nothing, so that its other rooms wait; and what brings it up to date."""
    monkeypatch.setattr("chatd.catch_up.UNREAD_MAX", 0)
    scene.store.may_answer.set()
    before = asyncio.all_tasks()
    client = scene.comes(scene.alice)
    (catching_up,) = asyncio.all_tasks() - before
    await until_told(client, 1)
    await until_nothing_moves()
    return client, catching_up


async def test_for_one_user_no_more_is_asked_at_a_time_however_many_clients_are_behind(scene: Scene) -> None:
    """The threads that ask the database are everybody's: a user may have 40 clients, each behind in 20 rooms."""
    clients = [scene.comes(scene.alice) for _ in range(PEERS)]
    syncing = asyncio.ensure_future(scene.delivery.catch_up.sync(clients[0], scene.rooms[0], 1))
    await until_nothing_moves()
    assert scene.store.open == QUESTIONS_AT_ONCE
    scene.comes(scene.bob)
    await until_nothing_moves()
    assert scene.store.asked.count(scene.bob.id) == 1, "others do not wait for her"
    scene.store.may_answer.set()
    await syncing
    async with asyncio.timeout(60):
        while not all(client in scene.hub.of_room(room) for client in clients for room in scene.rooms):
            await asyncio.sleep(0.001)


async def test_for_clients_that_are_gone_nothing_more_is_asked(scene: Scene) -> None:
    before = asyncio.all_tasks()
    clients = [scene.comes(scene.alice) for _ in range(PEERS)]
    catching_up = asyncio.all_tasks() - before
    await until_nothing_moves()
    for client in clients:
        scene.hub.remove(client)
    scene.store.may_answer.set()
    async with asyncio.timeout(60):
        await asyncio.wait(catching_up)
    assert len(scene.store.asked) == QUESTIONS_AT_ONCE


async def test_a_client_is_told_of_the_next_room_when_it_has_read_of_the_last(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow line all that it missed would be too much at once, and it would be cut off, again and again."""
    monkeypatch.setattr("chatd.catch_up.UNREAD_MAX", 0)
    scene.store.may_answer.set()
    client = scene.comes(scene.alice)
    for told in range(1, ROOMS + 1):
        await until_told(client, told)
        await until_nothing_moves()
        assert len(scene.store.asked) == told
        reader(client).read()
    for room in scene.rooms:
        assert client in scene.hub.of_room(room), "it gets what happens from now on at once"


async def test_a_client_that_is_lost_while_it_does_not_read_is_waited_for_no_longer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, catching_up = await told_of_one_room(scene, monkeypatch)
    scene.hub.remove(client)
    reader(client).is_lost()
    async with asyncio.timeout(60):
        await catching_up
    assert len(scene.store.asked) == 1


async def test_what_happens_while_a_room_waits_for_its_turn_is_told_in_its_turn(
    scene: Scene, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much it is: no more is kept than the database can be asked for."""
    monkeypatch.setattr("chatd.backlog.KEPT_MAX", 10)
    client, _ = await told_of_one_room(scene, monkeypatch)
    last = scene.rooms[-1]
    scene.delivery.heard(last, protocol.encode(say(database, scene.alice, "again", room=last)))
    for told in range(2, ROOMS + 1):
        reader(client).read()
        await until_told(client, told)
    await until_nothing_moves()
    assert reader(client).frames == ROOMS, "the last answer has both"
    assert client in scene.hub.of_room(last)


async def test_a_room_that_a_client_asks_for_itself_is_not_told_again_in_its_turn(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, catching_up = await told_of_one_room(scene, monkeypatch)
    await scene.delivery.catch_up.sync(client, scene.rooms[-1], 1)
    assert client in scene.hub.of_room(scene.rooms[-1])
    async with asyncio.timeout(60):
        while not catching_up.done():
            reader(client).read()
            await asyncio.sleep(0.001)
    assert len(scene.store.asked) == ROOMS


async def test_a_client_asks_no_more_in_a_room_that_it_left_and_comes_into_again(scene: Scene) -> None:
    """What was asked for before does not belong to what it is told now."""
    room = scene.rooms[0]
    client = scene.comes(scene.alice)
    await until_nothing_moves()
    assert scene.store.open == 1
    scene.hub.leave(scene.alice.id, room)
    scene.delivery.catch_up.enter(client, room, cursor=scene.heads[room] - 1, head=scene.heads[room])
    scene.store.may_answer.set()
    async with asyncio.timeout(60):
        while not all(client in scene.hub.of_room(room) for room in scene.rooms):
            await asyncio.sleep(0.001)
    await until_nothing_moves()
    assert len(scene.store.asked) == ROOMS + 1
    assert reader(client).frames == ROOMS


async def test_a_client_that_is_closed_and_not_gone_yet_is_asked_for_no_more(scene: Scene) -> None:
    before = asyncio.all_tasks()
    client = scene.comes(scene.alice)
    (catching_up,) = asyncio.all_tasks() - before
    await until_nothing_moves()
    reader(client).is_lost()
    scene.store.may_answer.set()
    async with asyncio.timeout(60):
        await catching_up
    assert len(scene.store.asked) == 1
