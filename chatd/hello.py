"""The first message of a connection: from here on the client misses nothing.

The user's channel is heard already (`hear_user`). Subscribe to the rooms first, then read, then, in one turn of
the event loop, register and compare the client's cursors with what has been delivered. A client that is behind
in a room gets that room's live changes only after what it missed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.heads import Heads
from chatd.peer import Peer, frame
from chatd.store import Store, StoreAway
from chatd.together import Together
from shared import protocol, room_list
from shared.protocol import Close

USERS_TOGETHER = (
    20  # whose rooms are read by one statement: one with 1,000 rooms makes the others wait for 20 ms
)
READS_MAX = 20  # of a user's rooms: two are the rule, one more for each change that overtakes a reading


@dataclass(slots=True, eq=False)  # not frozen: Python writes into an exception that passes
class Farewell(Exception):
    """The connection is to be closed: the client is told why by a code of `protocol.Close`."""

    code: int
    reason: str


Membership = tuple[protocol.User, list[protocol.RoomSummary]]


class Greeter:
    """Answers `hello`. `server` is this daemon's name."""

    def __init__(
        self, server: str, store: Store, bus: Bus, delivery: Delivery, fanout: Fanout, heads: Heads
    ) -> None:
        self.server = server
        self.store = store
        self.bus = bus
        self.delivery = delivery
        self.fanout = fanout
        self.heads = heads
        self._memberships: Together[int, Membership | None] = Together(self._of_users, most=USERS_TOGETHER)

    async def hear_user(self, peer: Peer) -> None:
        """Hear from here on what is published of a peer's user. Raises `Farewell`."""
        await self._hear(peer, [self.bus.channels.user(peer.user.id)])

    async def greet(self, peer: Peer, hello: protocol.Hello) -> None:
        """Register the peer and send `welcome`, then what it missed. Raises `Farewell`."""
        try:
            summaries = await self._read(peer)
        except StoreAway:
            raise Farewell(Close.TRY_AGAIN, "the database can not be reached") from None
        if not self.heads.epoch:
            raise Farewell(Close.TRY_AGAIN, "the database was not read yet")
        if not peer.is_open:  # signed out meanwhile, perhaps
            raise Farewell(Close.TRY_AGAIN, "the client is gone")
        # Nothing below waits: what is delivered from here on reaches this peer.
        hub = self.delivery.hub
        hub.register(peer, peer.user.id)
        heads = {summary.room.id: self.delivery.follow(summary) for summary in summaries}
        self._post(peer, protocol.Welcome(peer.user, self.heads.epoch, summaries, self.server))
        for summary in summaries:
            room, head = summary.room.id, heads[summary.room.id]
            # A room that the client has not loaded is held up to what its summary says.
            cursor = hello.cursors.get(room, summary.head)
            if hello.epoch != self.heads.epoch or cursor > head:
                if room in hello.cursors:
                    self._post(peer, protocol.Reset(room=room, version=head))
                cursor = summary.head
            self.delivery.catch_up.enter(peer, room, cursor=cursor, head=head)
        for room in hello.cursors.keys() - heads.keys():
            self._post(peer, protocol.Left(room=room))

    async def _read(self, peer: Peer) -> list[protocol.RoomSummary]:
        """The user's rooms, read while all of them are being heard."""
        mine = self.bus.channels.user(peer.user.id)
        for _ in range(READS_MAX):
            found = await self._memberships.get(peer.user.id)
            if found is None:
                raise Farewell(Close.SIGNED_OUT, "the account is gone")
            peer.user, summaries = found
            unheard = [s.room.id for s in summaries if not self.delivery.hears([s.room.id])]
            current = all(self.delivery.is_current(summary) for summary in summaries)
            # Redis may have been away since the user's channel was subscribed to.
            if not unheard and current and self.bus.hears(mine):
                return summaries
            for room in unheard:
                self.delivery.sequencer.expect(room)
            await self._hear(peer, [mine, *(self.bus.channels.room(room) for room in unheard)])
        raise Farewell(Close.TRY_AGAIN, "the rooms can not be read as they were told of")

    async def _of_users(self, users: Sequence[int]) -> list[Membership | None]:
        found = await self.store.run(room_list.of_users, users=users)
        return [found.get(user) for user in users]

    async def _hear(self, peer: Peer, channels: list[str]) -> None:
        if not self.bus.connected or not await self.bus.subscribe(channels):
            raise Farewell(Close.TRY_AGAIN, "Redis can not be reached")
        if not peer.is_open:
            raise Farewell(Close.TRY_AGAIN, "the client is gone")

    def _post(self, peer: Peer, message: protocol.ServerMessage) -> None:
        self.fanout.answer(peer, frame(message))
