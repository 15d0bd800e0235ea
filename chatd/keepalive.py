"""Pings every connection in turn, and ends those from which nothing comes (RFC 6455 §5.5.2), or which take nothing.

One task for all of them. `websockets` has a task for each connection, which took 2.5 KB of it, and with 15,000 connections
as much of a core as their pings.
"""

import asyncio
from collections.abc import Sequence

from websockets.frames import Frame, Opcode

from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer
from shared.protocol import Close

PING = Frame(Opcode.PING, b"").serialize(mask=False)
INTERVAL_SECONDS = 30.0  # between two pings of a connection; who says nothing from one to the next is gone
PARTS = 100  # into which a round is divided, so that it holds up nobody
SORTED = 25  # parts for which peers are sorted at a time: so late may the first ping of who has come be


class Keepalive:
    """Pings the peers of `hub`, behind what they are due. Each has its own part, so that all its intervals are equal."""

    def __init__(self, hub: Hub[Peer], fanout: Fanout, *, interval: float = INTERVAL_SECONDS) -> None:
        self._hub = hub
        self._fanout = fanout
        self._interval = interval

    async def run(self) -> None:
        """Ping for ever."""
        while True:
            for start in range(0, PARTS, SORTED):
                for peers in self._sorted(start):
                    await asyncio.sleep(self._interval / PARTS)
                    self._ping(peers)

    def _sorted(self, start: int) -> list[list[Peer]]:
        """The peers of the next parts."""
        parts: list[list[Peer]] = [[] for _ in range(SORTED)]
        for peer in self._hub.peers():
            part = peer.number % PARTS - start
            if 0 <= part < SORTED:
                parts[part].append(peer)
        return parts

    def _ping(self, peers: Sequence[Peer]) -> None:
        there = []
        for peer in peers:
            heard, read = peer.socket.was_heard(), peer.socket.is_read()
            if not heard:
                peer.socket.fail(Close.FAILED, "no answer to a ping")
            elif not read:
                peer.cut_off()
            else:
                there.append(peer)
        self._fanout.post(there, PING)
