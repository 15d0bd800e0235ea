"""Compares the rooms' heads with the database: finds the lost publish that nothing came after.

Every `PARLEY_HEADS_POLL` seconds what changed within the last 30; everything at once after Redis
came back and after a pause of this process, and every minute.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import structlog

from chatd.delivery import Delivery
from chatd.store import Store, StoreAway
from shared import members, rooms
from shared.settings import Settings

log = structlog.get_logger("chatd.heads")

TOUCHED_SECONDS = 30
EVERYTHING_SECONDS = 60.0
PAUSED_SECONDS = 10.0  # between two polls: this process was stopped, or the machine slept
SLICE = 500


class Restored(RuntimeError):
    """The database is not the one that was read before: a backup was restored under this daemon."""


class Heads:
    """The comparison and what it last said of the database."""

    def __init__(self, settings: Settings, store: Store, delivery: Delivery) -> None:
        self._interval = settings.heads_poll
        self._store = store
        self._delivery = delivery
        self._everything = asyncio.Event()
        self.database_here = False
        self.epoch = 0

    async def run(self) -> None:
        """Compare for ever. Raises `Restored`."""
        last = compared = time.monotonic()
        while True:
            try:
                await self._check_epoch()
                now = time.monotonic()
                if (
                    self._everything.is_set()
                    or now - last > PAUSED_SECONDS
                    or now - compared > EVERYTHING_SECONDS
                ):
                    self._everything.clear()
                    compared = now
                    await self._compare_everything()
                else:
                    await self._compare_touched()
                last = now
                self.database_here = True
            except StoreAway as fault:
                if self.database_here:
                    log.warning("mariadb is away", reason=str(fault))
                self.database_here = False
                self._everything.set()
            await self._pause()

    def compare_everything_now(self) -> None:
        """Redis came back: what was published meanwhile is lost."""
        self._everything.set()

    async def _pause(self) -> None:
        # While the database is away, the event stands set: it must not end the pause then.
        if not self.database_here:
            await asyncio.sleep(min(self._interval, 0.5))
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._interval):
                await self._everything.wait()

    async def _check_epoch(self) -> None:
        epoch = await self._store.run(rooms.epoch)
        if self.epoch and epoch != self.epoch:
            raise Restored(f"the database's epoch was {self.epoch} and is {epoch}")
        self.epoch = epoch

    async def _compare_touched(self) -> None:
        heads = await self._store.run(rooms.touched_heads, TOUCHED_SECONDS)
        self._delivery.compare(heads.items())
        # Some were only overtaken by a publish while the database was asked; one that went back stays behind.
        seen = self._delivery.sequencer.seen
        await self._compare([room for room, head in heads.items() if head < (seen(room) or 0)])
        for room, user in await self._store.run(members.touched, TOUCHED_SECONDS):
            self._admit(user, room)

    async def _compare_everything(self) -> None:
        await self._compare(self._delivery.sequencer.rooms())
        for part in slices(self._delivery.hub.users()):
            for room, user in await self._store.run(members.of, part):
                self._admit(user, room)

    async def _compare(self, followed: list[int]) -> None:
        """Compare the heads of these rooms with what was seen of them before. Raises `Restored`."""
        for part in slices(followed):
            before = {room: self._delivery.sequencer.seen(room) or 0 for room in part}
            heads = await self._store.run(rooms.heads, part)
            for room, head in heads.items():
                if head < before[room]:
                    raise Restored(f"room {room} was at version {before[room]} and is at {head}")
            self._delivery.compare(heads.items())

    def _admit(self, user: int, room: int) -> None:
        hub = self._delivery.hub
        if any(not hub.is_in(peer, room) for peer in hub.of_user(user)):
            self._delivery.spawn(self._delivery.admit(user, room))


def slices(items: list[int]) -> Iterator[list[int]]:
    """`items` in parts of at most `SLICE`."""
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]
