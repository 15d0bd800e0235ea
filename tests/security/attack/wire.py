"""The WebSocket as no client speaks it: broken frames (RFC 6455), mutated frames by the thousand, and slow ones."""

import asyncio
import base64
import json
import random
import struct
import time
from dataclasses import dataclass

from tests.security.attack.site import Product

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
MASK = b"\x01\x02\x03\x04"
ANSWER_SECONDS = 10.0
HELLO = b'{"type":"hello","epoch":0,"cursors":{}}'
SAMPLES = [
    HELLO,
    b'{"type":"send","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f11","room":1,"body":"hi"}',
    b'{"type":"edit","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f12","room":1,"number":1,"base":1,"body":"x"}',
    b'{"type":"delete","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f13","room":1,"number":1}',
    b'{"type":"read","room":1,"number":1}',
    b'{"type":"send","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f14","room":1,"body":"@x","reply_to":1}',
    b'{"type":"react","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f15","room":1,"number":1,"emoji":"\xf0\x9f\x91\x8d","on":true}',
    b'{"type":"unread","room":1,"number":1}',
    b'{"type":"typing","room":1}',
    b'{"type":"presence","state":"away"}',
    b'{"type":"watch","users":[1,2]}',
    b'{"type":"sync","room":1,"since":0}',
    b'{"type":"ping"}',
]


def frame(
    payload: bytes, opcode: int = TEXT, *, fin: bool = True, reserved: int = 0, masked: bool = True
) -> bytes:
    """One frame of a client, right or wrong (RFC 6455 §5.2)."""
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode])
    bit, size = 0x80 if masked else 0, len(payload)
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + struct.pack("!H", size)
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(payload))


# What is sent, and by which codes it may be answered; 0: the connection stays.
CASES: dict[str, tuple[bytes, set[int]]] = {
    "reserved bit 1, no extension": (frame(b"x", reserved=4), {1002}),
    "reserved bit 2": (frame(b"x", reserved=2), {1002}),
    "reserved bit 3": (frame(b"x", reserved=1), {1002}),
    "unknown data opcode": (frame(b"x", 3), {1002}),
    "unknown control opcode": (frame(b"x", 11), {1002}),
    "a frame without a mask": (frame(b"{}", masked=False), {1002}),
    "a ping of 126 bytes": (frame(b"x" * 126, PING), {1002}),
    "a ping in fragments": (frame(b"x", PING, fin=False), {1002}),
    "a continuation of nothing": (frame(b"x", 0), {1002}),
    "a new message amid fragments": (frame(b"{", fin=False) + frame(b"{}"), {1002}),
    "text that is no UTF-8": (frame(b"\xff\xfe"), {1007}),
    "half a character at the end": (frame(b'"\xc3'), {1007}),
    "half a surrogate pair in UTF-8": (frame(b"\xed\xa0\x80"), {1007}),
    "a close of one byte": (frame(b"\x03", CLOSE), {1002}),
    "a close with code 1005": (frame(struct.pack("!H", 1005), CLOSE), {1002}),
    "a close with code 999": (frame(struct.pack("!H", 999), CLOSE), {1002}),
    "a close whose reason is no UTF-8": (frame(b"\x03\xe8\xff", CLOSE), {1002, 1007}),
    "a length of 2^63": (b"\x81\xff" + struct.pack("!Q", 1 << 63) + MASK, {1002, 1009}),
    "a length of 2^40": (b"\x81\xff" + struct.pack("!Q", 1 << 40) + MASK, {1009}),
    "a message above the limit": (frame(b" " * 70_000), {1009}),
    "fragments above the limit": (frame(b" " * 40_000, fin=False) + frame(b" " * 40_000, 0), {1009}),
    "a thousand empty fragments": (
        frame(b"", fin=False) + frame(b"", 0, fin=False) * 1000 + frame(HELLO, 0),
        {0},
    ),
    "a binary message": (frame(HELLO, BINARY), {0}),
    "a nesting bomb": (frame(b"[" * 60_000), {0}),
    "a number of 60,000 digits": (frame(b'{"type":"sync","room":' + b"9" * 60_000 + b',"since":0}'), {0}),
    "a ping between fragments": (
        frame(b'{"type":', fin=False) + frame(b"hi", PING) + frame(b'"ping"}', 0),
        {0},
    ),
    "an empty message": (frame(b""), {0}),
}


