"""Pings over real connections, many times a second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed

from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.keepalive import Keepalive
from chatd.line import Bounds, Line, lines
from chatd.peer import Peer
from chatd.ratelimit import Buckets, Rate
from shared.protocol import Close

SECONDS = 60.0
INTERVAL = 0.5
LIMIT = 1_000_000


class Daemon:
    """What takes connections, and pings them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hub: Hub[Peer] = Hub()
        self.ended = asyncio.Event()

    async def serve(self, socket: ServerConnection) -> None:
        """Read until the end."""
        assert isinstance(socket, Line)
        peer = Peer(socket, sid="x" * 43, user=1)
        self.hub.register(peer, 1)
        try:
            async for _ in socket:
                pass
        finally:
            self.hub.remove(peer)
            self.ended.set()


@asynccontextmanager
async def a_daemon(path: Path) -> AsyncIterator[Daemon]:
    daemon = Daemon(path)
    bounds = Bounds(Buckets(Rate(1_000, 1_000)), waiting=LIMIT, lines=10)
    fanout = Fanout(asyncio.get_running_loop(), limit=LIMIT)
    running = asyncio.create_task(Keepalive(daemon.hub, fanout, interval=INTERVAL).run())
    try:
        async with unix_serve(
            daemon.serve, str(path), create_connection=lines(bounds), ping_interval=None, close_timeout=0.1
        ):
            yield daemon
    finally:
        running.cancel()


async def test_who_answers_stays_and_who_is_silent_goes(tmp_path: Path) -> None:
    async with (
        a_daemon(tmp_path / "s") as daemon,
        unix_connect(str(daemon.path), ping_interval=None) as answers,
        unix_connect(str(daemon.path), ping_interval=None) as silent,
        asyncio.timeout(SECONDS),
    ):
        silent.transport.pause_reading()
        await daemon.ended.wait()
        silent.transport.resume_reading()
        with pytest.raises(ConnectionClosed) as end:
            await silent.recv()
        assert end.value.rcvd is not None
        assert end.value.rcvd.code == Close.FAILED
        assert "ping" in end.value.rcvd.reason
        assert len(daemon.hub) == 1, "only the silent one has gone"
        await answers.ping()


async def test_whatever_comes_shows_that_somebody_is_there(tmp_path: Path) -> None:
    async with (
        a_daemon(tmp_path / "s") as daemon,
        unix_connect(str(daemon.path), ping_interval=None) as talks,
        asyncio.timeout(SECONDS),
    ):
        talks.transport.pause_reading()  # it answers no ping
        loop = asyncio.get_running_loop()
        until = loop.time() + 4 * INTERVAL
        while loop.time() < until:
            await talks.send("here")
            await asyncio.sleep(INTERVAL / 20)
        assert not daemon.ended.is_set()
        talks.transport.resume_reading()
