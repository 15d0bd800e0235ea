"""What a signed-in client may ask for: one handler a message, and nothing else."""

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.journal import Journal
from chatd.peer import Peer, frame
from chatd.ratelimit import Kind, Limits
from chatd.signals import Signals
from chatd.store import Store, StoreAway, StoreBusy
from shared import markers, protocol, rooms
from shared.log import Accepted, Outcome, Request
from shared.protocol import Code

RETRY_AFTER = 1.0  # seconds

TEXTS = {
    Code.INVALID: "The message could not be stored.",
    Code.NOT_FOUND: "There is no such room, message or user.",
    Code.NOT_YOURS: "Only its author may change a message.",
    Code.EMPTY: "The message is empty.",
    Code.CHARACTERS: "The message contains control characters.",
    Code.CONFLICT: "The message was changed meanwhile.",
    Code.DELETED: "The message was deleted.",
    Code.FULL: "The message holds as many reactions as it can.",
    Code.UNAVAILABLE: "The database can not be reached just now.",
    Code.BUSY: "The room is busy just now.",
    Code.TOO_MANY: "That was too much at once: slow down.",
}


@dataclass(frozen=True, slots=True)
class Commands:
    """The handlers of everything but `hello`, which `chatd.hello` answers. `longest`: code points of a text."""

    longest: int
    journal: Journal
    delivery: Delivery
    store: Store
    fanout: Fanout
    bus: Bus
    limits: Limits
    signals: Signals

    async def handle(self, peer: Peer, message: protocol.ClientFrame) -> None:
        """Carry out what a client asks for. The answer to a command comes later, from the journal."""
        if type(message) not in HANDLERS:
            text = "hello is the first message of a connection, and only that"
            self.refuse(peer, Code.INVALID, text=text, **about(message))
            return
        kind, handler = HANDLERS[type(message)]
        wait = self.limits.take(kind, time.monotonic(), user=peer.user.id, address=peer.address)
        if wait:
            await self._refuse_for_now(peer, message, wait)
            return
        try:
            await handler(self, peer, message)
        except StoreBusy:
            self.refuse(peer, Code.BUSY, temporary=True, **about(message))
        except StoreAway:
            self.refuse(peer, Code.UNAVAILABLE, temporary=True, **about(message))
        except rooms.NoSuchRoom:
            self.refuse(peer, Code.NOT_FOUND, **about(message))

    def begin(self, peer: Peer) -> None:
        """The connection was welcomed."""
        self.signals.arrived(peer)

    def forget(self, peer: Peer) -> None:
        """The connection is gone."""
        self.journal.forget(peer)
        self.signals.forget(peer)

    def refuse(
        self,
        peer: Peer,
        code: str,
        *,
        text: str = "",
        temporary: bool = False,
        retry_after: float = RETRY_AFTER,
        **about: Any,
    ) -> None:
        """Tell a client why something was not done; `retry_after` counts where it is `temporary`."""
        self.post(
            peer,
            protocol.Error(
                code=code,
                message=text or TEXTS[code],
                temporary=temporary,
                retry_after=retry_after if temporary else None,
                **about,
            ),
        )

    def post(self, peer: Peer, message: protocol.ServerMessage) -> None:
        """Send a message to one client, in order with everything else that it is due."""
        self.fanout.answer(peer, frame(message))

    async def _refuse_for_now(self, peer: Peer, message: protocol.ClientFrame, wait: float) -> None:
        """Refuse what is beyond a limit, before it costs anything; the same again after `wait` seconds passes.

        A resend of what was carried out is refused like anything else, but never for good: it
        gets the first attempt's answer a little later.
        """
        if isinstance(message, protocol.Command):
            # What this connection asked for before may be refused too, and then comes again first.
            await peer.until_all_answered()
            self.journal.refused_before(peer, message)
        retry_after = math.ceil(wait * 1000) / 1000
        self.refuse(peer, Code.TOO_MANY, temporary=True, retry_after=retry_after, **about(message))

    # -- handlers

    async def write(self, peer: Peer, command: protocol.Command) -> None:
        if isinstance(command, protocol.Send) and (text := fault_of_target(command)):
            self.refuse(peer, Code.INVALID, text=text, **about(command))
            return
        await peer.until_few_unanswered()
        await self.journal.until_few_wait(peer.user.id)
        peer.unanswered += 1
        request = Request(peer.user, command, at=time.time_ns() // 1_000_000)
        self.journal.put(peer, request, lambda outcome: self._answer(peer, outcome))

    def _answer(self, peer: Peer, outcome: Outcome) -> None:
        peer.answered()
        command = outcome.request.command
        if isinstance(outcome, Accepted):
            done = outcome.message
            self.post(peer, protocol.Ack(command.id, done.room, done.number, done.version, outcome.at))
            return
        self.refuse(
            peer,
            outcome.code,
            temporary=outcome.temporary,
            text=self._text(outcome.code, command),
            **about(command),
        )

    def _text(self, code: str, command: protocol.Command) -> str:
        if code == Code.TOO_LONG:
            return f"The message is longer than {self.longest} characters."
        if code == Code.NOT_FOUND and isinstance(command, protocol.Send) and command.to is not None:
            return "Nobody has this name."
        return TEXTS[code]

    async def read(self, peer: Peer, read: protocol.Read) -> None:
        change = await self.store.run(markers.read, room=read.room, user=peer.user.id, number=read.number)
        self._tell(peer, change)

    async def unread(self, peer: Peer, unread: protocol.Unread) -> None:
        change = await self.store.run(
            markers.unread, room=unread.room, user=peer.user.id, number=unread.number
        )
        self._tell(peer, change)

    def _tell(self, peer: Peer, change: markers.Change) -> None:
        """Tell the user's devices of their own state of a room, and the other of a direct room how far it was seen."""
        marker, user = change.marker, peer.user.id
        payload = protocol.encode(marker)
        if not change.moved:
            self.post(peer, marker)  # it was so already: no news, but for who did not know
        elif not self.bus.publish([(self.bus.channels.user(user), payload)]):
            self.fanout.post(self.delivery.hub.of_user(user), frame(payload))
        if change.seen is not None:
            self.delivery.tell(marker.room, protocol.Seen(marker.room, user, change.seen))

    async def sync(self, peer: Peer, sync: protocol.Sync) -> None:
        await self.delivery.catch_up.sync(peer, sync.room, sync.since)

    async def ping(self, peer: Peer, _: protocol.Ping) -> None:
        self.post(peer, protocol.Pong())

    async def typing(self, peer: Peer, typing: protocol.Typing) -> None:
        await self.signals.typing(peer, typing)

    async def presence(self, peer: Peer, presence: protocol.Presence) -> None:
        await self.signals.presence(peer, presence)

    async def watch(self, peer: Peer, watch: protocol.Watch) -> None:
        await self.signals.watch(peer, watch)


def fault_of_target(send: protocol.Send) -> str:
    """What is wrong with where a message is to go."""
    if (send.room is None) == (send.to is None):
        return "a message goes either to a room or to a user"
    if send.to is not None and send.reply_to is not None:
        return "a reply goes to the room of what it answers"
    return ""


def about(message: protocol.ClientFrame) -> dict[str, Any]:
    """What an `error` says of the message that it refuses."""
    found = {"of": protocol.tag(message), "room": getattr(message, "room", None)}
    return found | ({"id": message.id} if isinstance(message, protocol.Command) else {})


# What each message counts as, and who answers it.
HANDLERS: dict[type, tuple[Kind, Callable[[Commands, Peer, Any], Awaitable[None]]]] = {
    protocol.Send: (Kind.MESSAGE, Commands.write),
    protocol.Edit: (Kind.MESSAGE, Commands.write),
    protocol.Delete: (Kind.MESSAGE, Commands.write),
    protocol.React: (Kind.MESSAGE, Commands.write),
    protocol.Read: (Kind.READ, Commands.read),
    protocol.Unread: (Kind.READ, Commands.unread),
    protocol.Sync: (Kind.SYNC, Commands.sync),
    protocol.Typing: (Kind.SIGNAL, Commands.typing),
    protocol.Presence: (Kind.SIGNAL, Commands.presence),
    protocol.Watch: (Kind.SIGNAL, Commands.watch),
    protocol.Ping: (Kind.SIGNAL, Commands.ping),
}