class Raw:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, product: Product, cookie: str, *, hello: bool = True) -> "Raw":
        """Connect through nginx and shake hands."""
        raw = cls(*await asyncio.open_connection("127.0.0.1", product.port))
        key = base64.b64encode(random.randbytes(16)).decode()
        raw.writer.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{product.port}\r\nOrigin: {product.url}\r\nCookie: {cookie}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: parley.v1\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = await raw.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head.splitlines()[0], head
        if hello:
            raw.writer.write(frame(HELLO))
        return raw

    async def next(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; an abrupt end is a close without a code."""
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            return first & 15, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):
            return CLOSE, b""

    async def end(self) -> int:
        """The code of the close that comes; 0 where a command is answered first, so that all before it was survived."""
        async with asyncio.timeout(ANSWER_SECONDS):
            self.writer.write(frame(b'{"type":"ping"}'))
            while True:
                opcode, payload = await self.next()
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2]) if payload else -1
                if opcode == TEXT and payload.startswith(b'{"type":"pong"'):
                    return 0

    def close(self) -> None:
        """Let go."""
        self.writer.close()


async def conformance(product: Product, cookie: str) -> list[str]:
    """Try every case; the ones that were answered otherwise than they must be."""
    wrong = []
    for name, (data, expected) in CASES.items():
        raw = await Raw.open(product, cookie)
        raw.writer.write(data)
        code = await raw.end()
        if code not in expected:
            wrong.append(f"{name}: answered by {code}, expected {sorted(expected)}")
        raw.close()
    return wrong


def mutated(chance: random.Random) -> bytes:
    """A real frame, spoiled: its JSON, its bytes, or its header."""
    text = bytearray(chance.choice(SAMPLES))
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(text) + 1)
        text[at : at + chance.randrange(3)] = chance.choice(
            [b"", chance.randbytes(2), b'"', b"[", b"9" * 30, b"\\ud800", b"null"]
        )
    data = bytearray(frame(bytes(text), chance.choice([TEXT] * 8 + [BINARY, PING, 0])))
    if chance.random() < 0.1:
        data[chance.randrange(min(6, len(data)))] ^= 1 << chance.randrange(8)
    return bytes(data)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """Figures of a fuzz run; times in seconds, memory in KiB."""

    connections: int
    frames: int
    worst_ack: float
    memory_before: int
    memory_after: int


async def fuzz(product: Product, attacker: str, witness: str, *, connections: int, seed: int) -> Fuzzed:
    """Mutated frames from many connections, while somebody else talks."""
    before, frames, worst = memory(product), 0, 0.0
    chance = random.Random(seed)
    other = await Raw.open(product, witness)
    for number in range(connections):
        raw = await Raw.open(product, attacker, hello=chance.random() < 0.8)
        count = chance.randrange(1, 120)
        for _ in range(count):
            raw.writer.write(mutated(chance))
        frames += count
        raw.close()
        if number % 10 == 0:
            worst = max(worst, await _said(other, number))
    assert await other.end() == 0, "the witness was disturbed"
    other.close()
    return Fuzzed(connections, frames, worst, before, memory(product))


async def _said(raw: Raw, number: int) -> float:
    """Seconds until a message of the witness is acknowledged."""
    began, id = time.monotonic(), f"00000000-0000-4000-8000-{random.getrandbits(48):012x}"
    raw.writer.write(
        frame(json.dumps({"type": "send", "id": id, "room": 1, "body": f"well {number}"}).encode())
    )
    async with asyncio.timeout(ANSWER_SECONDS):
        while True:
            opcode, payload = await raw.next()
            assert opcode != CLOSE, "the witness was closed"
            if opcode == TEXT and b'"ack"' in payload[:20] and id.encode() in payload:
                return time.monotonic() - began


def memory(product: Product) -> int:
    """Resident memory of all daemons, in KiB."""
    pids = [product.pid(f"chatd:chatd-{index}") for index in range(product.settings.daemons)]
    texts = [open(f"/proc/{pid}/status").read() for pid in pids]  # noqa: SIM115, PTH123
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in texts)
