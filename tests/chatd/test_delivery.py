"""Delivery while the database is away; the rest of it is tested with whole daemons."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer
from chatd.store import Store
from shared.database import Database
from shared.settings import Settings

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
