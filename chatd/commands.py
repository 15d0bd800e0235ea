"""What a signed-in client may ask for: one handler a message, and nothing else."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.journal import Journal
from chatd.peer import Peer, frame
from chatd.ratelimit import Kind, Limits
from chatd.store import Store, StoreAway, StoreBusy
from shared import protocol, rooms
from shared.log import Accepted, Outcome, Request
from shared.protocol import Code

RETRY_AFTER = 1.0  # seconds
QUESTIONS_AT_ONCE = 2  # of one user for changes: the threads that ask the database are everybody's

TEXTS = {
    Code.INVALID: "The message could not be stored.",
    Code.NOT_FOUND: "There is no such room, message or user.",
    Code.NOT_YOURS: "Only its author may change a message.",
    Code.EMPTY: "The message is empty.",
    Code.CHARACTERS: "The message contains control characters.",
    Code.CONFLICT: "The message was changed meanwhile.",
    Code.DELETED: "The message was deleted.",
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
    _asking: WeakValueDictionary[int, asyncio.Semaphore] = field(
        init=False, default_factory=WeakValueDictionary
    )

    async def handle(self, peer: Peer, message: protocol.ClientFrame) -> None:
        """Carry out what a client asks for. The answer to a command comes later, from the journal."""
        if type(message) not in HANDLERS:
            self.refuse(peer, Code.INVALID, text="hello is the first message of a connection, and only that")
            return
        kind, handler = HANDLERS[type(message)]
        wait = self.limits.take(kind, time.monotonic(), user=peer.user.id, address=peer.address)
        if wait:
            await self._refuse_for_now(peer, message, wait)
            return
        room = getattr(message, "room", None)
        try:
            await handler(self, peer, message)
        except StoreBusy:
            self.refuse(peer, Code.BUSY, room=room, temporary=True)
        except StoreAway:
            self.refuse(peer, Code.UNAVAILABLE, room=room, temporary=True)
        except rooms.NoSuchRoom:
            self.refuse(peer, Code.NOT_FOUND, room=room)

    def forget(self, peer: Peer) -> None:
        """The connection is gone."""
        self.journal.forget(peer)

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
        self.fanout.post([peer], frame(message))

    async def _refuse_for_now(self, peer: Peer, message: protocol.ClientFrame, wait: float) -> None:
        """Refuse what is beyond a limit, before it costs anything; the same again after `wait` seconds passes.

        A resend of what was carried out is refused like anything else, but never for good: it
        gets the first attempt's answer a little later.
        """
        about: dict[str, Any] = {"room": getattr(message, "room", None)}
        if isinstance(message, protocol.Command):
            about["id"] = message.id
            # What this connection asked for before may be refused too, and then comes again first.
            await peer.until_all_answered()
            self.journal.refused_before(peer, message)
        retry_after = math.ceil(wait * 1000) / 1000
        self.refuse(peer, Code.TOO_MANY, temporary=True, retry_after=retry_after, **about)

    # -- handlers

    async def write(self, peer: Peer, command: protocol.Command) -> None:
        if isinstance(command, protocol.Send) and (command.room is None) == (command.to is None):
            self.refuse(
                peer, Code.INVALID, id=command.id, text="a message goes either to a room or to a user"
            )
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
            # A resend gets the first attempt's time, whatever was edited since.
            at = done.at if isinstance(command, protocol.Send) else done.edited_at or done.at
            self.post(
                peer,
                protocol.Ack(id=command.id, room=done.room, number=done.number, version=done.version, at=at),
            )
            return
        self.refuse(
            peer,
            outcome.code,
            id=command.id,
            room=command.room,
            temporary=outcome.temporary,
            text=self._text(outcome.code, command),
        )

    def _text(self, code: str, command: protocol.Command) -> str:
        if code == Code.TOO_LONG:
            return f"The message is longer than {self.longest} characters."
        if code == Code.NOT_FOUND and isinstance(command, protocol.Send) and command.to is not None:
            return "Nobody has this name."
        return TEXTS[code]

    def _place_to_ask(self, user: int) -> asyncio.Semaphore:
        """Lets as many questions of a user through as may be asked at once; it lives while one is."""
        place = self._asking.get(user)
        if place is None:
            place = self._asking[user] = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        return place

    async def read(self, peer: Peer, read: protocol.Read) -> None:
        marker, moved = await self.store.run(
            rooms.mark_read, room=read.room, user=peer.user.id, number=read.number
        )
        payload = protocol.encode(marker)
        if not moved:
            self.post(peer, marker)  # it stands further on: no news, but for who did not know
        elif not self.bus.publish([(self.bus.channels.user(peer.user.id), payload)]):
            self.fanout.post(self.delivery.hub.of_user(peer.user.id), frame(payload))

    async def sync(self, peer: Peer, sync: protocol.Sync) -> None:
        async with self._place_to_ask(peer.user.id):
            await self.delivery.sync(peer, sync.room, sync.since)

    async def ping(self, peer: Peer, _: protocol.Ping) -> None:
        self.post(peer, protocol.Pong())


# What each message counts as, and who answers it.
HANDLERS: dict[type, tuple[Kind, Callable[[Commands, Peer, Any], Awaitable[None]]]] = {
    protocol.Send: (Kind.MESSAGE, Commands.write),
    protocol.Edit: (Kind.MESSAGE, Commands.write),
    protocol.Delete: (Kind.MESSAGE, Commands.write),
    protocol.Read: (Kind.READ, Commands.read),
    protocol.Sync: (Kind.SYNC, Commands.sync),
    protocol.Ping: (Kind.SIGNAL, Commands.ping),
}
