"""Writes frames to many peers: the hot path.

Level-triggered: a change adds its frame, the same bytes object for everybody, to what its peers are
due; the flush writes each peer's due frames, of all its rooms, joined in one call. There is never a
task, a queue or an `await` per recipient.

What a peer is due is a chain: its newest frame, and what was due before that. Those who are due the same, as the
members of a room mostly are, share one chain, so that it is made and joined once for all of them.

A flush goes through the peers in turn, a slice of them a turn of the loop: between two slices the loop reads what
came in. So an answer does not wait until a large room was served, and what happens meanwhile joins
what those who come later are due. Smaller slices are better for answers, larger ones for the last who is served.
"""

import asyncio
from collections import deque
from collections.abc import Iterable

import structlog

from chatd.peer import Due, Peer

log = structlog.get_logger("chatd.fanout")

SLICE = 128  # peers written to in one turn of the loop, which takes about 1.5 ms
# The same while people here say something, and wait for the answer. In a room of 1,000 that hears 200 messages a
# second half of the answers came within 17 ms when it was served in one turn, 5.8 in slices of 16, 4.1 of 8.
SLICE_AMONG_ANSWERS = 10
ANSWERS_SECONDS = 0.1  # from one answer on, in which the next is expected


class Fanout:
    """The frames that are due, and their flush. `limit` is in bytes, see `Peer.write`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, limit: int) -> None:
        self._loop = loop
        self._limit = limit
        self._first: list[Peer] = []
        self._dirty: deque[Peer] = deque()
        self._is_flushing = False
        self._answered = -ANSWERS_SECONDS  # when the last answer was given, by the clock of the loop

    def post(self, peers: Iterable[Peer], frame: bytes) -> None:
        """Owe `frame` to each of `peers`, behind what they are due already."""
        dirty = self._dirty
        before: Due | None = None
        after: Due = (None, frame)
        for peer in peers:
            due = peer.due
            if due is None:
                dirty.append(peer)
            if due is not before:
                before, after = due, (due, frame)
            peer.due = after
        self._flush_soon()

    def answer(self, peer: Peer, frame: bytes) -> None:
        """Owe `frame` to one peer that waits for it: it is written, with what it is due, before the others'."""
        peer.due = (peer.due, frame)
        self._first.append(peer)
        self._answered = self._loop.time()
        self._flush_soon()

    def flush(self) -> None:
        """Write what is due to all peers, now."""
        self._write_to_next(len(self._dirty))

    def _flush_slice(self) -> None:
        self._is_flushing = False
        is_among_answers = self._loop.time() - self._answered < ANSWERS_SECONDS
        self._write_to_next(SLICE_AMONG_ANSWERS if is_among_answers else SLICE)
        self._flush_soon()

    def _write_to_next(self, count: int) -> None:
        """Write what is due to those who wait for an answer, and to the next `count` of the others."""
        first, self._first = self._first, []
        self._write(first)
        dirty = self._dirty
        self._write([dirty.popleft() for _ in range(min(count, len(dirty)))])

    def _flush_soon(self) -> None:
        if not self._is_flushing and (self._dirty or self._first):
            self._is_flushing = True
            self._loop.call_soon(self._flush_slice)

    def _write(self, peers: Iterable[Peer]) -> None:
        limit = self._limit
        last: Due | None = None
        data = b""
        for peer in peers:
            due, peer.due = peer.due, None
            if due is None:  # it had an answer meanwhile, and all else with it
                continue
            # One write for all of it: the kernel takes 7 µs for each.
            if due is not last:
                last, data = due, joined(due)
            try:
                peer.write(data, limit)
            except Exception:
                # A transport that dies while it is written to must not cost the others their frames.
                log.warning("write failed", user=peer.user.id, exc_info=True)


def joined(due: Due) -> bytes:
    """The frames of a chain, the oldest first."""
    frames = []
    rest: Due | None = due
    while rest:
        rest, frame = rest
        frames.append(frame)
    frames.reverse()
    return b"".join(frames)
