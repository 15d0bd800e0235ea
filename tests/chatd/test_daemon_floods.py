"""A flood of one disturbs nobody else and costs bounded memory. The limits are the shipped ones, but for frames.

A talker's answers are measured beside the flood and without it; the bounds are generous, since tests
share a machine, and far below what a flood did before there were limits.
"""

import asyncio
import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from uuid import uuid4

import pytest
from websockets.frames import Frame, Opcode

from shared import sessions
from shared.protocol import SUBPROTOCOL, Close
from shared.settings import Settings
from tests.chatd.daemons import HOST, Chat, Person, running
from tests.chatd.device import SECONDS, Client
from tests.servers import Servers
from tests.timing import TooSlow, best_of_tries
from tests.unlimited import UNLIMITED

SENDS = 20
WORST_SECONDS = 2.0
FRAME_RATE = 6.0  # lower than the shipped one, so that a flood ends soon
MEMORY_MAX = 48 * 1024  # KiB that a flood may cost
PIECE = 65_536


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    shipped = {item.name: item.default for item in fields(Settings) if item.name in UNLIMITED}
    yield from running(settings, daemons=1, **(shipped | {"frame_rate": FRAME_RATE}))


def text(data: str) -> bytes:
    return Frame(Opcode.TEXT, data.encode()).serialize(mask=True)


def control(opcode: Opcode) -> bytes:
    return Frame(opcode, b"").serialize(mask=True)


def fragments() -> bytes:
    """A message that never ends."""
    first = Frame(Opcode.TEXT, b"[", fin=False).serialize(mask=True)
    return first + Frame(Opcode.CONT, b"", fin=False).serialize(mask=True) * 10_000


def sends(room: int) -> bytes:
    frames = [f'{{"type":"send","id":"{uuid4()}","room":{room},"body":"flood"}}' for _ in range(1000)]
    return b"".join(text(data) for data in frames)


def memory(chat: Chat) -> int:
    """Resident memory of the daemon, in KiB."""
    process = chat.daemons[0].process
    assert process is not None
    status = Path("/proc", str(process.pid), "status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


class Flooder:
    """Sends the same bytes again and again, as fast as they are taken, until the daemon hangs up."""

    def __init__(self, chat: Chat, person: Person, data: bytes, *, hello: bool = True) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(SECONDS)
        self._line.connect(chat.daemons[0].path)
        self._line.sendall(_handshake(person))
        assert self._line.recv(1024).startswith(b"HTTP/1.1 101")
        if hello:
            self._line.sendall(text('{"type": "hello"}'))
        self._data = data * (PIECE // len(data) + 1)
        self.heard = b""  # what came last
        self.ended = threading.Event()
        self.sent = 0
        self._threads = [threading.Thread(target=work) for work in (self._send, self._hear)]

    def __enter__(self) -> "Flooder":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._line.close()

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.sent += self._line.send(self._data)

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while part := self._line.recv(PIECE):
                self.heard = (self.heard + part)[-1000:]
        self.ended.set()

    @property
    def close_code(self) -> int | None:
        """The code of the close frame that came last; None where the line just broke."""
        start = self.heard.rfind(bytes([0x80 | Opcode.CLOSE]))
        return int.from_bytes(self.heard[start + 2 : start + 4]) if start >= 0 else None


def _handshake(person: Person) -> bytes:
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {HOST}",
        f"Origin: http://{HOST}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
        f"Cookie: {sessions.COOKIE}={person.sid}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def seconds_of_answers(one: Client, room: int) -> list[float]:
    """How long each of some messages waited for its answer."""
    took = []
    for number in range(SENDS):
        began = time.monotonic()
        answer = await one.send(f"message {number}", room=room)
        assert answer["type"] == "ack", answer
        took.append(time.monotonic() - began)
    return took


def assert_undisturbed(beside: list[float], alone: list[float]) -> None:
    if max(beside) >= WORST_SECONDS or statistics.median(beside) >= 5 * statistics.median(alone) + 0.05:
        raise TooSlow(f"{sorted(beside)} beside the flood, {sorted(alone)} without it")


@contextmanager
def bounded(chat: Chat) -> Iterator[None]:
    """What happens within costs the daemon little memory."""
    before = memory(chat)
    yield
    assert memory(chat) - before < MEMORY_MAX


FLOODS = {
    "pings of the protocol": text('{"type":"ping"}'),
    "questions": text('{"type":"sync","room":1,"since":0}'),
    "read markers": text('{"type":"read","room":1,"number":1}'),
    "rubbish": text("?"),
    "large rubbish": text("?" * 60_000),
    "nothing": text(""),
    "pings of WebSocket": control(Opcode.PING),
    "pongs of WebSocket": control(Opcode.PONG),
    "pings of WebSocket that say something": Frame(Opcode.PING, b"x" * 50).serialize(mask=True),
    "fragments": fragments(),
    "binary frames": Frame(Opcode.BINARY, b"x").serialize(mask=True),
}


@pytest.mark.parametrize("kind", FLOODS)
@best_of_tries
async def test_a_flood_of_frames_disturbs_nobody_and_is_ended(chat: Chat, kind: str) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        alone = await seconds_of_answers(one, room)
        with bounded(chat), Flooder(chat, eve, FLOODS[kind]) as flooder:
            assert_undisturbed(await seconds_of_answers(one, room), alone)
            assert await asyncio.to_thread(flooder.ended.wait, SECONDS)
        assert flooder.close_code in (Close.TOO_MANY, 1009, None)
        await one.barrier()


@best_of_tries
async def test_a_flood_of_messages_disturbs_nobody_and_is_limited(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room, flooded = chat.room(alice), chat.room(eve)
    async with chat.connect(alice) as one:
        alone = await seconds_of_answers(one, room)
        began = time.monotonic()
        with bounded(chat), Flooder(chat, eve, sends(flooded)):
            assert_undisturbed(await seconds_of_answers(one, room), alone)
        seconds = time.monotonic() - began
        settings = chat.settings
        assert len(chat.bodies(flooded)) <= settings.message_rate * (10 + seconds) + 1


@best_of_tries
async def test_a_flood_before_hello_disturbs_nobody(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        alone = await seconds_of_answers(one, room)
        with bounded(chat), Flooder(chat, eve, control(Opcode.PING), hello=False) as flooder:
            assert_undisturbed(await seconds_of_answers(one, room), alone)
            assert await asyncio.to_thread(flooder.ended.wait, SECONDS)


async def test_who_sends_a_little_too_fast_is_slowed_down_and_loses_nothing(chat: Chat) -> None:
    """What was read is answered; what is above ten seconds' worth is waited for before more is read."""
    count, most = int(FRAME_RATE * 12), FRAME_RATE * 10
    async with chat.connect(chat.person("alice")) as one:
        began = time.monotonic()
        for _ in range(count):
            await one.say(type="read", room=0, number=0)
        for _ in range(2):
            await one.barrier()
        assert time.monotonic() - began > (count - most) / FRAME_RATE - 0.5
        assert len(one.heard("error")) == count


async def test_the_log_has_a_line_about_a_flood_and_not_one_for_each_frame(chat: Chat) -> None:
    eve = chat.person("evelyn")
    before = len(chat.daemons[0].events())
    for _ in range(3):
        with Flooder(chat, eve, FLOODS["pings of WebSocket"]) as flooder:
            assert await asyncio.to_thread(flooder.ended.wait, SECONDS)
    news = chat.daemons[0].events()[before:]
    assert len([event for event in news if event["event"] == "closed for too much"]) <= 1
    assert len(news) < 30
