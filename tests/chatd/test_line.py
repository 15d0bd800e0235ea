"""What is written to a client that does not read: real connections, on the daemon's loop and on Python's."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvloop
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.asyncio.server import serve as tcp_serve
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from chatd.line import BURST_FACTOR, PART, SLICE, Bounds, Line, lines
from chatd.peer import Peer
from chatd.ratelimit import Buckets, Rate

SECONDS = 60
LIMIT = 16 * PART
SIZE = 190  # bytes of a frame
CLIENT: dict[str, Any] = {"ping_interval": None, "compression": None}


@pytest.fixture(params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def runner(request: pytest.FixtureRequest) -> Any:
    """Runs something on one of the loops."""

    def run(work: Coroutine[Any, Any, None]) -> None:
        faults: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=request.param) as loop:
            loop.get_loop().set_exception_handler(lambda _, fault: faults.append(fault))
            loop.run(asyncio.wait_for(work, SECONDS))
        assert not faults

    return run


@dataclass
class Pair:
    """Both ends of a connection."""

    peer: Peer
    line: Line
    client: ClientConnection
    written: int = 0

    def write(self, count: int) -> None:
        """The next frames, each with its number."""
        for number in range(self.written, self.written + count):
            text = str(number).encode().ljust(SIZE)
            self.peer.write(Frame(Opcode.TEXT, text).serialize(mask=False), LIMIT)
        self.written += count

    async def stall(self) -> None:
        """The client reads no more, and so much is written that some of it is held."""
        self.client.transport.pause_reading()
        while self.line.waiting < 3 * PART:
            self.write(100)
            await asyncio.sleep(0)
        assert self.line.transport.get_write_buffer_size() < PART, "the transport gets no more than it takes"

    async def read(self) -> list[int]:
        """What the client has got until it had all, or until the end."""
        got: list[int] = []
        async for text in self.client:
            got.append(int(text))
            if len(got) == self.written:
                break
        return got

    async def read_to_the_end(self) -> list[int]:
        """What the client got before it was told the end, or found it."""
        got: list[int] = []
        with suppress(ConnectionClosed):
            while True:
                got.append(int(await self.client.recv()))
        return got


@asynccontextmanager
async def a_pair(
    path: Path | None = None, *, close_timeout: float = SECONDS, frames: float = 1_000
) -> AsyncIterator[Pair]:
    """A connection by a unix socket, or by TCP, for so many frames a second (0: any number)."""
    there: asyncio.Queue[Line] = asyncio.Queue()

    async def serve(socket: ServerConnection) -> None:
        assert isinstance(socket, Line)
        there.put_nowait(socket)
        await socket.wait_closed()

    options: dict[str, Any] = {
        "create_connection": lines(Bounds(Buckets(Rate(frames, frames)), waiting=LIMIT, lines=10)),
        "ping_interval": None,
        "close_timeout": close_timeout,
    }
    server = unix_serve(serve, str(path), **options) if path else tcp_serve(serve, "127.0.0.1", 0, **options)
    async with server as listening:
        _, port = (None, None) if path else listening.sockets[0].getsockname()
        connecting = (
            unix_connect(str(path), **CLIENT) if path else connect(f"ws://127.0.0.1:{port}", **CLIENT)
        )
        async with connecting as client:
            line = await there.get()
            yield Pair(Peer(line, sid="x" * 43, user=1), line, client)


def test_what_was_held_comes_in_its_order_when_the_client_reads_again(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            await pair.stall()
            pair.client.transport.resume_reading()
            reading = asyncio.create_task(pair.read())
            while pair.line.waiting:  # what is written meanwhile comes behind it
                pair.write(1)
                await asyncio.sleep(0)
            pair.write(1)
            assert await reading == [*range(pair.written)]

    runner(scene())


def test_who_stalls_again_and_again_misses_nothing(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            got: list[int] = []
            for _ in range(3):
                await pair.stall()
                pair.client.transport.resume_reading()
                while len(got) < pair.written:
                    got.append(int(await pair.client.recv()))
            assert got == [*range(pair.written)]
            assert pair.line.waiting == 0

    runner(scene())


def test_a_close_comes_behind_what_was_held(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            await pair.stall()
            closing = asyncio.create_task(pair.peer.close(4001, "revoked"))
            await asyncio.sleep(0)
            pair.client.transport.resume_reading()
            assert await pair.read() == [*range(pair.written)]
            with pytest.raises(ConnectionClosedError, match="revoked"):
                await pair.client.recv()
            await closing

    runner(scene())


def test_who_says_something_while_a_burst_waits_for_it_is_not_cut_off_for_that(
    runner: Any, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            pair.client.transport.pause_reading()
            part = Frame(Opcode.TEXT, b"x" * PART).serialize(mask=False)
            count = 2 * LIMIT // PART
            pair.peer.write(part * count, LIMIT)
            assert pair.line.waiting > LIMIT
            await pair.client.send("here")
            assert await pair.line.recv() == "here"
            pair.client.transport.resume_reading()
            for _ in range(count):
                assert len(await pair.client.recv()) == PART

    runner(scene())


def test_who_says_something_while_a_close_waits_behind_a_burst_hears_both(
    runner: Any, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            await pair.stall()
            while pair.line.waiting < 2 * LIMIT:
                pair.write(1)
            closing = asyncio.create_task(pair.peer.close(4001, "revoked"))
            await asyncio.sleep(0)
            await pair.client.send("here")
            await asyncio.sleep(0.1)  # until that has come, of which nothing tells
            pair.client.transport.resume_reading()
            assert await pair.read() == [*range(pair.written)]
            await closing
            assert pair.client.close_reason == "revoked"

    runner(scene())


def test_who_asks_for_pongs_and_does_not_read_them_is_cut_off(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s", frames=0) as pair:
            pair.client.transport.pause_reading()
            pings = Frame(Opcode.PING, b"x" * 125).serialize(mask=True) * 100
            most = 0
            while not pair.line.transport.is_closing():
                pair.client.transport.write(pings)
                await asyncio.sleep(0)
                most = max(most, pair.line.waiting)
            assert most <= BURST_FACTOR * LIMIT + SLICE
            await pair.line.wait_closed()

    runner(scene())


def test_who_reads_nothing_holds_up_no_close(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s", close_timeout=0.1) as pair:
            await pair.stall()
            await pair.peer.close(1012, "restart")
            assert pair.line.state is State.CLOSED

    runner(scene())


def test_nothing_follows_the_close_of_a_connection_that_failed(runner: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            await pair.stall()
            pair.line.fail(1011, "no answer")
            pair.client.transport.resume_reading()
            got = await pair.read_to_the_end()
            assert got == [*range(len(got))]
            assert len(got) < pair.written
            assert pair.client.close_reason == "no answer"

    runner(scene())


def test_a_client_that_ends_its_half_of_the_line_without_a_word_ends_it(runner: Any) -> None:
    async def scene() -> None:
        async with a_pair() as pair:
            await pair.stall()
            pair.client.transport.write_eof()
            while pair.line.state is State.OPEN:
                await asyncio.sleep(0)
            closing = asyncio.create_task(pair.peer.close(1000, ""))
            await asyncio.sleep(0)
            pair.client.transport.resume_reading()
            got = await pair.read_to_the_end()
            assert got == [*range(len(got))]
            await closing

    runner(scene())


def test_what_was_sent_before_the_end_is_heard_to_its_last_frame(runner: Any, tmp_path: Path) -> None:
    """It is taken in slices, and while some of it is left neither loop reads on, and finds the end."""

    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            count = 50 * SLICE // SIZE
            pair.client.transport.write(Frame(Opcode.TEXT, b"x" * SIZE).serialize(mask=True) * count)
            pair.client.transport.write_eof()
            for _ in range(count // 2):
                await pair.line.recv()
            assert pair.line.state is State.OPEN
            for _ in range(count // 2, count):
                await pair.line.recv()
            with pytest.raises(ConnectionClosed):
                await pair.line.recv()

    runner(scene())


def test_all_who_do_not_read_share_what_is_held_and_who_is_gone_holds_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with a_pair(tmp_path / "s") as pair:
            await pair.stall()
            data = Frame(Opcode.TEXT, bytes(SIZE)).serialize(mask=False)
            before = sys.getrefcount(data)
            pair.peer.write(data, LIMIT)
            assert sys.getrefcount(data) == before + 1, "the same bytes, not a copy of them"
            pair.line.transport.abort()
            await pair.line.wait_closed()
            assert sys.getrefcount(data) == before

    uvloop.run(asyncio.wait_for(scene(), SECONDS))


def test_who_is_cut_off_hears_of_it_at_once_though_nothing_more_fits_in_its_buffer(runner: Any) -> None:
    """TCP: without the reset the client would only find what the kernel had taken, and no end."""

    async def scene() -> None:
        async with a_pair() as pair:
            pair.client.transport.pause_reading()
            while not pair.line.transport.is_closing():
                pair.write(100)
                await asyncio.sleep(0)
            pair.client.transport.resume_reading()
            with pytest.raises(ConnectionClosedError) as closed:
                await pair.read()
            assert isinstance(closed.value.__cause__, ConnectionResetError)

    runner(scene())
