"""Pings every connection in turn, and ends those from which nothing comes (RFC 6455 §5.5.2).

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
PARTS = 200  # into which a round is divided, so that it holds up nobody


class Keepalive:
    """Pings the peers of `hub`, behind what they are due."""

    def __init__(self, hub: Hub[Peer], fanout: Fanout, *, interval: float = INTERVAL_SECONDS) -> None:
        self._hub = hub
        self._fanout = fanout
        self._interval = interval

    async def run(self) -> None:
        """Ping for ever."""
        while True:
            peers = self._hub.peers()
            for part in range(PARTS):
                await asyncio.sleep(self._interval / PARTS)
                self._ping(peers[part::PARTS])

    def _ping(self, peers: Sequence[Peer]) -> None:
        there = []
        for peer in peers:
            if peer.socket.was_heard():
                there.append(peer)
            else:
                peer.socket.fail(Close.FAILED, "no answer to a ping")
        self._fanout.post(there, PING)
