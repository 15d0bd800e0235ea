"""One connection as the network sees it: bounds what a peer can cost before its messages are read.

`websockets` answers pings and collects fragments by itself, and takes all that the kernel has at once,
which is up to 40,000 frames. Here a read is taken in slices, with the other connections' turns
between them; every frame counts, whatever it is; who sends too many is not read for a while, so that
TCP slows the peer down; and who goes on and on is closed. All lines of a user count together.

And what is written to a peer that does not read waits here.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.protocol import Event, State

from chatd.ratelimit import Buckets
from shared.protocol import Close

SLICE = 2048  # bytes looked at before the clock is: 340 of the smallest frames, which take 5 ms
TURN_SECONDS = 0.003  # after which the others are served: never reached by large frames, which are cheap
HANDSHAKE_MAX = 32_768  # bytes of a request and its headers, as nginx; the library takes 1 MiB
PATIENCE_SECONDS = 10.0  # for who is slowed down without a break
PART = 65_536  # bytes given to the transport at a time, of what had to wait for it
BURST_FACTOR = 4  # times the bytes that may wait, and the end comes at once
STUCK_LOOKS = 4  # pings: two minutes in which none of what waits was taken
RESERVE = 64  # connections above the most, for health checks and for those that are told to go elsewhere

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a line may cost: `frames` of any kind, bytes `waiting` for it (for a burst, `BURST_FACTOR` times as
    many), and `lines` of the daemon in all."""

    frames: Buckets
    waiting: int
    lines: int


