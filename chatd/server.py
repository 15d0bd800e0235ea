"""Puts the daemon together, runs it, and lets it go without anybody noticing."""

import asyncio
import resource
import signal
import socket as sockets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve, unix_serve

from chatd.bus import Bus
from chatd.commands import Commands
from chatd.connection import Admission, Connections
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.garbage import Garbage
from chatd.handshake import Gate, Proxies
from chatd.heads import Heads
from chatd.hello import Greeter
from chatd.hub import Hub
from chatd.journal import Journal
from chatd.keepalive import Keepalive
from chatd.line import Bounds, lines
from chatd.peer import Peer, frame
from chatd.presence_exchange import PresenceExchange
from chatd.ratelimit import Buckets, Kind, Limits, Quota, Rate
from chatd.signals import Signals
from chatd.store import Store, StoreAway
from chatd.watch import Watch
from chatd.writer import Writer
from shared import batch, events, protocol
from shared.database import Database, OwnConnection
from shared.log import Accepted
from shared.protocol import Close
from shared.settings import Settings

log = structlog.get_logger("chatd.server")

UNIX = "unix:"
BACKLOG = 1024
SWEEP_SECONDS = 30.0
STALL_CHECK_SECONDS = 1.0
ANSWER_SECONDS = 4.0  # of the database; clients wait 10 to 20 s for theirs
FLUSH_SECONDS = 4.0  # for the batches of a drain
MOVES_PER_SECOND = 1_400  # handshakes that another daemon can answer
OTHER_FILES = 200  # beside connections: of MariaDB, of Redis, of the health check, of Python
# Bytes that the kernel keeps for a TCP connection and has not sent. Else they are up to 4 MB, before `buffer_max` counts.
UNSENT_MAX = 128 * 1024
SLICE = 100  # connections closed in one turn of a drain
CLOSE_TIMEOUT = 2  # seconds for a client to answer a close
CLOSING_SECONDS = CLOSE_TIMEOUT + 0.5  # for all of them together: who does not answer holds up nobody


