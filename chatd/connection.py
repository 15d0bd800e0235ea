"""The life of one connection: session, hello, then frame after frame until it closes."""

import asyncio
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from chatd.commands import Commands
from chatd.handshake import Proxies
from chatd.hello import Farewell, Greeter
from chatd.hub import Hub
from chatd.line import Line
from chatd.peer import Peer
from chatd.ratelimit import Kind, Limits, Quota
from chatd.watch import SessionUnknown, Watch
from shared import protocol
from shared.protocol import Close, Code

log = structlog.get_logger("chatd.connection")

# What pages say by themselves, also when nobody sits before them: it keeps no session alive.
AUTOMATIC = (
    protocol.Hello,
    protocol.Ping,
    protocol.Sync,
    protocol.Read,
    protocol.Presence,
    protocol.Watch,
)
UNKNOWN = "the session can not be checked just now"
PROMPT_SECONDS = 0.5  # within which most say hello, so that nothing is done for those who do not
FAULTS_MAX = 50  # invalid frames on one connection: a peer that sends more is abusive


@dataclass(frozen=True, slots=True)
class Admission:
    """How many connections each may have. `of_users` are counted by id, `of_addresses` by what `Proxies` says."""

    proxies: Proxies
    limits: Limits
    of_users: Quota
    of_addresses: Quota
    hello_seconds: float


@dataclass(frozen=True, slots=True)
class Connections:
    """Serves every connection of the daemon."""

    hub: Hub[Peer]
    watch: Watch
    greeter: Greeter
    commands: Commands
    admission: Admission

    async def serve(self, socket: ServerConnection) -> None:
        """One connection, from the upgrade to its end."""
        assert isinstance(socket, Line)
        assert socket.request is not None
        address = self.admission.proxies.client(socket, socket.request.headers)
        try:
            with _place(self.admission.of_addresses, address, "too many connections from this address"):
                await self._serve(socket, address)
        except Farewell as farewell:
            await socket.close(farewell.code, farewell.reason)
        except ConnectionClosed:
            pass
        except Exception:
            # What it was is for the log alone (OWASP ASVS 5, 16.5.1).
            log.exception("connection failed")
            await socket.close(Close.FAILED, "something unforeseen happened")
        self._note_abuse(socket, address)

    async def _serve(self, socket: Line, address: str | None) -> None:
        peer = await self._authenticate(socket, address)
        # The address was counted before the upgrade; who the user is was not known then.
        if self.admission.limits.take(Kind.HANDSHAKE, time.monotonic(), user=peer.user.id):
            raise Farewell(Close.TOO_MANY, "too many connections in a short time")
        socket.belongs_to(peer.user.id)
        socket.forget_handshake()
        with _place(self.admission.of_users, peer.user.id, "too many connections of this user"):
            await self._attend(peer)

    def _note_abuse(self, socket: ServerConnection, address: str | None) -> None:
        """Tell the log of who was closed for too much of something, once a minute."""
        sent = socket.protocol.close_sent
        if sent is None or sent.code != Close.TOO_MANY:
            return
        if self.admission.limits.worth_a_line((address, sent.reason), time.monotonic()):
            log.warning("closed for too much", address=address, reason=sent.reason)

    async def _attend(self, peer: Peer) -> None:
        """Everything after the session is known."""
        try:
            with self.watch.arriving(peer):
                await self._greet(peer)
            self.commands.begin(peer)
            log.info("connected", user=peer.user.id, session=peer.session, connections=len(self.hub))
            while True:
                await self._receive(peer)
        finally:
            self.hub.remove(peer)
            self.commands.forget(peer)
            log.info("disconnected", user=peer.user.id, session=peer.session, code=_close_code(peer.socket))

    async def _authenticate(self, socket: Line, address: str | None) -> Peer:
        if socket.subprotocol != protocol.SUBPROTOCOL:
            raise Farewell(Close.NOT_ALLOWED, f"this daemon speaks {protocol.SUBPROTOCOL}")
        assert socket.request is not None
        try:
            found = await self.watch.find("; ".join(socket.request.headers.get_all("Cookie")))
        except SessionUnknown:
            raise Farewell(Close.TRY_AGAIN, UNKNOWN) from None
        if found is None:
            raise Farewell(Close.SIGNED_OUT, "not signed in")
        return Peer(socket, sid=found.sid, user=found.user, address=address)

    async def _greet(self, peer: Peer) -> None:
        """Await `hello` and answer it.

        The end of the session is heard of from the welcome on; where there is no hello yet, from a moment later on.
        """
        prompt = min(PROMPT_SECONDS, self.admission.hello_seconds)
        hello = await self._hello(peer, prompt)
        await self._guard(peer)
        if hello is None:
            hello = await self._hello(peer, self.admission.hello_seconds - prompt)
        if hello is None:
            # Not "not allowed": a line that stood still, or this process, may be the reason.
            raise Farewell(Close.TRY_AGAIN, "no hello in time")
        await self.greeter.greet(peer, hello)

    async def _hello(self, peer: Peer, seconds: float) -> protocol.Hello | None:
        """The first message, where it comes within this time; anything else before it is a fault."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not isinstance(hello := await self._next(peer), protocol.Hello):
                    if hello is not None:
                        self._fault(peer, "the first message is hello", of=protocol.tag(hello))
                return hello
        return None

    async def _guard(self, peer: Peer) -> None:
        """From here on this daemon hears when the session ends, and it has not ended yet. Raises `Farewell`."""
        await self.greeter.hear_user(peer)
        try:
            stands = await self.watch.look_again(peer)
        except SessionUnknown:
            raise Farewell(Close.TRY_AGAIN, UNKNOWN) from None
        if not stands:
            raise Farewell(Close.SIGNED_OUT, "signed out")

    async def _receive(self, peer: Peer) -> None:
        message = await self._next(peer)
        # What comes after our close frame is from somebody who was signed out, or will be sent again.
        if message is not None and peer.is_open:
            if not isinstance(message, AUTOMATIC):
                peer.in_use = True
            await self.commands.handle(peer, message)

    async def _next(self, peer: Peer) -> protocol.ClientFrame | None:
        """The next frame; None for one that is refused, which the client is told."""
        data = await peer.socket.recv()
        if isinstance(data, bytes):
            self._fault(peer, "binary frames are not spoken here")
            return None
        try:
            return protocol.decode(data)
        except protocol.InvalidFrame as fault:
            self._fault(peer, str(fault), of=protocol.tag_of_frame(data))
            return None

    def _fault(self, peer: Peer, text: str, *, of: str | None = None) -> None:
        peer.faults += 1
        if peer.faults > FAULTS_MAX:
            raise Farewell(Close.TOO_MANY, "too many invalid frames")
        self.commands.refuse(peer, Code.INVALID, text=text, of=of)


@contextmanager
def _place(quota: Quota, key: Hashable | None, refusal: str) -> Iterator[None]:
    """One of the places that a quota gives to `key`; any number to who has none. Raises `Farewell`."""
    if key is None:
        yield
        return
    if not quota.enter(key):
        raise Farewell(Close.TOO_MANY, refusal)
    try:
        yield
    finally:
        quota.leave(key)


def _close_code(socket: ServerConnection) -> int | None:
    """The code that the connection ended with: ours, where we ended it."""
    sent = socket.protocol.close_sent
    return sent.code if sent is not None else socket.close_code
