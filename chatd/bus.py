"""Redis pub/sub between the daemons, and from web to them: a wake-up call, never the record.

What is lost here is found again by comparing the rooms' heads with the database.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence

import structlog

from chatd import wire
from shared import keys
from shared.settings import Settings

log = structlog.get_logger("chatd.bus")

SLICE = 1_000  # channels subscribed to by one command
PING_SECONDS = 1.0
CONFIRM_SECONDS = 3.0  # for Redis to confirm subscriptions
STABLE_SECONDS = 1.0  # after which a lost connection counts as one that worked
SILENT_PINGS = 3  # unanswered, and Redis is taken for gone
RETRY_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.0)


class Bus:
    """Stays connected to Redis, and hears the channels that are wanted."""

    def __init__(
        self,
        settings: Settings,
        *,
        on_room: Callable[[int, bytes], None],
        on_user: Callable[[int, bytes], None],
        on_presence: Callable[[bytes], None],
        on_restored: Callable[[], None],
    ) -> None:
        self._url, self._password = settings.redis_address("chatd")
        self.channels = keys.Channels(settings.redis_database)
        self._rooms, self._users = self.channels.rooms, self.channels.users
        self._on_room = on_room
        self._on_user = on_user
        self._on_presence = on_presence
        self._on_restored = on_restored
        self._wire: wire.Wire | None = None
        self._wanted: set[str] = set()
        self._closing = False
        self._heard: set[str] = set()  # confirmed by Redis on this connection

    @property
    def connected(self) -> bool:
        """Whether everything wanted is being heard."""
        return self._wire is not None

    async def run(self) -> None:
        """Connect, again and again, until `close`."""
        attempt = 0
        while not self._closing:
            try:
                line = await wire.connect(self._url, self._password, self._dispatch)
            except OSError as fault:
                if attempt == 0:
                    log.warning("redis is away", reason=str(fault) or type(fault).__name__)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
                attempt += 1
                continue
            began = time.monotonic()
            try:
                await self._serve(line)
            finally:
                self._wire = None
                self._heard.clear()
                line.abort()
            if self._closing:
                return
            log.warning("redis is away", reason="the connection was lost")
            # A Redis that takes connections and refuses commands must not be asked in a busy loop.
            attempt = 0 if time.monotonic() - began > STABLE_SECONDS else attempt + 1
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    async def _serve(self, line: wire.Wire) -> None:
        """Hear what is wanted until the connection is lost."""
        try:
            while missing := sorted(self._wanted - self._heard):
                async with asyncio.timeout(CONFIRM_SECONDS):
                    await line.subscribe(missing[:SLICE])
                self._confirmed(line, missing[:SLICE])
            self._wire = line
            log.info("redis is here", channels=len(self._heard))
            self._on_restored()
            silent = 0
            while silent < SILENT_PINGS:
                line.ping()
                await asyncio.wait([line.lost], timeout=PING_SECONDS)
                if line.lost.done():
                    return
                silent = 0 if line.heard else silent + 1
        except (ConnectionError, TimeoutError):
            return

    async def subscribe(self, channels: Collection[str]) -> bool:
        """Want these channels; returns True when Redis has confirmed each, False where it is away.

        They are heard as soon as Redis is back, even if this returned False. One that somebody lets go of meanwhile is
        not heard although this returned True: `hears` tells.
        """
        self._wanted.update(channels)
        line = self._wire
        if line is None:
            return False
        missing = [channel for channel in channels if channel not in self._heard]
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await line.subscribe(missing)
        except (ConnectionError, TimeoutError):
            return False
        if line is not self._wire:
            return False
        self._confirmed(line, missing)
        return True

    def _confirmed(self, line: wire.Wire, channels: Collection[str]) -> None:
        """Redis has confirmed these: those that are still wanted are heard, the others let go of there too.

        One that was heard and not wanted would pass for heard, and never be again when Redis has been away.
        """
        self._heard.update(self._wanted.intersection(channels))
        let_go = [channel for channel in channels if channel not in self._wanted]
        if let_go:
            with contextlib.suppress(ConnectionError):
                line.unsubscribe(let_go)

    def hears(self, channel: str) -> bool:
        """Whether Redis has confirmed this channel on the present connection."""
        return channel in self._heard

    def wanted(self, prefix: str) -> list[str]:
        """The wanted channels whose names begin with `prefix`."""
        return [channel for channel in self._wanted if channel.startswith(prefix)]

    def unsubscribe(self, channels: Collection[str]) -> None:
        """Want these channels no longer."""
        self._wanted.difference_update(channels)
        known = [channel for channel in channels if channel in self._heard]
        self._heard.difference_update(known)
        if self._wire is not None and known:
            with contextlib.suppress(ConnectionError):
                self._wire.unsubscribe(known)

    def publish(self, items: Sequence[tuple[str, bytes]]) -> bool:
        """Publish in order; False where Redis is away and nobody will hear it."""
        if self._wire is None:
            return False
        try:
            self._wire.publish(items)
        except ConnectionError:
            return False
        return True

    async def close(self) -> None:
        """Publish what is due, then hear nothing more; `run` ends."""
        self._closing = True
        line = self._wire
        if line is not None:
            line.close()
            await asyncio.wait([line.lost], timeout=PING_SECONDS)

    def _dispatch(self, channel: bytes, payload: bytes) -> None:
        name = channel.decode()
        if name.startswith(self._rooms):
            self._on_room(int(name[len(self._rooms) :]), payload)
        elif name.startswith(self._users):
            self._on_user(int(name[len(self._users) :]), payload)
        elif name == self.channels.presence:
            self._on_presence(payload)
