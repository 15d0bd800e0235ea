"""The connection to Redis: where Redis refuses commands, and where a channel is let go of in between."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.bus import RETRY_SECONDS, Bus
from chatd.wire import Wire
from shared.keys import Channels
from shared.settings import Settings
from tests.servers import Servers, short_folder, wait_for

CHANNEL = Channels(0).user(7)
HELLO = b"%1\r\n+server\r\n+redis\r\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder()
    yield made
    shutil.rmtree(made)


def ignore(*_: object) -> None:
    """Nothing is heard here."""


def a_bus(settings: Settings) -> Bus:
    return Bus(settings, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)


@pytest.mark.parametrize(
    ("hello", "subscribe"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", b""),
        (HELLO, b"-MISCONF Redis is configured to save RDB snapshots, but it can not\r\n"),
    ],
    ids=["loading", "misconfigured"],
)
async def test_a_redis_that_refuses_commands_is_not_asked_in_a_busy_loop(
    folder: Path, settings: Settings, hello: bytes, subscribe: bytes
) -> None:
    came: list[float] = []
    four = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(time.monotonic())
        if len(came) == 4:
            four.set()
        with contextlib.suppress(ConnectionError):
            for answer in (hello, subscribe):
                if await reader.read(1000):
                    writer.write(answer)
            await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(refuse, folder / "redis.sock")
    url = replace(settings, redis_url=f"unix://{folder}/redis.sock")
    bus = a_bus(url)
    assert not await bus.subscribe([CHANNEL])
    running = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(60):
            await four.wait()
    finally:
        running.cancel()
        await asyncio.wait([running])
        server.close()
    assert came[3] - came[0] > sum(RETRY_SECONDS[:3]) * 0.9, "each pause is longer than the last"
    assert not bus.connected


@asynccontextmanager
async def running(bus: Bus) -> AsyncIterator[None]:
    """The bus is connected, and ends in order."""
    task = asyncio.create_task(bus.run())
    try:
        async with asyncio.timeout(60):
            while not bus.connected:
                await asyncio.sleep(0.01)
        yield
    finally:
        await bus.close()
        await task


def let_go_meanwhile(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next subscription is under way when its channel is let go of, as the sweep may do."""
    subscribe = Wire.subscribe

    async def interrupted(line: Wire, channels: Iterable[str]) -> None:
        monkeypatch.setattr(Wire, "subscribe", subscribe)
        under_way = asyncio.ensure_future(subscribe(line, channels))
        await asyncio.sleep(0)
        bus.unsubscribe([CHANNEL])
        await under_way

    monkeypatch.setattr(Wire, "subscribe", interrupted)


async def until_let_go(servers: Servers) -> None:
    """Return when nobody hears the channel at Redis any more."""
    with servers.redis() as client:
        await asyncio.to_thread(wait_for, lambda: client.pubsub_numsub(CHANNEL)[0][1] == 0, 10)


async def test_a_channel_that_is_let_go_while_it_is_subscribed_to_is_not_taken_for_heard(
    settings: Settings, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is heard until Redis comes back the next time, and then never again."""
    bus = a_bus(settings)
    async with running(bus):
        let_go_meanwhile(bus, monkeypatch)
        assert await bus.subscribe([CHANNEL])
        assert not bus.hears(CHANNEL)
        await until_let_go(servers)
        assert await bus.subscribe([CHANNEL])
        assert bus.hears(CHANNEL)
        assert bus.wanted(CHANNEL) == [CHANNEL]


async def test_a_channel_that_is_let_go_while_redis_comes_back_is_not_taken_for_heard(
    settings: Settings, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = a_bus(settings)
    assert not await bus.subscribe([CHANNEL])
    let_go_meanwhile(bus, monkeypatch)
    async with running(bus):
        assert not bus.hears(CHANNEL)
        await until_let_go(servers)


async def test_a_channel_that_is_let_go_and_wanted_again_while_it_is_subscribed_to_is_heard(
    settings: Settings, servers: Servers
) -> None:
    bus = a_bus(settings)
    async with running(bus):
        first = asyncio.ensure_future(bus.subscribe([CHANNEL]))
        await asyncio.sleep(0)
        bus.unsubscribe([CHANNEL])
        assert all(await asyncio.gather(first, bus.subscribe([CHANNEL])))
        assert bus.hears(CHANNEL)
        with servers.redis() as client:
            assert client.pubsub_numsub(CHANNEL)[0][1] == 1
