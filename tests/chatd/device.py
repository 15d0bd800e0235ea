"""One device of somebody: a small client that waits for messages, never for time."""

import asyncio
import contextlib
import json
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

SECONDS = 60.0  # before a test gives up: costs time only where something is broken

Frame = dict[str, Any]


class Client:
    """One device of somebody."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.inbox: list[Frame] = []  # what was received and not yet asked for, in order
        self.everything: list[Frame] = []
        self.frames: list[Frame] = []
        self.welcome: Frame = {}
        self._news = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for data in self.socket:
                frame = json.loads(data)
                # A message that came over a gap stands in `changes`; it is as good as a live one.
                for item in (frame, *frame.get("messages", ())):
                    self.inbox.append(item)
                    self.everything.append(item)
                self.frames.append(frame)
                self._news.set()
        self._news.set()

    async def say(self, **fields: Any) -> None:
        """Send one message, whatever stands in it."""
        await self.socket.send(json.dumps(fields))

    async def hear(self, type: str, **fields: Any) -> Frame:
        """The first message of this type with these values that nobody has asked for yet; waits for it."""
        async with asyncio.timeout(SECONDS):
            while True:
                self._news.clear()
                for frame in self.inbox:
                    if frame["type"] == type and all(frame.get(k) == v for k, v in fields.items()):
                        self.inbox.remove(frame)
                        return frame
                assert not self._reading.done(), (
                    f"closed with {self.socket.close_code} while waiting for {type} {fields}; heard {self.inbox}"
                )
                await self._news.wait()

    def heard(self, type: str, **fields: Any) -> list[Frame]:
        """Everything of this type with these values that was ever received."""
        return [
            f for f in self.everything if f["type"] == type and all(f.get(k) == v for k, v in fields.items())
        ]

    def follow(self, room: int, cursor: int) -> tuple[int, list[Frame]]:
        """Apply the gap rule to all that came; fails where a client would have to ask.

        Returns the cursor, and the room's messages in the order of their numbers.
        """
        rows: dict[int, Frame] = {}
        for frame in (frame for frame in self.frames if frame.get("room") == room):
            if frame["type"] in ("message", "room"):
                start, end, messages = frame["version"] - 1, frame["version"], [frame]
            elif frame["type"] == "changes":
                start, end, messages = frame["from"], frame["to"], frame.get("messages", [])
            else:
                continue
            assert start <= cursor, f"a gap: {frame} after {cursor}"
            cursor = max(cursor, end)
            for message in messages:
                held = rows.get(message.get("number", 0))
                if message["type"] == "message" and (held is None or held["version"] < message["version"]):
                    rows[message["number"]] = message
        return cursor, [rows[number] for number in sorted(rows)]

    async def send(self, body: str, *, room: int | None = None, to: str | None = None, id: str = "") -> Frame:
        """Send a message and await its `ack` or `error`."""
        target = {"room": room} if to is None else {"to": to}
        return await self.command("send", **target, body=body, id=id or str(uuid4()))

    async def command(self, type: str, **fields: Any) -> Frame:
        """Give a command and await its `ack` or `error`."""
        fields = {"id": str(uuid4())} | fields
        await self.say(type=type, **fields)
        return await self.answer(fields["id"])

    async def answer(self, id: str) -> Frame:
        """The `ack` or `error` of a command."""
        async with asyncio.timeout(SECONDS):
            while True:
                self._news.clear()
                for frame in self.inbox:
                    if frame["type"] in ("ack", "error") and frame.get("id") == id:
                        self.inbox.remove(frame)
                        return frame
                assert not self._reading.done(), f"closed with {self.socket.close_code}"
                await self._news.wait()

    async def barrier(self) -> None:
        """Return when the daemon has answered something sent now: what it sent before is here."""
        await self.say(type="ping")
        await self.hear("pong")

    async def closed(self) -> int | None:
        """The close code, when the daemon has closed the connection; None where it just broke."""
        async with asyncio.timeout(SECONDS):
            await self.socket.wait_closed()
            await asyncio.wait([self._reading])
        code = self.socket.close_code
        return None if code == 1006 else code

    @property
    def is_open(self) -> bool:
        return not self._reading.done()