class Line(ServerConnection):
    """A `ServerConnection` that bounds what its peer sends. `bounds` are the same for all."""

    def __init__(self, *args: Any, bounds: Bounds, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._bounds = bounds
        self._rest = b""  # received, and not yet looked at
        self._received = 0  # bytes, while the handshake lasts
        self._frames = 0  # in the slice that is looked at
        self._owner: Hashable = ("line", next(_numbers))  # whose bucket of frames it is: at first its own
        self._slowed = 0.0  # seconds for which it was not read, without a break
        self._reading = True
        self._queue_is_full = False
        self._too_fast = False
        self._ending: asyncio.TimerHandle | None = None
        self._heard = True  # whether anything came since that was last asked
        self._stuck = 0  # bytes in the full transport when `is_read` last looked; 0: it had room
        self._stuck_looks = 0  # in a row at which none of them had gone
        self._unsent: list[bytes] = []  # to be written when the transport has room
        self._unsent_size = 0  # bytes

    def belongs_to(self, user: int) -> None:
        """From now on this line's frames count for a user."""
        self._owner = ("user", user)

    def forget_handshake(self) -> None:
        """Let go of what both sides said in the headers: 3 KB, and the session's cookie among them."""
        for said in (self.request, self.response):
            if said is not None:
                said.headers.clear()

    def was_heard(self) -> bool:
        """Whether anything came since this was last asked; who is not read just now can not show it."""
        heard, self._heard = self._heard or not self._reading, False
        return heard

    def is_read(self) -> bool:
        """Whether the kernel took some of what waits for the peer, in one of the last `STUCK_LOOKS` times of asking.

        Also who never lets too much wait must read: else it could have everything below that kept for ever. But a
        kernel takes in steps, from a unix socket when about 160 KB were read, for which a line of 32 kbit/s needs 40 s.
        """
        is_stuck = self.paused and not self.transport.is_closing()
        before, self._stuck = self._stuck, self.transport.get_write_buffer_size() if is_stuck else 0
        self._stuck_looks = self._stuck_looks + 1 if before and self._stuck >= before else 0
        return self._stuck_looks < STUCK_LOOKS

    # -- writing

    @property
    def waiting(self) -> int:
        """How many bytes the kernel has not taken yet."""
        return self.transport.get_write_buffer_size() + self._unsent_size

    def hold(self, data: bytes) -> None:
        """Keep whole frames while the transport is `paused`; they go out when it has room, unless the end comes first.

        Those of a room who do not read mostly share them: 50 of them took 78 MB where each one's transport kept an
        object for each frame, and take 24 here (tests/bench/NOTES.md).
        """
        self._unsent.append(data)
        self._unsent_size += len(data)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close behind what was held, and end what does not go out within `close_timeout`.

        The library waits for that without an end: its own time counts from when all is written.
        """
        if self._unsent and self.state is State.OPEN:
            self.transport.writelines(self._unsent)
            self._unsent, self._unsent_size = [], 0
        if self.state is not State.CLOSED:
            self._end_soon()
        await super().close(code, reason)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stuck = 0
        # Nothing follows a close frame (RFC 6455 §5.5.1), or the end of what is written.
        while self._unsent and not self.paused and self.state is State.OPEN:
            self.transport.write(self._take_unsent(PART))

    def _take_unsent(self, least: int) -> bytes:
        """The first frames of what was held, at least so many bytes where there are as many."""
        count = size = 0
        while size < least and count < len(self._unsent):
            size += len(self._unsent[count])
            count += 1
        part = b"".join(self._unsent[:count])
        del self._unsent[:count]
        self._unsent_size -= size
        return part

    # -- asyncio.Protocol

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # The queue of frames is not the only reason not to read.
        self.recv_messages.pause = self._queue_filled
        self.recv_messages.resume = self._queue_emptied
        if len(self.server.handler_tasks) > self._bounds.lines + RESERVE:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        # Now: the connection itself lives until cycles are collected.
        self._unsent, self._unsent_size = [], 0
        if self._ending is not None:
            self._ending.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        self._rest = self._rest + data if self._rest else data
        self._go_on()

    # -- reading

    def process_event(self, event: Event) -> None:
        if self.request is not None:
            self._frames += 1
        super().process_event(event)

    def _go_on(self) -> None:
        """Look at the next slice; read on when nothing is left of the last read, and nothing speaks against it."""
        if self.transport.is_closing():
            self._rest = b""
            return
        until = time.monotonic() + TURN_SECONDS
        while self._rest and not self._must_not_read and not self.transport.is_closing():
            self._look_at_a_slice()
            if time.monotonic() > until:
                break
        if self._rest and not self._must_not_read:
            self.loop.call_soon(self._go_on)
        self._read(not self._rest and not self._must_not_read)

    @property
    def _must_not_read(self) -> bool:
        return self._queue_is_full or self._too_fast

    def _read(self, on: bool) -> None:
        """Read on, or not: then the end of what the peer sends is not found either, while something of it is left."""
        if on is self._reading or self.transport.is_closing():
            return
        self._reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _look_at_a_slice(self) -> None:
        part, self._rest = self._rest[:SLICE], self._rest[SLICE:]
        if self.request is None:
            self._received += len(part)
            if self._received > HANDSHAKE_MAX:
                self.transport.abort()
                return
        super().data_received(part)
        if self.waiting > self._bounds.waiting * BURST_FACTOR:
            self.transport.abort()  # it asks for pongs, and does not read them; fewer see `Keepalive`
        if self.state in (State.CLOSING, State.CLOSED):
            self._end_soon()
        self._count_frames()

    def _queue_filled(self) -> None:
        self._queue_is_full = True  # this comes from `_look_at_a_slice`, after which reading stops

    def _queue_emptied(self) -> None:
        self._queue_is_full = False
        # Not at once: this is called by who waits for a message, in the middle of it.
        self.loop.call_soon(self._go_on)

    # -- too much

    def _count_frames(self) -> None:
        now, frames = time.monotonic(), self._bounds.frames
        count, self._frames = self._frames, 0
        if not count:
            return
        frames.take(self._owner, now, count)
        wait = frames.wait(self._owner, now)
        if not wait:
            self._slowed = 0.0
            return
        self._slowed += wait
        if self._slowed > PATIENCE_SECONDS:
            self.fail(Close.TOO_MANY, "too many frames")
            return
        self._too_fast = True
        self.loop.call_later(wait, self._slow_enough)

    def _slow_enough(self) -> None:
        self._too_fast = False
        self._go_on()

    def fail(self, code: int, reason: str) -> None:
        """Close without waiting for what the peer says to it (RFC 6455 §7.1.7)."""
        if self.state is State.OPEN:
            self.protocol.fail(code, reason)
            self.send_data()
        self._end_soon()

    def _end_soon(self) -> None:
        """A peer that was told to go, and stays, is cut off."""
        if self._ending is None:
            self._ending = self.loop.call_later(self.close_timeout or 0.0, self.transport.abort)


def lines(bounds: Bounds) -> Callable[..., Line]:
    """What makes the connections of a server: its `create_connection`."""

    def line(*args: Any, **kwargs: Any) -> Line:
        return Line(*args, bounds=bounds, **kwargs)

    return line
