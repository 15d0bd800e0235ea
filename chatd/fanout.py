"""Writes frames to many peers: the hot path.

Level-triggered: a change appends its frame, the same bytes object for everybody, to what its
peers are due; one flush a turn of the loop writes each peer's due frames, of all its rooms, joined
in one call. There is never a task, a queue or an `await` per recipient.
"""

import asyncio
from collections.abc import Iterable

import structlog

from chatd.peer import Peer

log = structlog.get_logger("chatd.fanout")


class Fanout:
    """The frames that are due, and their flush. `limit` is in bytes, see `Peer.write`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._dirty: list[Peer] = []

    def post(self, peers: Iterable[Peer], frame: bytes) -> None:
        """Owe `frame` to each of `peers`; it is written at the end of this turn of the loop."""
        dirty = self._dirty
        idle = not dirty
        for peer in peers:
            due = peer.due
            if not due:
                dirty.append(peer)
            due.append(frame)
        if idle and dirty:
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write all that is due."""
        dirty, self._dirty = self._dirty, []
        limit = self._limit
        last: list[bytes] = []
        data = b""
        for peer in dirty:
            due, peer.due = peer.due, []
            # The members of a room are mostly due the same frames: those are joined once for all of them.
            if due != last:
                last, data = due, due[0] if len(due) == 1 else b"".join(due)
            try:
                peer.write(data, limit)
            except Exception:
                # A transport that dies while it is written to must not cost the others their frames.
                log.warning("write failed", user=peer.user.id, exc_info=True)