class Daemon:
    """One chat daemon."""

    def __init__(self, settings: Settings, index: int) -> None:
        self._settings = settings
        self._index = index
        self._database = Database(settings, answer_seconds=ANSWER_SECONDS)
        self._store = Store(self._database)
        self._hub: Hub[Peer] = Hub()
        self._fanout = Fanout(
            asyncio.get_running_loop(),
            limit=settings.buffer_max,
            is_awaited=lambda: self._journal.is_busy,
        )
        self._bus = Bus(
            settings,
            on_room=self._on_room,
            on_user=self._on_user,
            on_presence=self._on_presence,
            on_restored=self._on_restored,
        )
        self._delivery = Delivery(self._store, self._bus, self._fanout, self._hub)
        self._presence = PresenceExchange(
            self._bus,
            self._fanout,
            interval=settings.presence_interval,
            grace=settings.presence_grace,
        )
        self._heads = Heads(settings, self._store, self._delivery)
        self._watch = Watch(settings, self._hub)
        self._writing = OwnConnection(settings, answer_seconds=ANSWER_SECONDS)
        self._journal = Journal(Writer(self._writing, longest=settings.message_max), self._on_committed)
        self._limits = Limits(
            {
                Kind.MESSAGE: settings.message_rate,
                Kind.SYNC: settings.sync_rate,
                Kind.READ: settings.read_rate,
                Kind.SIGNAL: settings.signal_rate,
                Kind.HANDSHAKE: settings.handshake_rate,
            },
            handshakes_of_address=settings.handshake_rate_per_address,
        )
        self._proxies = Proxies(settings.proxies)
        self._most = min(settings.sockets_max, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OTHER_FILES)
        self._keepalive = Keepalive(self._hub, self._fanout)
        self._garbage = Garbage()
        self._server: Server | None = None
        self._draining = False

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(work)
                for work in (
                    self._bus.run(),
                    self._heads.run(),
                    self._watch.run(),
                    self._presence.run(),
                    self._keepalive.run(),
                    self._sweep(),
                    self._cut_off_stalled(),
                )
            ]
            journal = group.create_task(self._journal.run())
            server = self._server = await self._listen()
            log.info("serving", address=self._settings.daemon_address(self._index))
            self._garbage.begin()
            await stop.wait()
            await self._drain(server)
            for task in (*tasks, journal):
                task.cancel()
        await self._watch.close()
        self._journal.close()
        self._store.close()
        self._writing.close()
        self._database.close()
        log.info("stopped")

    async def _listen(self) -> Server:
        connections = Connections(
            self._hub, self._watch, self._greeter(), self._commands(), self._admission()
        )
        bounds = Bounds(Buckets(Rate.of(self._settings.frame_rate)), self._settings.buffer_max, self._most)
        options: dict[str, Any] = {
            "create_connection": lines(bounds),
            "process_request": Gate(
                self._settings.origins, self._proxies, self._limits, self._is_full, self._health
            ),
            "subprotocols": [protocol.SUBPROTOCOL],
            "select_subprotocol": _offered,
            "compression": None,  # 33 KB less a connection, and one frame serves all of them
            "server_header": None,
            "open_timeout": self._settings.handshake_seconds,
            "ping_interval": None,  # see `Keepalive`
            "close_timeout": CLOSE_TIMEOUT,
            "max_size": self._settings.frame_max,
            "max_queue": 16,
        }
        address = self._settings.daemon_address(self._index)
        if address.startswith(UNIX):
            path = address.removeprefix(UNIX)
            Path(path).unlink(missing_ok=True)  # noqa: ASYNC240 - of a daemon that was killed; nobody is served yet
            return await unix_serve(connections.serve, path, backlog=BACKLOG, **options)
        host, _, port = address.rpartition(":")
        server = await serve(connections.serve, host.strip("[]"), int(port), backlog=BACKLOG, **options)
        for listening in server.sockets:  # the connections inherit it
            listening.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, UNSENT_MAX)
        return server

    def _commands(self) -> Commands:
        return Commands(
            self._settings.message_max,
            journal=self._journal,
            delivery=self._delivery,
            store=self._store,
            fanout=self._fanout,
            bus=self._bus,
            limits=self._limits,
            signals=Signals(self._delivery, self._fanout, self._presence),
        )

    def _admission(self) -> Admission:
        return Admission(
            self._proxies,
            self._limits,
            of_users=Quota(self._settings.sockets_per_user),
            of_addresses=Quota(self._settings.sockets_per_address),
            hello_seconds=self._settings.handshake_seconds,
        )

    def _is_full(self) -> bool:
        """Whether another connection would be one too many; each has a task from its first byte on."""
        return self._server is not None and len(self._server.handler_tasks) > self._most

    def _greeter(self) -> Greeter:
        server = f"{sockets.gethostname()}:{self._index}"
        return Greeter(server, self._store, self._bus, self._delivery, self._fanout, self._heads)

    # -- what happens

    def _on_committed(self, accepted: Sequence[Accepted]) -> None:
        """Publish a batch's changes, in their order, and tell whoever is in a new direct room."""
        changes = [outcome.change for outcome in accepted if outcome.change is not None]
        opened = [(user, outcome.message.room) for outcome in accepted for user in outcome.opened]
        items = [(self._bus.channels.room(change.room), protocol.encode(change)) for change in changes]
        items += [(self._bus.channels.user(user), events.joined(room)) for user, room in opened]
        if not self._bus.publish(items):
            # Redis is away: those who are here hear of it now, the others when heads are compared.
            self._delivery.compare([(change.room, change.version) for change in changes])
            for user, room in opened:
                self._delivery.spawn(self._delivery.admit(user, room))

    def _on_room(self, room: int, payload: bytes) -> None:
        self._delivery.heard(room, payload)

    def _on_user(self, user: int, payload: bytes) -> None:
        try:
            event = events.decode(payload)
        except ValueError:
            log.error("unreadable publish", user=user)
            return
        if event.type == "joined":
            self._delivery.spawn(self._delivery.admit(user, event.room))
        elif event.type == "left":
            self._delivery.spawn(self._delivery.recheck(user, event.room))
        elif event.type == "revoked":
            self._watch.revoked(user, event.session)
        elif event.type == "read":
            self._fanout.post(self._hub.of_user(user), frame(payload))

    def _on_presence(self, payload: bytes) -> None:
        self._presence.heard(payload)

    def _on_restored(self) -> None:
        self._heads.compare_everything_now()
        self._watch.check_everybody_now()
        self._presence.compare()

    async def _cut_off_stalled(self) -> None:
        """End the connections that do not read, and have what waited for them given back to the system."""
        while True:
            await asyncio.sleep(STALL_CHECK_SECONDS)
            self._garbage.note_waiting(self._fanout.cut_off_stalled())

    async def _sweep(self) -> None:
        """Forget the rooms and users that nobody here belongs to any more, and old answers."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._garbage.look(ended=self._hub.left, alive=len(self._hub))
            with suppress(StoreAway):
                await self._store.run(batch.forget_done, time.time())
            empty = [room for room in self._delivery.sequencer.rooms() if self._hub.is_empty(room)]
            for room in empty:
                self._delivery.sequencer.forget(room)
                self._hub.forget(room)
            self._bus.unsubscribe([self._bus.channels.room(room) for room in empty])
            users = {self._bus.channels.user(user) for user in self._watch.users()}
            self._bus.unsubscribe(
                [name for name in self._bus.wanted(self._bus.channels.users) if name not in users]
            )

    def _health(self) -> dict[str, Any]:
        away = [
            name
            for name, here in (("mariadb", self._heads.database_here), ("redis", self._bus.connected))
            if not here
        ]
        status = "draining" if self._draining else "away: " + ", ".join(away) if away else "ok"
        return {"status": status, "daemon": self._index, "connections": len(self._hub)}

    # -- the end

    async def _drain(self, server: Server) -> None:
        """Stop accepting, let the clients move in their own time, answer what was taken, then close.

        Clients that know `drain` come back to another daemon at times spread over `within`.
        """
        self._draining = True
        server.close(close_connections=False)
        peers = self._hub.peers()
        within = min(self._settings.drain_seconds, max(1.0, len(peers) / MOVES_PER_SECOND))
        log.info("draining", connections=len(peers), within=within)
        if peers:
            self._fanout.post(peers, frame(protocol.Drain(within=within)))
            await asyncio.wait([*server.handler_tasks], timeout=within + 1.0)
        # Those that did not move go on sending, and the journal would never be empty.
        self._journal.refuse_new()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._journal.flushed()
        self._fanout.flush()  # the last answers
        self._presence.leave()
        await close_all(server.connections)
        await self._bus.close()


async def close_all(connections: Iterable[ServerConnection]) -> None:
    """Tell all of them that this daemon restarts, a slice in each turn of the loop, and give them one time to answer."""
    closing = []
    for number, connection in enumerate(list(connections), 1):
        closing.append(asyncio.create_task(connection.close(Close.RESTART, "restart")))
        if number % SLICE == 0:
            await asyncio.sleep(0)
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await asyncio.gather(*closing, return_exceptions=True)


def _offered(_: Any, offered: Any) -> Any:
    """Choose our subprotocol where it is offered; where it is not, the close code tells the client."""
    return protocol.SUBPROTOCOL if protocol.SUBPROTOCOL in offered else None
