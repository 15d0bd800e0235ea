"""Brings those up to date who were away, and answers `sync`.

Who comes back is behind in up to a thousand rooms. It is told of them one after the other, no faster than it reads, and
no user has more than a few questions asked at a time: the threads that ask the database are everybody's.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import msgspec

from chatd.backlog import Step, Waiting
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer, frame
from chatd.store import Store
from shared import messages, protocol, rooms

QUESTIONS_AT_ONCE = 2  # of one user
UNREAD_MAX = 256 * 1024  # bytes that wait for a client when it is told of the next room in which it is behind

Found: TypeAlias = protocol.Changes | protocol.Reset


def brings_to(found: Found) -> int:
    """The version of the room up to which who gets this is told everything."""
    return found.version if isinstance(found, protocol.Reset) else found.to


def after(found: Found, told: int) -> Found:
    """What was found, without what somebody who was told everything up to a version was told."""
    if isinstance(found, protocol.Reset) or found.from_ >= told:
        return found
    state = found.room_state
    return msgspec.structs.replace(
        found,
        from_=told,
        messages=[message for message in found.messages if message.version > told],
        room_state=state if state is not None and state.version > told else None,
    )


class CatchUp:
    """Who waits in a room of `hub` goes on by this, see `Backlog`.

    `delivered` is the version of a room up to which everything was posted here.
    """

    def __init__(
        self,
        store: Store,
        fanout: Fanout,
        hub: Hub[Peer],
        *,
        delivered: Callable[[int], int],
        expel: Callable[[int, int], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._store = store
        self._fanout = fanout
        self._hub = hub
        self._delivered = delivered
        self._expel = expel
        self._spawn = spawn
        self._queues: dict[Peer, dict[int, Waiting]] = {}  # rooms in which the database is still to be asked
        self._asking: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()  # by user

    def enter(self, peer: Peer, room: int, *, cursor: int, head: int) -> None:
        """Let a peer in that holds the room up to `cursor`.

        Where it is behind `head`, it is brought up to date first; where it is ahead of what was posted here, as after
        a page over HTTP, it waits for that.
        """
        self._hub.enter(peer, room)
        delivered = self._delivered(room)
        if cursor < head or cursor > delivered:
            self._hub.hold(peer, room, told=cursor, owed=head)
            self.go_on(peer, room, delivered)

    def go_on(self, peer: Peer, room: int, delivered: int) -> None:
        """A peer that waits in a room takes its next step; everything up to `delivered` was posted here."""
        waiting = self._hub.waiting(peer, room)
        if waiting is None:
            return
        step = self._hub.step(peer, room, delivered)
        if step is Step.RESUME:
            for data in self._hub.release(peer, room):
                self._fanout.post([peer], data)
        elif step is Step.ASK and peer.is_open:
            if peer not in self._queues:
                self._queues[peer] = {}
                self._spawn(self._ask_for_everything(peer))
            self._queues[peer][room] = waiting

    async def sync(self, peer: Peer, room: int, since: int) -> None:
        """A peer asks for what lies after `since`. Raises `StoreAway` and `rooms.NoSuchRoom`."""
        async with self._place_to_ask(peer.user.id):
            if not self._hub.is_in(peer, room):
                raise rooms.NoSuchRoom(room)
            waiting = self._hub.hold(peer, room, told=self._delivered(room))
            with self._question(peer, room, waiting):
                found = await self._store.run(messages.changes, room=room, since=since, reader=peer.user.id)
                if self._hub.waiting(peer, room) is waiting:  # else it was told `left` meanwhile
                    self._fanout.post([peer], frame(found))
                    waiting.tell(brings_to(found))

    @contextmanager
    def _question(self, peer: Peer, room: int, waiting: Waiting) -> Iterator[None]:
        """A question is open; at its end, with or without an answer, the peer goes on."""
        waiting.questions += 1
        try:
            yield
        finally:
            waiting.questions -= 1
            if self._hub.waiting(peer, room) is waiting:
                self.go_on(peer, room, self._delivered(room))

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
                self._expel(peer.user.id, room)
        except Exception:
            # What was promised with `welcome` will not come: the client must say hello again.
            await peer.close(protocol.Close.TRY_AGAIN, "the changes can not be read just now")
            raise
        else:
            # A `sync` may have told it some of this meanwhile, or all.
            if found is not None and self._is_owed(peer, room, waiting) and brings_to(found) > waiting.told:
                self._fanout.answer(peer, frame(after(found, waiting.told)))
                waiting.tell(brings_to(found))

    async def _find(self, peer: Peer, room: int, waiting: Waiting) -> Found | None:
        """What a peer is owed; None where it is not any more by the time it is its user's turn."""
        async with self._place_to_ask(peer.user.id):
            owed = self._hub.owed(peer, room)
            if not self._is_owed(peer, room, waiting):
                return None
            found = await self._store.run(
                messages.changes, room=room, since=waiting.told, reader=peer.user.id
            )
            if brings_to(found) < owed:
                raise RuntimeError(
                    f"room {room} was at {owed}, and is at {brings_to(found)}: a backup was restored"
                )
            return found

    def _is_owed(self, peer: Peer, room: int, waiting: Waiting) -> bool:
        here = self._hub.waiting(peer, room) is waiting
        return here and peer.is_open and self._hub.owed(peer, room) > 0

    def _place_to_ask(self, user: int) -> asyncio.Semaphore:
        """Lets as many questions of a user through as may be asked at once; it lives while one is."""
        place = self._asking.get(user)
        if place is None:
            place = self._asking[user] = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        return place
