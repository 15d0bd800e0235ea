"""What a client hears of a fault of ours: nothing of it. The server is real; the fault is planted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import pytest
import structlog
from websockets.asyncio.client import unix_connect
from websockets.asyncio.server import unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from chatd.commands import Commands
from chatd.connection import Admission, Connections
from chatd.handshake import Proxies
from chatd.hello import Greeter
from chatd.hub import Hub
from chatd.line import Bounds, lines
from chatd.peer import Peer
from chatd.ratelimit import Buckets, Kind, Limits, Quota, Rate
from chatd.watch import Found, Watch
from shared import protocol
from shared.protocol import Close
from tests.servers import short_folder

SECRET = "SELECT password FROM table_of_ours"


class Broken:
    """Everything that a connection needs; carrying out a command fails in a way that nobody foresaw."""

    def __init__(self) -> None:
        self.forgotten = 0

    async def find(self, _: str) -> Found:
        return Found("x" * 43, 1)

    def arriving(self, _: Peer) -> AbstractContextManager[None]:
        return nullcontext()

    async def hear_user(self, _: Peer) -> None:
        return None

    async def look_again(self, _: Peer) -> bool:
        return True

    async def greet(self, *_: object) -> None:
        return None

    async def handle(self, *_: object) -> None:
        raise KeyError(SECRET)

    def begin(self, _: Peer) -> None:
        return None

    def forget(self, _: Peer) -> None:
        self.forgotten += 1


@pytest.fixture
def broken() -> Broken:
    return Broken()


@pytest.fixture
async def path(broken: Broken) -> AsyncIterator[str]:
    admission = Admission(Proxies(()), Limits(dict.fromkeys(Kind, 0.0)), Quota(1), Quota(1), 5.0)
    hub: Hub[Peer] = Hub()
    parts = (cast(Watch, broken), cast(Greeter, broken), cast(Commands, broken))
    connections = Connections(hub, *parts, admission)
    path = str(short_folder() / "chatd.sock")
    bounds = Bounds(Buckets(Rate(1_000, 1_000)), waiting=1_000_000, lines=10)
    options: dict[str, Any] = {
        "create_connection": lines(bounds),
        "subprotocols": [protocol.SUBPROTOCOL],
        "close_timeout": 1,
    }
    async with unix_serve(connections.serve, path, **options):
        yield path


async def test_an_unforeseen_fault_is_told_to_the_log_once_and_to_the_client_without_details(
    path: str, broken: Broken
) -> None:
    """OWASP ASVS 5, 16.5.1: a generic message."""
    with structlog.testing.capture_logs() as entries:
        for _ in range(2):  # the place is free again
            async with unix_connect(
                path, "ws://x/ws", subprotocols=[Subprotocol(protocol.SUBPROTOCOL)]
            ) as one:
                await one.send('{"type": "hello"}')
                await one.send('{"type": "ping"}')
                async with asyncio.timeout(60):
                    with pytest.raises(ConnectionClosed) as closed:
                        await one.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == Close.FAILED
            assert SECRET not in closed.value.rcvd.reason
    assert broken.forgotten == 2
    faults = [entry for entry in entries if entry["log_level"] == "error"]
    assert [entry["event"] for entry in faults] == ["connection failed"] * 2
    assert all(entry["exc_info"] for entry in faults)
