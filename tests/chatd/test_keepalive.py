"""Pings over real connections, many times a second, and whose turn it is, by a clock of our own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.keepalive import PARTS, SORTED, Keepalive
from chatd.line import PART, Bounds, Line, lines
from chatd.peer import Peer
from chatd.ratelimit import Buckets, Rate
from shared.protocol import Close

Served = list[tuple[int, int]]  # who was pinged, and at which tick

SECONDS = 60.0
INTERVAL = 0.5
LIMIT = 1_000_000


class Daemon:
    """What takes connections, and pings them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hub: Hub[Peer] = Hub()
        self.fanout = Fanout(asyncio.get_running_loop(), limit=LIMIT)
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
    running = asyncio.create_task(Keepalive(daemon.hub, daemon.fanout, interval=INTERVAL).run())
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


async def test_who_says_something_and_takes_nothing_of_what_waits_for_it_goes(tmp_path: Path) -> None:
    """However little that is: thousands of such connections would keep gigabytes."""
    async with (
        a_daemon(tmp_path / "s") as daemon,
        unix_connect(str(daemon.path), ping_interval=None) as talks,
        asyncio.timeout(SECONDS),
    ):
        talks.transport.pause_reading()
        daemon.fanout.post(daemon.hub.peers(), Frame(Opcode.TEXT, bytes(LIMIT // 2)).serialize(mask=False))
        while not daemon.ended.is_set():
            with suppress(ConnectionClosed):
                await talks.send("here")
            await asyncio.sleep(INTERVAL / 20)


async def test_who_takes_what_waits_for_it_slowly_stays(tmp_path: Path) -> None:
    async with (
        a_daemon(tmp_path / "s") as daemon,
        unix_connect(str(daemon.path), ping_interval=None, max_queue=1) as slow,
        asyncio.timeout(SECONDS),
    ):
        frames = 2 * LIMIT // PART
        for _ in range(frames):
            daemon.fanout.post(daemon.hub.peers(), Frame(Opcode.TEXT, bytes(PART)).serialize(mask=False))
        for _ in range(frames):
            await slow.recv()
            await slow.send("here")
            await asyncio.sleep(3 * INTERVAL / frames)
        assert not daemon.ended.is_set()


class Clock:
    """Stands in for `asyncio.sleep`: what happens at a tick happens then, and the next one is due at once."""

    def __init__(self) -> None:
        self.tick = 0
        self.happens: dict[int, Callable[[], None]] = {}

    async def sleep(self, _: float) -> None:
        """Let a part of a round pass."""
        self.happens.get(self.tick, lambda: None)()
        self.tick += 1
        if self.tick > 5 * PARTS:
            raise TimeoutError


def a_peer() -> Peer:
    line = SimpleNamespace(transport=None, protocol=None, was_heard=lambda: True, is_read=lambda: True)
    return Peer(cast(Line, line), sid="x" * 43, user=1)


async def served(monkeypatch: pytest.MonkeyPatch, hub: Hub[Peer], clock: Clock) -> Served:
    """Who was pinged, and at which tick, in five rounds."""
    found: Served = []
    monkeypatch.setattr("chatd.keepalive.asyncio.sleep", clock.sleep)
    fanout: Any = SimpleNamespace(
        post=lambda peers, _: found.extend((peer.number, clock.tick) for peer in peers)
    )
    with pytest.raises(TimeoutError):
        await Keepalive(hub, fanout).run()
    return found


def ticks(found: Served, peer: Peer) -> list[int]:
    return [tick for number, tick in found if number == peer.number]


async def test_between_two_pings_lies_an_interval_whoever_comes_and_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hub: Hub[Peer] = Hub()
    peers = [a_peer() for _ in range(3 * PARTS)]
    for peer in peers:
        hub.register(peer, 1)
    clock = Clock()
    gone = peers[::7]
    clock.happens = {50 + 3 * number: partial(hub.remove, peer) for number, peer in enumerate(gone)}
    found = await served(monkeypatch, hub, clock)
    for peer in set(peers) - set(gone):
        pinged = ticks(found, peer)
        assert len(pinged) == 5
        assert {after - before for before, after in pairwise(pinged)} == {PARTS}


async def test_who_comes_is_pinged_within_little_more_than_an_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proxies give up on a line on which nothing was said for a minute, which is two intervals."""
    hub: Hub[Peer] = Hub()
    came = {number: a_peer() for number in range(1, 2 * PARTS, 3)}
    clock = Clock()
    clock.happens = {tick: partial(hub.register, peer, 1) for tick, peer in came.items()}
    found = await served(monkeypatch, hub, clock)
    assert max(ticks(found, peer)[0] - tick for tick, peer in came.items()) <= PARTS + SORTED + 1
