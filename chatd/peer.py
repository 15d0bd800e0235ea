"""A connected client, as everything but its own receive loop sees it."""

import asyncio
import contextlib

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from shared import protocol
from shared.sessions import digest


def frame(message: protocol.ServerMessage | bytes) -> bytes:
    """The WebSocket text frame of a message or of its JSON (RFC 6455 §5.2), the same bytes for everybody.

    A server's frames carry no mask, and compression is off, so one frame serves all connections.
    """
    payload = message if isinstance(message, bytes) else protocol.encode(message)
    return Frame(Opcode.TEXT, payload).serialize(mask=False)


class Peer:
    """One connection of one signed-in user. `due` are the frames that the next flush writes."""

    __slots__ = ("_answered", "due", "faults", "session", "sid", "socket", "unanswered", "user")

    UNANSWERED_MAX = 64

    def __init__(self, socket: ServerConnection, *, sid: str, user: int) -> None:
        self.socket = socket
        self.sid = sid
        self.session = digest(sid)
        self.user = protocol.User(user, "")  # the name is known after hello
        self.due: list[bytes] = []
        self.faults = 0
        self.unanswered = 0
        self._answered = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether frames may still be written."""
        return self.socket.state is State.OPEN

    def write(self, data: bytes, *, limit: int) -> None:
        """Write whole frames; a peer for whom more than `limit` bytes wait is cut off.

        It can not read a close code anyway, and the log brings it up to date when it is back.
        """
        transport = self.socket.transport
        if self.socket.state is not State.OPEN or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > limit:
            transport.abort()

    async def close(self, code: int, reason: str) -> None:
        """Close the connection with a code of `protocol.Close`."""
        with contextlib.suppress(ConnectionClosed, OSError):
            await self.socket.close(code, reason)

    def answered(self) -> None:
        """One of the commands that wait for the journal has its answer."""
        self.unanswered -= 1
        self._answered.set()

    async def until_few_unanswered(self) -> None:
        """Return when fewer than `UNANSWERED_MAX` commands wait for their answer.

        Until then nothing more is read from this client: TCP slows it down.
        """
        while self.unanswered >= self.UNANSWERED_MAX:
            self._answered.clear()
            await self._answered.wait()
