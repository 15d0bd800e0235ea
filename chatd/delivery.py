"""From a published change to the members of its room: sequencer, refill from MariaDB, hub, fan-out.

A change comes over the bus, or is found by asking the database; the gap rule puts all in order,
and each is framed once and posted to everybody who is in the room.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import structlog

from chatd.backlog import Posted
from chatd.bus import Bus
from chatd.catch_up import CatchUp
from chatd.changes import Found, after, brings_to
from chatd.fanout import Fanout
from chatd.hub import Hub
from chatd.peer import Peer, frame
from chatd.sequencer import Sequencer
from chatd.store import RETRY_SECONDS, Store, StoreAway
from shared import members, messages, protocol, room_list, rooms

log = structlog.get_logger("chatd.delivery")

CROSSING_SECONDS = 0.03  # two daemons' publishes may cross: a gap is often filled within this time
FRAMES_OF_AN_ANSWER = 4  # are kept, for those who were told some of it: mostly all of them were told the same
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


class Delivery:
    """Everything between the bus and the peers."""

    def __init__(self, store: Store, bus: Bus, fanout: Fanout, hub: Hub[Peer]) -> None:
        self._store = store
        self._bus = bus
        self._fanout = fanout
        self.hub = hub
        self.sequencer: Sequencer[_Change] = Sequencer()
        self.catch_up = CatchUp(store, fanout, hub, self)
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

    def delivered(self, room: int) -> int:
        """The version up to which a room was delivered here; 0 where that is not known."""
        return self.sequencer.seen(room) or 0

    def tell(self, room: int, signal: protocol.ServerMessage) -> None:
        """Tell all who are in `room` what is no change of it, and is lost where nobody hears it."""
        payload = protocol.encode(signal)
        if not self._bus.publish([(self._bus.channels.room(room), payload)]):
            self.heard(room, payload)  # Redis is away: at least those who are here

    def _pass_on(self, room: int, kind: str, payload: bytes) -> None:
        """Deliver a signal. Raises `MsgspecError`."""
        if kind == "seen":
            self._post(room, Posted(0, 0, frame(payload)))
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
            self._post(room, Posted(change.version - 1, change.version, frame(change.payload)))

    def _deliver_room_change(self, room: int, change: protocol.RoomChange) -> None:
        """Who left hears `left` instead of the change; who joined is let in."""
        self.hub.saw_meta(room, change.version)
        for user in change.left:
            self.expel(user.id, room)
        for user in change.joined:
            if self.hub.of_user(user.id):
                self.spawn(self.admit(user.id, room))

    def _post(self, room: int, posted: Posted) -> None:
        self._fanout.post(self.hub.of_room(room), posted.frame)
        for peer in self.hub.keep(room, posted):
            self.catch_up.go_on(peer, room)

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
        while True:
            newest = self.sequencer.newest(room)
            await asyncio.sleep(CROSSING_SECONDS)
            since = self.sequencer.missing_since(room)
            if since is None:
                return
            if since >= newest:
                continue  # what was missing has come, and what is missing now has a moment of its own for that
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
            self._deliver_found(room, found)
            if not self.sequencer.has_gap(room):
                return
            self.sequencer.ask(room)

    def _deliver_found(self, room: int, found: Found) -> None:
        """Deliver what was missing, but for what came over the bus while the database was asked."""
        head, seen = brings_to(found), self.delivered(room)
        if isinstance(found, protocol.Changes) and found.room_state is not None:
            self.hub.saw_meta(room, found.room_state.version)
        if head > seen:
            rest = lru_cache(FRAMES_OF_AN_ANSWER)(lambda told: frame(after(found, told)))
            self._post(room, Posted(seen, head, rest(seen), rest))
        self._deliver(room, self.sequencer.answered(room, head))

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
            summaries = await self._store.patiently(
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
            self.catch_up.enter(peer, room, cursor=summaries[0].head, head=head)

    def expel(self, user: int, room: int) -> None:
        """`user` is no longer a member of `room`."""
        peers = self.hub.leave(user, room)
        self._fanout.post(peers, frame(protocol.Left(room=room)))

    async def recheck(self, user: int, room: int) -> None:
        """Somebody says that `user` left `room`: take them out of it, if the database says so too."""
        is_member = await self._store.patiently(
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
        return max(summary.head, self.delivered(room))

    # -- helpers

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
