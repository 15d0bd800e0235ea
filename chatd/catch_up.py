"""Brings those up to date who were away, and answers `sync`.

Who comes back is behind in many rooms. It is told of them one after the other, no faster than it reads, and no user has
more than a few questions asked at a time: the threads that ask the database are everybody's.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol
from weakref import WeakValueDictionary

from chatd.backlog import Step, Waiting
from chatd.changes import Found, after, brings_to
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer, frame
from chatd.store import Store
from shared import messages, protocol, rooms

QUESTIONS_AT_ONCE = 2  # of one user
UNREAD_MAX = 256 * 1024  # bytes that wait for a client when it is told of the next room in which it is behind


class Rooms(Protocol):
    """What is done for all who are in a room, by `Delivery`."""

    def delivered(self, room: int) -> int:
        """The version up to which a room was delivered here."""

    def compare(self, heads: Iterable[tuple[int, int]]) -> None:
        """These rooms have at least these versions."""

    def expel(self, user: int, room: int) -> None:
        """`user` is no longer a member of `room`."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background."""


class CatchUp:
    """Lets those go on who wait in a room of `hub`, see `Backlog`."""

    def __init__(self, store: Store, fanout: Fanout, hub: Hub[Peer], rooms: Rooms) -> None:
        self._store = store
        self._fanout = fanout
        self._hub = hub
        self._rooms = rooms
        self._queues: dict[Peer, dict[int, Waiting]] = {}  # rooms in which the database is still to be asked
        self._asking: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()  # by user

    def enter(self, peer: Peer, room: int, *, cursor: int, head: int) -> None:
        """Let a peer in that holds the room up to `cursor`.

        Where it is behind `head`, it is brought up to date first; where it is ahead of what was posted here, as after
        a page over HTTP, it waits for that.
        """
        self._hub.enter(peer, room)
        delivered = self._rooms.delivered(room)
        if cursor < head or cursor > delivered:
            self._hub.hold(peer, room, told=cursor, owed=head, posted=delivered)
            self.go_on(peer, room)

    def go_on(self, peer: Peer, room: int) -> None:
        """A peer that waits in a room takes its next step."""
        waiting = self._hub.waiting(peer, room)
        if waiting is None:
            return
        step = self._hub.step(peer, room)
        if step is Step.BEGIN_ANEW:
            posted = self._hub.posted(room)
            self._fanout.post([peer], frame(protocol.Reset(room=room, version=posted)))
            waiting.tell(posted)
        if step in (Step.RESUME, Step.BEGIN_ANEW):
            for data in self._hub.release(peer, room):
                self._fanout.post([peer], data)
        elif step is Step.ASK and peer.is_open:
            if peer not in self._queues:
                self._queues[peer] = {}
                self._rooms.spawn(self._ask_for_everything(peer))
            self._queues[peer][room] = waiting

    async def sync(self, peer: Peer, room: int, since: int) -> None:
        """A peer asks for what lies after `since`. Raises `StoreAway` and `rooms.NoSuchRoom`."""
        async with self._place_to_ask(peer.user.id):
            if not self._hub.is_in(peer, room):
                raise rooms.NoSuchRoom(room)
            delivered = self._rooms.delivered(room)
            waiting = self._hub.hold(peer, room, told=delivered, owed=0, posted=delivered)
            with self._question(peer, room, waiting):
                found = await self._store.run(messages.changes, room=room, since=since, reader=peer.user.id)
                if self._hub.waiting(peer, room) is waiting:  # else it was told `left` meanwhile
                    self._fanout.post([peer], frame(found))
                    self._tell(waiting, room, found)

    @contextmanager
    def _question(self, peer: Peer, room: int, waiting: Waiting) -> Iterator[None]:
        """A question is open; at its end, with or without an answer, the peer goes on."""
        waiting.questions += 1
        try:
            yield
        finally:
            waiting.questions -= 1
            if self._hub.waiting(peer, room) is waiting:
                self.go_on(peer, room)

    def _tell(self, waiting: Waiting, room: int, found: Found) -> None:
        """A peer is told what was found: the others in the room will be too, where only the database knows of it."""
        waiting.tell(brings_to(found))
        self._rooms.compare([(room, brings_to(found))])

    async def _ask_for_everything(self, peer: Peer) -> None:
        """Tell a peer what it is owed, room after room."""
        queue = self._queues[peer]
        try:
            while queue:
                await self._until_little_waits(peer)
                room = next(iter(queue))
                waiting = queue.pop(room)
                if self._is_owed(peer, room, waiting) and not waiting.questions:  # else that goes on
                    with self._question(peer, room, waiting):
                        await self._ask(peer, room, waiting)
        finally:
            del self._queues[peer]

    @staticmethod
    async def _until_little_waits(peer: Peer) -> None:
        await asyncio.sleep(0)  # what it was answered is written now
        while peer.socket.waiting > UNREAD_MAX and peer.is_open:
            with suppress(OSError):  # of a connection that is lost
                await peer.socket.drain()
            await asyncio.sleep(0)  # what was held for its transport is given to it now

    async def _ask(self, peer: Peer, room: int, waiting: Waiting) -> None:
        """Tell a peer what it is owed in one room."""
        try:
            found = await self._store.patiently(
                lambda: self._find(peer, room, waiting), wanted=lambda: self._is_owed(peer, room, waiting)
            )
        except rooms.NoSuchRoom:
            if self._hub.waiting(peer, room) is waiting:
                self._rooms.expel(peer.user.id, room)
        except Exception:
            # What was promised with `welcome` will not come: the client must say hello again.
            await peer.close(protocol.Close.TRY_AGAIN, "the changes can not be read just now")
            raise
        else:
            # A `sync` may have told it some of this meanwhile, or all.
            if found is not None and self._is_owed(peer, room, waiting):
                self._fanout.answer(peer, frame(after(found, waiting.told)))
                self._tell(waiting, room, found)

    async def _find(self, peer: Peer, room: int, waiting: Waiting) -> Found | None:
        """What a peer is owed; None where it is not any more by the time it is its user's turn."""
        async with self._place_to_ask(peer.user.id):
            if not self._is_owed(peer, room, waiting):
                return None
            found = await self._store.run(
                messages.changes, room=room, since=waiting.told, reader=peer.user.id
            )
            if brings_to(found) < waiting.owed:
                raise RuntimeError(
                    f"room {room} was at {waiting.owed}, and is at {brings_to(found)}: a backup was restored"
                )
            return found

    def _is_owed(self, peer: Peer, room: int, waiting: Waiting) -> bool:
        return self._hub.waiting(peer, room) is waiting and waiting.is_owed and peer.is_open

    def _place_to_ask(self, user: int) -> asyncio.Semaphore:
        """Lets as many questions of a user through as may be asked at once; it lives while one is."""
        place = self._asking.get(user)
        if place is None:
            place = self._asking[user] = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        return place
