"""The life of one connection: session, hello, then frame after frame until it closes."""

import asyncio
from dataclasses import dataclass

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from chatd.commands import Commands
from chatd.hello import Farewell, Greeter
from chatd.hub import Hub
from chatd.peer import Peer
from chatd.watch import SessionUnknown, Watch
from shared import protocol
from shared.protocol import Close, Code

log = structlog.get_logger("chatd.connection")

HELLO_SECONDS = 10.0
# What pages say by themselves, also when nobody sits before them: it keeps no session alive.
AUTOMATIC = (protocol.Hello, protocol.Ping, protocol.Sync, protocol.Read)
FAULTS_MAX = 50  # invalid frames on one connection: a peer that sends more is abusive


@dataclass(frozen=True, slots=True)
class Connections:
    """Serves every connection of the daemon."""

    hub: Hub[Peer]
    watch: Watch
    greeter: Greeter
    commands: Commands

    async def serve(self, socket: ServerConnection) -> None:
        """One connection, from the upgrade to its end."""
        peer = None
        try:
            peer = await self._authenticate(socket)
            await self._greet(peer)
            await self.watch.look_again(peer)
            log.info("connected", user=peer.user.id, session=peer.session, connections=len(self.hub))
            while True:
                await self._receive(peer)
        except Farewell as farewell:
            await socket.close(farewell.code, farewell.reason)
        except ConnectionClosed:
            pass
        finally:
            if peer is not None:
                self.hub.remove(peer)
                self.commands.forget(peer)
                log.info("disconnected", user=peer.user.id, session=peer.session, code=socket.close_code)

    async def _authenticate(self, socket: ServerConnection) -> Peer:
        if socket.subprotocol != protocol.SUBPROTOCOL:
            raise Farewell(Close.NOT_ALLOWED, f"this daemon speaks {protocol.SUBPROTOCOL}")
        assert socket.request is not None
        try:
            found = await self.watch.find("; ".join(socket.request.headers.get_all("Cookie")))
        except SessionUnknown:
            raise Farewell(Close.TRY_AGAIN, "the session can not be checked just now") from None
        if found is None:
            raise Farewell(Close.SIGNED_OUT, "not signed in")
        return Peer(socket, sid=found.sid, user=found.user)

    async def _greet(self, peer: Peer) -> None:
        """Await `hello` and answer it; anything else before it is a fault."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                while not isinstance(hello := await self._next(peer), protocol.Hello):
                    if hello is not None:
                        self._fault(peer, "the first message is hello")
        except TimeoutError:
            raise Farewell(Close.NOT_ALLOWED, f"no hello within {HELLO_SECONDS:.0f} seconds") from None
        await self.greeter.greet(peer, hello)

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
            self._fault(peer, str(fault))
            return None

    def _fault(self, peer: Peer, text: str) -> None:
        peer.faults += 1
        if peer.faults > FAULTS_MAX:
            log.warning("too many invalid frames", user=peer.user.id)
            raise Farewell(Close.TOO_MANY, "too many invalid frames")
        self.commands.refuse(peer, Code.INVALID, text=text)
