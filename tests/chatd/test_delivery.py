"""Delivery while the database is away, or slow; the rest of it is tested with whole daemons."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.protocol import State

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.line import Line
from chatd.peer import Peer
from chatd.store import Store
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.chatd.listening import Scene, open_scene

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
    away.catch_up.enter(ALICES, ROOM, cursor=1, head=2)
    (catching_up,) = asyncio.all_tasks() - before
    done, _ = await asyncio.wait([catching_up], timeout=0.3)
    assert not done
    away.hub.remove(ALICES)
    async with asyncio.timeout(60):
        await catching_up


@pytest.fixture
async def scene(settings: Settings, database: Database) -> AsyncIterator[Scene]:
    scene = open_scene(settings, database)
    yield scene
    scene.store.close()


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_what_came_over_the_bus_while_the_database_was_asked_is_not_told_again(
    scene: Scene, count: int
) -> None:
    scene.delivery.hub.enter(scene.peer, GENERAL)
    said = scene.say("one", "two", "three")
    scene.delivery.compare([(GENERAL, said[-1].version)])
    await scene.store.until_asked()
    scene.hear(*said[:count])
    scene.store.answers[0].set()
    await scene.all_is_told()
    told = scene.told("message")
    assert [frame["body"] for frame in told] == [message.body for message in said[:count]]
    found = scene.told("changes")
    assert [frame["from"] for frame in found] == [said[count - 1].version] * (count < 3)
    assert [one["body"] for frame in found for one in frame["messages"]] == [m.body for m in said[count:]]


async def test_each_gap_has_a_moment_of_its_own_to_be_filled_by_the_bus(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where many come back to a busy room, there is always some change of which the daemon only read."""
    moments: asyncio.Queue[None] = asyncio.Queue()
    sleeping = SimpleNamespace(**{**vars(asyncio), "sleep": lambda _: moments.get()})
    monkeypatch.setattr("chatd.delivery.asyncio", sleeping)
    scene.delivery.hub.enter(scene.peer, GENERAL)
    one, two = scene.say("one", "two")
    scene.delivery.compare([(GENERAL, one.version)])
    await asyncio.sleep(0)  # the moment of the first begins
    scene.hear(one)
    scene.delivery.compare([(GENERAL, two.version)])
    for _ in range(2):
        moments.put_nowait(None)
        await asyncio.sleep(0.01)
        assert not scene.store.answers
        scene.hear(two)
    await asyncio.sleep(0.01)
    assert [frame["body"] for frame in scene.ear.heard] == ["one", "two"]
    assert moments.empty()
