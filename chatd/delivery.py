"""From a published change to the members of its room: sequencer, refill from MariaDB, hub, fan-out.

A change comes over the bus, or is found by asking the database; the gap rule puts all in order,
and each is framed once and posted to everybody who is in the room.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec
import structlog

from chatd.bus import Bus
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer, frame
from chatd.sequencer import Sequencer
from chatd.store import Store, StoreAway
from shared import members, messages, protocol, room_list, rooms

log = structlog.get_logger("chatd.delivery")

T = TypeVar("T")

CROSSING_SECONDS = 0.03  # two daemons' publishes may cross: a gap is often filled within this time
RETRY_SECONDS = 0.5
QUESTIONS_AT_ONCE = 2  # of one user for changes: the threads that ask the database are everybody's
UNREAD_MAX = 256 * 1024  # bytes that wait for a client when it is told of the next room in which it is behind
TYPING_PEERS_MAX = (
    500  # in a larger room nobody could follow who is typing, and telling all costs more than a message
)


class _Header(msgspec.Struct):
    """What is read of a published frame; a message goes to the members as it is."""

    type: str
    version: int = 0  # 0: it is no change of the room


@dataclass(frozen=True, slots=True)
class _Change:
    """A published change: its version, its JSON, and, where the room itself changed, what that says."""

    version: int
    payload: bytes
    of_room: protocol.RoomChange | None


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_room_change = msgspec.json.Decoder(protocol.RoomChange).decode
_decode_typing = msgspec.json.Decoder(protocol.SomebodyTypes).decode


def _brings_to(found: protocol.Changes | protocol.Reset) -> int:
    """The version of the room up to which who gets this is told everything."""
    return found.version if isinstance(found, protocol.Reset) else found.to


def _after(found: protocol.Changes | protocol.Reset, seen: int) -> protocol.Changes | protocol.Reset:
    """What was found, without what came over the bus and was delivered while the database was asked."""
    if isinstance(found, protocol.Reset) or found.from_ >= seen:
        return found
    state = found.room_state
    return msgspec.structs.replace(
        found,
        from_=seen,
        messages=[message for message in found.messages if message.version > seen],
        room_state=state if state is not None and state.version > seen else None,
    )


class Delivery:
    """Everything between the bus and the peers."""

    def __init__(self, store: Store, bus: Bus, fanout: Fanout, hub: Hub[Peer]) -> None:
        self._store = store
        self._bus = bus
        self._fanout = fanout
        self.hub = hub
        self.sequencer: Sequencer[_Change] = Sequencer()
        self._behind: dict[
            Peer, dict[int, int]
        ] = {}  # rooms that are still to be told of, and since which version
        self._asking: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()  # by user
        self._tasks: set[asyncio.Task[None]] = set()

    # -- changes come in

    def heard(self, room: int, payload: bytes) -> None:
        """A change, or a signal, was published."""
        try:
            header = _decode_header(payload)
            if not header.version:
                self._pass_on(room, header.type, payload)
                return
            of_room = _decode_room_change(payload) if header.type == "room" else None
            change = _Change(header.version, payload, of_room)
        except msgspec.MsgspecError:
            log.error("unreadable publish", room=room, size=len(payload))
            return
        self._deliver(room, self.sequencer.arrive(room, header.version, change))
        self._heal(room)

    def compare(self, heads: Iterable[tuple[int, int]]) -> None:
        """These rooms have at least these versions: ask for what was not heard."""
        for room, head in heads:
            if room in self.sequencer:
                self._deliver(room, self.sequencer.track(room, head))
                self._heal(room)

    def tell(self, room: int, signal: protocol.ServerMessage) -> None:
        """Tell all who are in `room` what is no change of it, and is lost where nobody hears it."""
        payload = protocol.encode(signal)
        if not self._bus.publish([(self._bus.channels.room(room), payload)]):
            self.heard(room, payload)  # Redis is away: at least those who are here

    def _pass_on(self, room: int, kind: str, payload: bytes) -> None:
        """Deliver a signal. Raises `MsgspecError`."""
        if kind == "seen":
            self._post(room, 0, frame(payload))
        elif kind == "typing":
            here = self.hub.of_room(room)
            if len(here) <= TYPING_PEERS_MAX:
                user = _decode_typing(payload).user.id
                self._fanout.post([peer for peer in here if peer.user.id != user], frame(payload))
        else:
            raise msgspec.ValidationError(f"{kind} has no version")

    def _deliver(self, room: int, changes: Iterable[_Change]) -> None:
        for change in changes:
            if change.of_room is not None:
                self._deliver_room_change(room, change.of_room)
            self._post(room, change.version, frame(change.payload))

    def _deliver_room_change(self, room: int, change: protocol.RoomChange) -> None:
        """Who left hears `left` instead of the change; who joined is let in."""
        self.hub.saw_meta(room, change.version)
        for user in change.left:
            self.expel(user.id, room)
        for user in change.joined:
            if self.hub.of_user(user.id):
                self.spawn(self.admit(user.id, room))

    def _post(self, room: int, version: int, data: bytes) -> None:
        self._fanout.post(self.hub.of_room(room), data)
        self.hub.hold_back(room, version, data)

    # -- changes that are missing

    def _heal(self, room: int) -> None:
        if self.sequencer.has_gap(room):
            self.sequencer.ask(room)
            self.spawn(self._refill(room))

    async def _refill(self, room: int) -> None:
        """Ask the database for what is missing in `room`, until nothing is."""
        try:
            await self._ask_until_nothing_is_missing(room)
        except BaseException:
            # The question is off, and the next comparison of heads asks it again.
            self.sequencer.give_up(room)
            raise

    async def _ask_until_nothing_is_missing(self, room: int) -> None:
        await asyncio.sleep(CROSSING_SECONDS)
        while (since := self.sequencer.missing_since(room)) is not None:
            try:
                found = await self._store.run(messages.changes, room=room, since=since, reader=None)
                if isinstance(found, protocol.Reset) or found.room_state is not None:
                    await self._check_members(room)
            except StoreAway:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            except rooms.NoSuchRoom:
                self.sequencer.forget(room)
                return
            head = _brings_to(found)
            if isinstance(found, protocol.Changes) and found.room_state is not None:
                self.hub.saw_meta(room, found.room_state.version)
            seen = self.sequencer.seen(room) or 0
            if head > seen:
                # Who is held back and was told a part of it gets it whole: it is one frame for everybody.
                self._post(room, head, frame(_after(found, seen)))
            self._deliver(room, self.sequencer.answered(room, head))
            if not self.sequencer.has_gap(room):
                return
            self.sequencer.ask(room)
            await asyncio.sleep(CROSSING_SECONDS)

    async def _check_members(self, room: int) -> None:
        """The members of `room` changed unheard: compare those who are here with the database."""
        # Who comes in while the database is asked was not asked about, and is no stranger for that.
        inside, here = self.hub.users_in(room), self.hub.users()
        belong = await self._store.run(members.among, room, here)
        for user in inside - belong:
            self.expel(user, room)
        for user in belong - self.hub.users_in(room):
            self.spawn(self.admit(user, room))

    # -- people come and go

    async def admit(self, user: int, room: int) -> None:
        """`user` is a member of `room` now: let their peers in, and tell them."""
        while True:
            # Subscribe first, then read: a change between the two is held by the sequencer.
            self.sequencer.expect(room)
            await self._bus.subscribe([self._bus.channels.room(room)])
            summaries = await self._patiently(
                lambda: self._store.run(room_list.of_user, user=user, room=room),
                wanted=lambda: self._is_here(user),
            )
            if not summaries or not self._is_here(user):
                return
            if self.is_current(summaries[0]) and self.hears([room]):
                break
            await asyncio.sleep(CROSSING_SECONDS)
        peers = [peer for peer in self.hub.of_user(user) if not self.hub.is_in(peer, room)]
        if not peers:
            return
        head = self.follow(summaries[0])
        self._fanout.post(peers, frame(protocol.Joined(summary=summaries[0])))
        for peer in peers:
            self.enter(peer, room, cursor=summaries[0].head, head=head)

    def expel(self, user: int, room: int) -> None:
        """`user` is no longer a member of `room`."""
        peers = self.hub.leave(user, room)
        for peer in peers:
            self._behind.get(peer, {}).pop(room, None)
        self._fanout.post(peers, frame(protocol.Left(room=room)))

    async def recheck(self, user: int, room: int) -> None:
        """Somebody says that `user` left `room`: take them out of it, if the database says so too."""
        is_member = await self._patiently(
            lambda: self._store.run(rooms.is_member, room=room, user=user), wanted=lambda: self._is_here(user)
        )
        if is_member is False:  # None: nobody is here to be taken out
            self.expel(user, room)

    def is_current(self, summary: protocol.RoomSummary) -> bool:
        """Whether a summary knows of every change of the room's members that this daemon has seen."""
        return summary.room.version >= self.hub.meta(summary.room.id)

    def hears(self, wanted: Iterable[int]) -> bool:
        """Whether the changes of these rooms come in: by the bus, or, while Redis is away, by comparing."""
        return all(
            room in self.sequencer
            and (not self._bus.connected or self._bus.hears(self._bus.channels.room(room)))
            for room in wanted
        )

    def follow(self, summary: protocol.RoomSummary) -> int:
        """Deliver the changes of a room from here on; returns the newest version that is known of it."""
        room = summary.room.id
        self.hub.saw_meta(room, summary.room.version)
        self._deliver(room, self.sequencer.track(room, summary.head))
        self._heal(room)
        return max(summary.head, self.sequencer.seen(room) or 0)

    def enter(self, peer: Peer, room: int, *, cursor: int, head: int) -> None:
        """Let a peer in that holds the room up to `cursor`; where that is behind, it is brought up to date first."""
        self.hub.enter(peer, room, behind=cursor < head)
        if cursor >= head:
            return
        if peer not in self._behind:
            self._behind[peer] = {}
            self.spawn(self._catch_up_everywhere(peer))
        self._behind[peer][room] = cursor

    async def sync(self, peer: Peer, room: int, since: int) -> None:
        """A peer asks for what lies after `since`. Raises `StoreAway` and `rooms.NoSuchRoom`."""
        async with self._place_to_ask(peer.user.id):
            if not self.hub.is_in(peer, room):
                raise rooms.NoSuchRoom(room)
            self.hub.hold(peer, room)
            if self._behind.get(peer, {}).pop(room, None) is not None:
                self.hub.hold_anew(peer, room)  # it is told of the room now, and not again in its turn
            told = 0
            try:
                found = await self._store.run(messages.changes, room=room, since=since, reader=peer.user.id)
                self._fanout.post([peer], frame(found))
                told = _brings_to(found)
            finally:
                self._release(peer, room, told)

    async def _catch_up_everywhere(self, peer: Peer) -> None:
        """Bring a peer up to date, room after room and no faster than it reads: all at once is too much for a slow line."""
        behind = self._behind[peer]
        try:
            while behind:
                await self._until_little_waits(peer)
                if behind:  # a `sync` may have asked for the last of them meanwhile
                    room = next(iter(behind))
                    await self._catch_up(peer, room, behind.pop(room))
        finally:
            del self._behind[peer]

    @staticmethod
    async def _until_little_waits(peer: Peer) -> None:
        await asyncio.sleep(0)  # what it was answered is written now
        while peer.socket.waiting > UNREAD_MAX and peer.is_open:
            with suppress(OSError):  # of a connection that is lost
                await peer.socket.drain()
            await asyncio.sleep(0)  # what was held for its transport is given to it now

    async def _catch_up(self, peer: Peer, room: int, since: int) -> None:
        """Send a peer what lies after `since`, then what was held for it."""
        told = 0
        try:
            found = await self._patiently(
                lambda: self._ask_for(peer, room, since), wanted=lambda: self.hub.is_in(peer, room)
            )
            if found is not None:
                self._fanout.answer(peer, frame(found))
                told = _brings_to(found)
        except rooms.NoSuchRoom:
            self.expel(peer.user.id, room)
        except Exception:
            # What was promised with `welcome` will not come: the client must say hello again.
            await peer.close(protocol.Close.TRY_AGAIN, "the changes can not be read just now")
            raise
        finally:
            self._release(peer, room, told)

    async def _ask_for(self, peer: Peer, room: int, since: int) -> protocol.Changes | protocol.Reset | None:
        """What a peer missed; None where it is gone by the time it is its user's turn."""
        async with self._place_to_ask(peer.user.id):
            if not self.hub.is_in(peer, room) or not peer.is_open:
                return None
            self.hub.hold_anew(peer, room)  # what was published till now is committed, and so in the answer
            return await self._store.run(messages.changes, room=room, since=since, reader=peer.user.id)

    def _place_to_ask(self, user: int) -> asyncio.Semaphore:
        """Lets as many questions of a user through as may be asked at once; it lives while one is."""
        place = self._asking.get(user)
        if place is None:
            place = self._asking[user] = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        return place

    def _release(self, peer: Peer, room: int, told: int) -> None:
        # What came over the bus while the database was asked may be in its answer too.
        held = self.hub.release(peer, room, told=told)
        if held is None:
            # More happened meanwhile than is held for anybody: the client loads the room anew.
            held = [frame(protocol.Reset(room=room, version=self.sequencer.seen(room) or 0))]
        for data in held:
            self._fanout.post([peer], data)

    # -- helpers

    async def _patiently(self, work: Callable[[], Awaitable[T]], *, wanted: Callable[[], bool]) -> T | None:
        """The result of `work()`, tried again while the database is away; None once nobody wants it any more."""
        while wanted():
            try:
                return await work()
            except StoreAway:
                await asyncio.sleep(RETRY_SECONDS)
        return None

    def _is_here(self, user: int) -> bool:
        return bool(self.hub.of_user(user))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the background; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background work failed", exc_info=task.exception())
