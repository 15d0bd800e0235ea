"""What a signed-in client may ask for: one handler a message, and nothing else."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.journal import Journal
from chatd.peer import Peer, frame
from chatd.store import Store, StoreAway, StoreBusy
from shared import keys, protocol, rooms
from shared.log import Accepted, Outcome, Request
from shared.protocol import Code
from shared.settings import Settings

RETRY_AFTER = 1.0  # seconds

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
}


class Commands:
    """The handlers of everything but `hello`, which `chatd.hello` answers."""

    def __init__(
        self,
        settings: Settings,
        *,
        journal: Journal,
        delivery: Delivery,
        store: Store,
        fanout: Fanout,
        bus: Bus,
    ) -> None:
        self._longest = settings.message_max
        self._journal = journal
        self._delivery = delivery
        self._store = store
        self._fanout = fanout
        self._bus = bus
        self._handlers: dict[type, Callable[[Peer, Any], Awaitable[None]]] = {
            protocol.Send: self._write,
            protocol.Edit: self._write,
            protocol.Delete: self._write,
            protocol.Read: self._read,
            protocol.Sync: self._sync,
            protocol.Ping: self._ping,
        }

    async def handle(self, peer: Peer, message: protocol.ClientFrame) -> None:
        """Carry out what a client asks for. The answer to a command comes later, from the journal."""
        handler = self._handlers.get(type(message))
        if handler is None:
            self.refuse(peer, Code.INVALID, text="hello is the first message of a connection, and only that")
            return
        room = getattr(message, "room", None)
        try:
            await handler(peer, message)
        except StoreBusy:
            self.refuse(peer, Code.BUSY, room=room, temporary=True)
        except StoreAway:
            self.refuse(peer, Code.UNAVAILABLE, room=room, temporary=True)
        except rooms.NoSuchRoom:
            self.refuse(peer, Code.NOT_FOUND, room=room)

    def forget(self, peer: Peer) -> None:
        """The connection is gone."""
        self._journal.forget(peer)

    def refuse(self, peer: Peer, code: str, *, text: str = "", temporary: bool = False, **about: Any) -> None:
        """Tell a client why something was not done."""
        retry_after = RETRY_AFTER if temporary else None
        self.post(
            peer,
            protocol.Error(
                code=code, message=text or TEXTS[code], temporary=temporary, retry_after=retry_after, **about
            ),
        )

    def post(self, peer: Peer, message: protocol.ServerMessage) -> None:
        """Send a message to one client, in order with everything else that it is due."""
        self._fanout.post([peer], frame(message))

    # -- handlers

    async def _write(self, peer: Peer, command: protocol.Command) -> None:
        if isinstance(command, protocol.Send) and (command.room is None) == (command.to is None):
            self.refuse(
                peer, Code.INVALID, id=command.id, text="a message goes either to a room or to a user"
            )
            return
        await peer.until_few_unanswered()
        peer.unanswered += 1
        request = Request(peer.user, command, at=time.time_ns() // 1_000_000)
        self._journal.put(peer, request, lambda outcome: self._answer(peer, outcome))

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
            return f"The message is longer than {self._longest} characters."
        if code == Code.NOT_FOUND and isinstance(command, protocol.Send) and command.to is not None:
            return "Nobody has this name."
        return TEXTS[code]

    async def _read(self, peer: Peer, read: protocol.Read) -> None:
        marker = await self._store.run(rooms.mark_read, room=read.room, user=peer.user.id, number=read.number)
        if marker is None:
            raise rooms.NoSuchRoom(read.room)
        payload = protocol.encode(marker)
        if not self._bus.publish([(keys.user_channel(peer.user.id), payload)]):
            self._fanout.post(self._delivery.hub.of_user(peer.user.id), frame(payload))

    async def _sync(self, peer: Peer, sync: protocol.Sync) -> None:
        await self._delivery.sync(peer, sync.room, sync.since)

    async def _ping(self, peer: Peer, _: protocol.Ping) -> None:
        self.post(peer, protocol.Pong())
