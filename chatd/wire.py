"""One connection to Redis for publishing and hearing, in RESP3: thin, over hiredis's parser.

redis-py subscribes again *silently* after a broken connection, and what was published meanwhile
is gone without a trace; here the loss is an event, since the rooms' heads must then be compared.
It also costs 16 µs a message, where this costs 1.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

import hiredis
from redis.connection import parse_url

CONNECT_SECONDS = 2.0
# After which the others are served, though more was read: a read may hold hundreds of publishes, and each adds a frame to
# what every member of its room is due: 34 ns each, half a millisecond where they are 15,000.
TURN_SECONDS = 0.01


class Wire(asyncio.Protocol):
    """Calls `on_message(channel, payload)` for each publish that is heard."""

    def __init__(self, on_message: Callable[[bytes, bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        self._on_message = on_message
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._confirmations: dict[bytes, asyncio.Future[None]] = {}
        self._ready = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.heard = True  # since it was last set to False

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._take_replies()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("Redis closed the connection"))

    # -- commands

    async def hello(self, username: str | None, password: str | None) -> None:
        """Speak RESP3 and sign in. Raises `ConnectionError`."""
        auth = ("AUTH", username or "default", password) if password else ()
        self._send(_packed("HELLO", "3", *auth))
        await self._ready

    async def subscribe(self, channels: Iterable[str]) -> None:
        """Hear these channels; returns when Redis has confirmed each. Raises `ConnectionError`."""
        names = [channel.encode() for channel in channels]
        if not names:
            return
        waiting = []
        for name in names:
            if name not in self._confirmations:
                self._confirmations[name] = asyncio.get_running_loop().create_future()
            waiting.append(self._confirmations[name])
        self._send(_packed("SUBSCRIBE", *names))
        # Not gather: the futures are shared, and one who stops waiting must not end it for others.
        await asyncio.wait(waiting)
        for future in waiting:
            future.result()

    def unsubscribe(self, channels: Iterable[str]) -> None:
        """Hear these channels no longer."""
        self._send(_packed("UNSUBSCRIBE", *channels))

    def publish(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Publish payloads on channels, in order, in one write."""
        self._send(b"".join([_packed("PUBLISH", channel, payload) for channel, payload in items]))

    def ping(self) -> None:
        """Make a living Redis say something."""
        self.heard = False
        self._send(_packed("PING"))

    def close(self) -> None:
        """Write what is due, then end."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End now: a stopped Redis does not disconnect by itself."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the connection to Redis is gone")
        self._transport.write(data)

    def _take_replies(self) -> None:
        """Take what was read, for a turn; nothing more is read before all of it is taken."""
        assert self._transport is not None
        self.heard = True
        until = time.monotonic() + TURN_SECONDS
        try:
            while (reply := self._reader.gets()) is not False and not self.lost.done():
                self._take(reply)
                if time.monotonic() > until:
                    self._transport.pause_reading()
                    asyncio.get_running_loop().call_soon(self._take_replies)
                    return
        except Exception as fault:
            # Nobody above would end the connection for it in a later turn, and nothing more would be read.
            self._fail(ConnectionError(f"what Redis said can not be taken: {fault}"))
            raise
        self._transport.resume_reading()

    def _take(self, reply: object) -> None:
        if isinstance(reply, hiredis.PushNotification):
            self._pushed(reply)
        elif isinstance(reply, hiredis.HiredisError):
            self._fail(ConnectionError(f"Redis refused a command: {reply}"))
        elif not self._ready.done():
            self._ready.set_result(None)  # the answer to HELLO; the others are of PUBLISH and PING

    def _pushed(self, reply: list[Any]) -> None:
        kind, channel, value = reply
        if kind == b"message":
            self._on_message(channel, value)
        elif kind == b"subscribe":
            waiting = self._confirmations.pop(channel, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    def _fail(self, fault: Exception) -> None:
        waiting = [*self._confirmations.values(), self._ready]
        self._confirmations.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(ConnectionError(str(fault)))
                future.exception()  # somebody may have stopped waiting
        if not self.lost.done():
            self.lost.set_result(None)
        self.abort()


def _packed(*command: str | bytes) -> bytes:
    """A command as Redis reads it. The parser's stubs know only tuples of one."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]
    return packed


async def connect(url: str, password: str | None, on_message: Callable[[bytes, bytes], None]) -> Wire:
    """Connect and sign in to the Redis of a `redis://`, `rediss://` or `unix://` URL.

    Raises `OSError` (of which `ConnectionError` and `TimeoutError` are kinds).
    """
    loop = asyncio.get_running_loop()
    address: dict[str, Any] = dict(parse_url(url))  # type: ignore[no-untyped-call]
    async with asyncio.timeout(CONNECT_SECONDS):
        if "path" in address:
            _, wire = await loop.create_unix_connection(lambda: Wire(on_message), address["path"])
        else:
            _, wire = await loop.create_connection(
                lambda: Wire(on_message),
                address.get("host", "localhost"),
                address.get("port", 6379),
                ssl=url.startswith("rediss:") or None,
            )
        try:
            await wire.hello(address.get("username"), address.get("password") or password)
        except BaseException:
            wire.abort()
            raise
    return wire
