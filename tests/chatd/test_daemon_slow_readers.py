"""Who reads too slowly is cut off, and costs the others nothing."""

import asyncio
import base64
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from shared.settings import Settings
from tests.chatd.daemons import HOST, Chat, Person, running
from tests.chatd.device import SECONDS
from tests.servers import Servers, wait_for


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """One daemon, which cuts off a slow reader early."""
    servers.empty()
    yield from running(settings, daemons=1, buffer_max=65_536)


class Stalled:
    """A client that says hello and never reads again."""

    def __init__(self, chat: Chat, person: Person) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(SECONDS)
        self.line.connect(chat.daemons[0].path)
        key = base64.b64encode(os.urandom(16)).decode()
        self.line.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: parley.v1\r\nCookie: parley_session={person.sid}\r\n\r\n".encode()
        )
        hello: dict[str, Any] = {"type": "hello", "epoch": 0, "cursors": {}}
        self.line.sendall(Frame(Opcode.TEXT, json.dumps(hello).encode()).serialize(mask=True))
        assert b" 101 " in self.line.recv(13)

    def received(self) -> int:
        """How much the kernel had kept for it; returns when the connection is gone."""
        count = 0
        try:
            while part := self.line.recv(1 << 20):
                count += len(part)
        except ConnectionResetError:
            pass
        self.line.close()
        return count


async def test_who_reads_too_slowly_is_cut_off_and_the_others_get_everything(chat: Chat) -> None:
    alice, bob, slow = chat.people("alice", "bobby", "slow")
    room = chat.room(alice, bob, slow)
    start = chat.head(room)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        stalled = Stalled(chat, slow)
        await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[1]["connections"] == 3)
        sent = 0
        while chat.daemons[0].health()[1]["connections"] == 3:
            await one.send("x" * 10_000, room=room)
            sent += 1
            assert sent < 1000, "ten megabytes wait for a client that does not read"
        last = await one.send("the end", room=room)
        for ear in (one, two):
            await ear.hear("message", room=room, body="the end")
            cursor, messages = ear.follow(room, start)
            assert cursor == last["version"]
            assert len(messages) == sent + 1
    assert await asyncio.to_thread(stalled.received) < sent * 10_000
    async with chat.connect(slow, 0, cursors={room: start}) as again:
        await again.send("here again", room=room)
        await again.hear("message", room=room, body="here again")
        assert again.heard("reset", room=room) or again.heard("changes", room=room)
