"""One connection to Redis, beside a server that says what the test wants."""

import asyncio
import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chatd import wire
from tests.servers import short_folder

HELLO = b"%1\r\n+server\r\n+redis\r\n"
MESSAGES = [f"message {number}".encode() for number in range(50)]


def publish(payload: bytes) -> bytes:
    """What Redis pushes to who hears the channel `room`."""
    return b">3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$%d\r\n%s\r\n" % (len(payload), payload)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = short_folder()
    yield made
    shutil.rmtree(made)


@asynccontextmanager
async def redis_that_says(data: bytes, folder: Path) -> AsyncIterator[str]:
    """The address of a server that welcomes one connection and then says `data`, all in one write."""

    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(HELLO + data)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        left.set()

    async with await asyncio.start_unix_server(serve, folder / "redis.sock"):
        yield f"unix://{folder}/redis.sock"
        await left.wait()


async def test_others_have_their_turn_while_much_is_heard_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "TURN_SECONDS", 0.0)
    turns = 0
    heard: list[tuple[int, bytes]] = []
    all_heard = asyncio.Event()

    async def somebody_else() -> None:
        nonlocal turns
        while not all_heard.is_set():
            turns += 1
            await asyncio.sleep(0)

    def hear(_: bytes, payload: bytes) -> None:
        heard.append((turns, payload))
        if len(heard) == len(MESSAGES):
            all_heard.set()

    async with redis_that_says(b"".join(map(publish, MESSAGES)), folder) as url:
        connection = await wire.connect(url, None, hear)
        async with asyncio.timeout(30):
            await somebody_else()
        connection.abort()
    assert [payload for _, payload in heard] == MESSAGES
    at = [turn for turn, _ in heard]
    assert all(earlier < later for earlier, later in itertools.pairwise(at)), "a turn between any two"


async def test_what_comes_after_a_flood_is_heard_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TURN_SECONDS", 0.0)
    heard: list[bytes] = []
    large = publish(b"x" * 1_000_000)  # more than one read takes
    came = asyncio.Event()

    def hear(_: bytes, payload: bytes) -> None:
        heard.append(payload)
        if payload == b"the last":
            came.set()

    data = b"".join(map(publish, MESSAGES)) + large + publish(b"the last")
    async with redis_that_says(data, folder) as url:
        connection = await wire.connect(url, None, hear)
        async with asyncio.timeout(30):
            await came.wait()
        connection.abort()
    assert heard == [*MESSAGES, b"x" * 1_000_000, b"the last"]


async def test_a_fault_in_a_later_turn_ends_the_connection(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nothing more would be read of it, and nobody would know."""
    monkeypatch.setattr(wire, "TURN_SECONDS", 0.0)
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: faults.append(about))
    heard: list[bytes] = []

    def hear(_: bytes, payload: bytes) -> None:
        heard.append(payload)
        if len(heard) == 2:
            raise ValueError("not foreseen")

    async with redis_that_says(b"".join(map(publish, MESSAGES)), folder) as url:
        connection = await wire.connect(url, None, hear)
        async with asyncio.timeout(30):
            await connection.lost
    assert heard == MESSAGES[:2]
    assert [type(about["exception"]) for about in faults] == [ValueError], "it is said"
