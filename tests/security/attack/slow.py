"""Requests, bodies and frames that dawdle, over HTTP and WebSocket: who is cut off, and what others notice."""

import asyncio
import struct
import time
from dataclasses import dataclass

from tests.security.attack.site import Product
from tests.security.attack.wire import HELLO, MASK, Raw, frame
from tests.system.test_front import ask

FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n"
PAUSE_SECONDS = 1.0  # between two bytes


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to dawdle. `most`: seconds until it is cut off; None where it is held, and only others count."""

    opening: bytes
    drips: bool
    most: float | None
    over: str = ""  # "ws": after a handshake; "hello": after the first frame as well


KINDS = {
    "a head, a byte a second": Kind(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", True, 15),
    "a handshake's head, a byte a second": Kind(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX-A: ", True, 15
    ),
    "a head that stops": Kind(b"GET / HTTP/1.1\r\nHost: x\r\n", False, 15),
    "a body that stops": Kind(b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + FORM + b"name=", False, 15),
    "a body, a byte a second": Kind(b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + FORM, True, None),
    "a socket that says nothing": Kind(b"", False, 15, "ws"),
    "a first frame, a byte a second": Kind(b"\x81\xfe" + struct.pack("!H", 60_000) + MASK, True, 15, "ws"),
    "a later frame, a byte a second": Kind(
        frame(HELLO) + b"\x81\xfe" + struct.pack("!H", 60_000) + MASK, True, 60, "hello"
    ),
}


@dataclass(frozen=True, slots=True)
class Dawdled:
    """`cut`: seconds until the last line of each kind was cut off, None where it was held to the end of the test.

    `page` and `handshake`: the longest that somebody else waited for one, in seconds.
    """

    lines: int
    cut: dict[str, float | None]
    page: float
    handshake: float


async def dawdle(product: Product, cookie: str, *, each: int) -> Dawdled:
    """Open `each` lines of every kind at once, until all that must be cut off are, or their time is over."""
    began = time.monotonic()
    ends: dict[str, list[asyncio.Task[float | None]]] = {
        name: [asyncio.create_task(_line(product, cookie, kind)) for _ in range(each)]
        for name, kind in KINDS.items()
    }
    page = handshake = 0.0
    while not all(task.done() for tasks in ends.values() for task in tasks):
        asked = time.monotonic()
        answer = await asyncio.to_thread(ask, product, "/sign-in")
        assert answer.status == 200, answer.status
        page = max(page, time.monotonic() - asked)
        asked = time.monotonic()
        (await Raw.open(product, cookie)).close()
        handshake = max(handshake, time.monotonic() - asked)
        await asyncio.sleep(0.25)
        assert time.monotonic() - began < 120, "the lines do not end"
    cut: dict[str, float | None] = {}
    for name, tasks in ends.items():
        found = [task.result() for task in tasks]
        cut[name] = None if None in found else max(seconds for seconds in found if seconds is not None)
    return Dawdled(each * len(KINDS), cut, page, handshake)


def too_long(found: Dawdled) -> list[str]:
    """The kinds that were not cut off though they must be."""
    return [f"{name} is not cut off" for name, kind in KINDS.items() if kind.most and found.cut[name] is None]


async def _line(product: Product, cookie: str, kind: Kind) -> float | None:
    """Seconds until one line is cut off; None where it is not in time."""
    if kind.over:
        raw = await Raw.open(product, cookie, hello=False)
        reader, writer = raw.reader, raw.writer
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", product.port)
    began = time.monotonic()
    writer.write(kind.opening)
    try:
        while time.monotonic() - began < (kind.most or 40):
            if kind.drips:
                writer.write(b"a")
            try:
                async with asyncio.timeout(PAUSE_SECONDS):
                    while await reader.read(4096):  # what is said to a line is no end of it
                        pass
            except TimeoutError:
                continue
            return time.monotonic() - began
        return None
    except OSError:
        return time.monotonic() - began
    finally:
        writer.close()
