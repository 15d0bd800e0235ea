"""ParleyClient: a client in Python that keeps the promise of the page.

What it was told is acknowledged stands in the log once; what it sends is sent again with the same
id until it is answered; what it shows of a loaded room becomes equal to the log, whatever breaks
in between. It imports nothing of the daemon but the pure timeline.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin, Subprotocol

from chatd.backoff import Backoff
from chatd.client_http import Http, WebError
from chatd.outbox import ANSWER_SECONDS, Outbox, Outgoing
from chatd.timeline import Timeline, Todo
from shared import protocol
from shared.protocol import Close, Code

STABLE_SECONDS = 10.0  # after which the back-off starts anew
LOADED_MAX = 20  # timelines whose cursors go with hello

ServerFrame = (
    protocol.Welcome
    | protocol.Changes
    | protocol.Reset
    | protocol.Message
    | protocol.RoomChange
    | protocol.Joined
    | protocol.Left
    | protocol.Ack
    | protocol.Marker
    | protocol.Seen
    | protocol.SomebodyTypes
    | protocol.Presences
    | protocol.Error
    | protocol.Drain
    | protocol.Pong
)
_decoder = msgspec.json.Decoder(ServerFrame)


class SignedOut(RuntimeError):
    """The session ended; sign in again."""


class NotAllowed(RuntimeError):
    """The daemon will not talk with this client: it speaks another version of the protocol."""


@dataclass(slots=True)
class ParleyClient:
    """One device of one user.

    `observe(room, message)` hears of each message as it is put into a loaded timeline; `failed(outgoing, error)`
    of temporary refusals.
    """

    url: str
    name: str
    password: str
    observe: Callable[[int, protocol.Message], None] = lambda _, __: None
    failed: Callable[[Outgoing, protocol.Error], None] = lambda _, __: None
    http: Http = field(init=False)
    user: protocol.User | None = None
    rooms: dict[int, protocol.RoomSummary] = field(default_factory=dict)
    timelines: dict[int, Timeline] = field(default_factory=dict)
    connections: int = 0  # that were welcomed
    server: str = ""  # the daemon that welcomed the present one
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: Outbox = field(init=False)
    _backoff: Backoff = field(default_factory=Backoff)
    _socket: ClientConnection | None = None
    _epoch: int = 0
    _moving: bool = False
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _main: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.http = Http(self.url)
        self.outbox = Outbox(self._say, self.kill, self._failed)

    # -- what a user does

    async def register(self) -> None:
        """Make the account. Raises `WebError`."""
        await asyncio.to_thread(self.http.register, self.name, self.password)

    async def start(self) -> None:
        """Connect, and stay connected until `close`."""
        self._main = asyncio.create_task(self._stay_connected())

    async def close(self) -> None:
        """Disconnect. What is not answered stays unanswered. Raises `NotAllowed` where that ended it before."""
        for task in (*self._tasks, *([self._main] if self._main else [])):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, SignedOut):
                await task
        if self._socket is not None:
            await self._socket.close()

    def _failed(self, outgoing: Outgoing, error: protocol.Error) -> None:
        self.failed(outgoing, error)

    def kill(self) -> None:
        """Break the connection as a network does: no close frame, nothing flushed."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def open_room(self, room: int) -> Timeline:
        """Load a room's newest page and follow it from there."""
        timeline = self.timelines.get(room)
        if timeline is None:
            timeline = Timeline(observe=lambda message: self.observe(room, message))
            self.timelines[room] = timeline
            await self._load(room, timeline)
        return timeline

    def send(
        self, body: str, *, room: int | None = None, to: str | None = None, reply_to: int | None = None
    ) -> Outgoing:
        """Say something in a room, also in reply to one of its messages, or directly to somebody."""
        return self.outbox.put(protocol.Send(uuid4(), body, room, to, reply_to))

    def edit(self, message: protocol.Message, body: str) -> Outgoing:
        """Replace the text of one's own message as it is held."""
        return self.outbox.put(
            protocol.Edit(uuid4(), message.room, message.number, message.body_version, body)
        )

    def delete(self, message: protocol.Message) -> Outgoing:
        """Delete one's own message."""
        return self.outbox.put(protocol.Delete(uuid4(), message.room, message.number))

    def react(self, message: protocol.Message, emoji: str, *, on: bool = True) -> Outgoing:
        """Put one's reaction under a message, or take it away."""
        return self.outbox.put(protocol.React(uuid4(), message.room, message.number, emoji, on))

    @property
    def unanswered(self) -> int:
        """Commands that wait for their answer on the present connection."""
        return self.outbox.unanswered

    @property
    def queued(self) -> int:
        """Commands that have no final answer yet."""
        return self.outbox.queued

    # -- connection

    async def _stay_connected(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began, welcomed, code = loop.time(), self.connections, None
            try:
                await self._connect_once()
            except ConnectionClosed as closed:
                code = self._judge(closed)
            except (OSError, InvalidHandshake, WebError):
                pass
            except SignedOut:
                with contextlib.suppress(WebError):
                    await asyncio.to_thread(self.http.sign_in, self.name, self.password)
            moved, self._moving = self._moving, False
            if code == Close.TOO_MANY:
                self._backoff.too_many()
            elif moved or loop.time() - began > STABLE_SECONDS:
                self._backoff.reset()
            elif self.connections > welcomed:
                self._backoff.welcomed()
            if not moved:
                await asyncio.sleep(self._backoff.next())

    def _judge(self, closed: ConnectionClosed) -> int | None:
        """The code of the daemon's close frame, and what it says of the next attempt. Raises `NotAllowed`."""
        code = closed.rcvd.code if closed.rcvd is not None else None
        if code == Close.NOT_ALLOWED:
            raise NotAllowed(closed.rcvd.reason if closed.rcvd is not None else "") from None
        if code in (Close.TRY_AGAIN, Close.RESTART):
            self._backoff.told()
        return code

    async def _connect_once(self) -> None:
        """One connection, from the handshake to its end."""
        if not self.http.cookies():
            await asyncio.to_thread(self.http.sign_in, self.name, self.password)
        address = self.url.replace("http", "ws", 1) + "/ws"
        async with connect(
            address,
            origin=Origin(self.url),
            subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
            additional_headers={"Cookie": self.http.cookies()},
            compression=None,
            open_timeout=5,
            ping_interval=5,
            ping_timeout=5,
            close_timeout=1,
            max_size=None,
            proxy=None,
        ) as socket:
            loaded = [(room, t.position) for room, t in self.timelines.items() if t.position is not None]
            cursors = dict(loaded[-LOADED_MAX:])
            try:
                await socket.send(protocol.encode(protocol.Hello(self._epoch, cursors)).decode())
                async for frame in socket:
                    self._receive(socket, frame, cursors)
            except ConnectionClosed as closed:
                # Of the close frame: the socket's own `close_code` is known only when TCP has ended too.
                if closed.rcvd is not None and closed.rcvd.code == Close.SIGNED_OUT:
                    raise SignedOut(closed.rcvd.reason) from None
                raise
            finally:
                self._disconnected()

    def _disconnected(self) -> None:
        self._socket = None
        self.outbox.close()
        self.connected.clear()
        for timeline in self.timelines.values():
            timeline.disconnected()

    def _receive(self, socket: ClientConnection, frame: str | bytes, cursors: dict[int, int]) -> None:
        try:
            message = _decoder.decode(frame)
        except msgspec.ValidationError:
            return  # a newer daemon's message: clients ignore what they do not know
        match message:
            case protocol.Message():
                self._want(message.room, lambda t: t.change(message.version, message))
            case protocol.Ack() | protocol.Error(id=UUID()):
                self.outbox.answered(message)
            case protocol.Changes():
                self._want(message.room, lambda t: t.changes(message))
            case protocol.Reset():
                self._want(message.room, lambda t: t.reset(message.version))
            case protocol.RoomChange():
                self._want(message.room, lambda t: t.change(message.version))
            case protocol.Welcome():
                self._welcome(socket, message, cursors)
            case protocol.Joined():
                self._know(message.summary)
                self._want(message.summary.room.id, lambda t: t.heard(message.summary.head))
            case protocol.Left():
                self._forget(message.room)
            case protocol.Drain():
                self._moving = True
                self.outbox.hold()
                self._spawn(self._move(socket, message.within))
            case protocol.Error(room=int(), temporary=True, of=None | "sync"):
                self._spawn(self._sync_again(message.room, message.retry_after or 1.0))
            case protocol.Error(room=int(), code=Code.NOT_FOUND):
                self._forget(message.room)

    def _welcome(self, socket: ClientConnection, welcome: protocol.Welcome, cursors: dict[int, int]) -> None:
        self.user = welcome.user
        self._socket = socket
        self.server = welcome.server
        self.rooms = {}
        for summary in welcome.rooms:
            self._know(summary)
        self.connections += 1
        restored = self._epoch not in (0, welcome.epoch)
        self._epoch = welcome.epoch
        for room, timeline in list(self.timelines.items()):
            if room not in self.rooms:
                del self.timelines[room]
            elif restored or not timeline.loaded:
                timeline.reset(self.rooms[room].head)
                self._spawn(self._load(room, timeline))
            else:
                # What lies behind the cursors that went with hello comes by itself.
                timeline.asked = cursors.get(room) if cursors.get(room, 0) < self.rooms[room].head else None
                self._ask(room, timeline, timeline.heard(self.rooms[room].head))
        self.connected.set()
        self.outbox.open()

    def _know(self, summary: protocol.RoomSummary) -> None:
        """A room that the user is in."""
        self.rooms[summary.room.id] = summary
        if summary.room.kind == "direct" and self.user is not None:
            others = [member.name for member in summary.room.members if member.id != self.user.id]
            self.outbox.names(summary.room.id, others[0] if others else self.user.name)

    def _forget(self, room: int | None) -> None:
        """A room that the user is no longer in."""
        self.rooms.pop(room or 0, None)
        timeline = self.timelines.pop(room or 0, None)
        if timeline is not None:
            timeline.disconnected()  # an open question gets no answer any more

    async def _move(self, socket: ClientConnection, within: float) -> None:
        """The daemon stops: send nothing more, await the open answers, and go at a time of one's own."""
        await asyncio.sleep(random.uniform(0, within))  # noqa: S311 - spreads load
        await self.outbox.quiet()
        await socket.close()

    # -- timelines

    def _want(self, room: int, apply: Callable[[Timeline], Todo]) -> None:
        """Apply a frame to a room's timeline, and ask for what it then wants."""
        timeline = self.timelines.get(room)
        if timeline is not None:
            self._ask(room, timeline, apply(timeline))

    def _ask(self, room: int, timeline: Timeline, todo: Todo) -> None:
        if todo.load:
            self._spawn(self._load(room, timeline))
        elif todo.sync is not None and self._socket is not None:
            self._say(protocol.Sync(room, todo.sync))
            asyncio.get_running_loop().call_later(
                ANSWER_SECONDS, self._overdue, self._socket, timeline, timeline.questions
            )
        elif todo.sync is not None:
            timeline.disconnected()  # hello asks

    def _overdue(self, socket: ClientConnection, timeline: Timeline, question: int) -> None:
        """A `sync` without an answer: the connection is dead, whatever its pings say."""
        if self._socket is socket and timeline.asked is not None and timeline.questions == question:
            socket.transport.abort()

    async def _sync_again(self, room: int | None, seconds: float) -> None:
        """A `sync` was refused as temporary: ask again, where something is still missing."""
        await asyncio.sleep(seconds * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load
        timeline = self.timelines.get(room or 0)
        if timeline is not None and room is not None:
            timeline.refused()
            self._ask(room, timeline, timeline.heard(timeline.head))

    async def _load(self, room: int, timeline: Timeline) -> None:
        """Load the newest page, again until it succeeds."""
        generation = timeline.generation
        while self.timelines.get(room) is timeline and timeline.generation == generation:
            try:
                page = await asyncio.to_thread(self.http.page, room)
            except WebError as fault:
                if fault.status == 401:
                    with contextlib.suppress(WebError):
                        await asyncio.to_thread(self.http.sign_in, self.name, self.password)
                elif fault.status == 404:
                    self.timelines.pop(room, None)
                    return
                await asyncio.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - spreads load
                continue
            todo = timeline.page(page.messages, page.version, more=page.more, generation=generation)
            self._ask(room, timeline, todo)
            return

    # -- underneath

    def _say(self, message: protocol.ClientMessage) -> None:
        socket = self._socket
        if socket is not None:
            self._spawn(self._write(socket, protocol.encode(message).decode()))

    @staticmethod
    async def _write(socket: ClientConnection, frame: str) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            await socket.send(frame)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
