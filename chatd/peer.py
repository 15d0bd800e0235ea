"""A connected client, as everything but its own receive loop sees it."""

import asyncio
import contextlib
import itertools
import socket as sockets
import struct
import time
from typing import TypeAlias

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from chatd.line import BURST_FACTOR, Line
from shared import protocol
from shared.sessions import digest

# The newest of the frames that a peer is due, and those before it. Never changed, so peers share it.
Due: TypeAlias = "tuple[Due | None, bytes]"

STALL_SECONDS = 5.0
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: no time for what is unsent

_numbers = itertools.count()


def frame(message: protocol.ServerMessage | bytes) -> bytes:
    """The WebSocket text frame of a message or of its JSON (RFC 6455 §5.2), the same bytes for everybody.

    A server's frames carry no mask, and compression is off, so one frame serves all connections: to make one
    takes a microsecond or more, which each of a room's members would cost.
    """
    payload = message if isinstance(message, bytes) else protocol.encode(message)
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Peer:
    """One connection of one signed-in user. `due` is what the next flush writes."""

    __slots__ = (
        "_above_since",
        "_answered",
        "address",
        "due",
        "faults",
        "in_use",
        "number",
        "session",
        "sid",
        "socket",
        "transport",
        "unanswered",
        "user",
        "ws",
    )

    UNANSWERED_MAX = 64

    def __init__(self, socket: Line, *, sid: str, user: int, address: str | None = None) -> None:
        self.socket = socket
        # For `write`: read from the socket each time, they cost more than all the rest of it in Python. With frames
        # joined once for all (`Fanout`), 1.05 million deliveries a second became 1.5.
        self.transport = socket.transport
        self.ws = socket.protocol
        self.number = next(_numbers)  # by which rounds over all peers are divided into parts
        self.address = address  # of the client; None for a program of this machine
        self.sid = sid
        self.session = digest(sid)
        self.user = protocol.User(user, "")  # the name is known after hello
        self.due: Due | None = None
        self.faults = 0
        self.in_use = False  # whether its user did something since the session was last prolonged
        self.unanswered = 0
        self._answered: asyncio.Event | None = None  # made when first waited for: it takes 1 KB
        self._above_since = 0.0  # when too many bytes began to wait; 0: they do not

    @property
    def is_open(self) -> bool:
        """Whether frames may still be written."""
        return self.ws.state is State.OPEN

    def write(self, data: bytes, limit: int) -> bool:
        """Write whole frames, and look whether this client reads at all: whether more than `limit` bytes wait."""
        transport = self.transport
        # Nothing follows our close frame (RFC 6455 §5.5.1).
        if self.ws.close_sent or transport.is_closing():
            return False
        line = self.socket
        if line.paused:
            line.hold(data)
        else:
            transport.write(data)
        if line.paused or self._above_since:
            return self.cut_off_if_stalled(limit) > limit
        return False

    def cut_off_if_stalled(self, limit: int) -> int:
        """End the connection if more than `limit` bytes have waited for it for 5 s, or four times as many do.

        A burst of others is not this client's fault. One that stalls can not read a close code
        anyway, and the log brings it up to date when it is back. Returns how many bytes wait.
        """
        waiting = 0 if self.transport.is_closing() else self.socket.waiting
        if waiting <= limit:
            self._above_since = 0.0
            return waiting
        now = time.monotonic()
        self._above_since = self._above_since or now
        if waiting > limit * BURST_FACTOR or now - self._above_since > STALL_SECONDS:
            self.cut_off()
        return waiting

    def cut_off(self) -> None:
        """End the connection of a client that does not read.

        On TCP with a reset: else the kernel would keep what it has, for minutes, and the client hear of nothing.
        """
        with contextlib.suppress(OSError):
            descriptor = self.transport.get_extra_info("socket")
            descriptor.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, RESET)
        self.transport.abort()

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a code of `protocol.Close`."""
        with contextlib.suppress(ConnectionClosed, OSError):
            await self.socket.close(code, reason)

    def answered(self) -> None:
        """One of the commands that wait for the journal has its answer."""
        self.unanswered -= 1
        if self._answered is not None:
            self._answered.set()

    async def until_few_unanswered(self) -> None:
        """Return when fewer than `UNANSWERED_MAX` commands wait for their answer.

        Until then nothing more is read from this client: TCP slows it down.
        """
        await self._until_unanswered(self.UNANSWERED_MAX - 1)

    async def until_all_answered(self) -> None:
        """Return when no command waits for its answer."""
        await self._until_unanswered(0)

    async def _until_unanswered(self, most: int) -> None:
        while self.unanswered > most:
            self._answered = self._answered or asyncio.Event()
            self._answered.clear()
            await self._answered.wait()
