"""What clients say of themselves and never is stored: who is typing, who is there, and who wants to know."""

import time
from dataclasses import dataclass, field

from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.peer import Peer, frame
from chatd.presence_exchange import PresenceExchange
from chatd.ratelimit import Buckets, Rate
from shared import protocol, rooms

# Of one user in one room; clients say it every 3 s, and what one says counts for 6.
TYPING = Rate(per_second=0.5, burst=3)


def _typing_buckets() -> Buckets:
    return Buckets(TYPING)


@dataclass(frozen=True, slots=True)
class Signals:
    """The handlers of `typing`, `presence` and `watch`."""

    delivery: Delivery
    fanout: Fanout
    exchange: PresenceExchange
    _typing: Buckets = field(init=False, default_factory=_typing_buckets)

    def arrived(self, peer: Peer) -> None:
        """The connection was welcomed."""
        self.exchange.arrived(peer)

    def forget(self, peer: Peer) -> None:
        """The connection is gone."""
        self.exchange.gone(peer)

    async def typing(self, peer: Peer, typing: protocol.Typing) -> None:
        """Tell the others in the room, on all daemons. Raises `rooms.NoSuchRoom`."""
        if not self.delivery.hub.is_in(peer, typing.room):
            raise rooms.NoSuchRoom(typing.room)
        key, now = (peer.user.id, typing.room), time.monotonic()
        if self._typing.wait(key, now):
            return  # the others know already
        self._typing.take(key, now)
        self.delivery.tell(typing.room, protocol.SomebodyTypes(room=typing.room, user=peer.user))

    async def presence(self, peer: Peer, presence: protocol.Presence) -> None:
        """Take note of whether somebody sits before this client."""
        self.exchange.says(peer, presence.state)

    async def watch(self, peer: Peer, watch: protocol.Watch) -> None:
        """Answer how these people are; changes follow by themselves."""
        states = self.exchange.watch(peer, watch.users)
        self.fanout.post([peer], frame(protocol.Presences(states)))
