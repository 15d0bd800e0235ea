"""The connection to Redis where Redis takes connections and refuses commands."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatd.bus import RETRY_SECONDS, Bus
from shared.settings import Settings
from tests.servers import short_folder

HELLO = b"%1\r\n+server\r\n+redis\r\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder()
    yield made
    shutil.rmtree(made)


def ignore(*_: object) -> None:
    """Nothing is heard here."""


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
    bus = Bus(url, on_room=ignore, on_user=ignore, on_presence=ignore, on_restored=ignore)
    assert not await bus.subscribe(["a channel"])
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
