"""A connection without a WebSocket library behind it: it answers nothing by itself."""

import base64
import json
import os
import socket
from typing import Any

from websockets.frames import Frame, Opcode

from shared import protocol, sessions
from tests.chatd.daemons import HOST, Chat, Person
from tests.chatd.device import SECONDS


class Raw:
    """One device of somebody, at the first daemon, which has asked for the upgrade and said hello."""

    def __init__(self, chat: Chat, person: Person) -> None:
        self.line = socket.socket(socket.AF_UNIX)
        self.line.settimeout(SECONDS)
        self.line.connect(chat.daemons[0].path)
        key = base64.b64encode(os.urandom(16)).decode()
        self.line.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {HOST}\r\nOrigin: http://{HOST}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: {protocol.SUBPROTOCOL}\r\n"
            f"Cookie: {sessions.COOKIE}={person.sid}\r\n\r\n".encode()
        )
        self.say(type="hello", epoch=0, cursors={})

    def say(self, **message: Any) -> None:
        """Send one message."""
        self.line.sendall(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True))
