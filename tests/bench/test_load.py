"""The load generator notices what a server does wrong: here one does it on purpose."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hiredis
import pytest

from tests.bench import load
from tests.bench.feed import Feeding, Item, PlainFeed

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="the load generator is written in C")

CLIENTS = 3
RATE = 400.0
SECONDS = 0.12
AT_LEAST = 20  # messages of a run, of which one is the tenth
UPGRADED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

Fault = Callable[[list[bytes]], list[bytes]]  # of all that one client is sent


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    load.build()


def frame(payload: bytes) -> bytes:
    """An unmasked text frame (RFC 6455 §5.2)."""
    size = len(payload)
    return bytes([0x81, size] if size < 126 else [0x81, 126, size >> 8, size & 255]) + payload


class FakeServer:
    """Sends what is published to all its clients, and does the last of them wrong."""

    def __init__(self, fault: Fault, greeting: bytes) -> None:
        self._fault, self._greeting = fault, greeting
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.publisher, self._heard = socket.socketpair()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "FakeServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.publisher.close()
        self._thread.join()
        self._heard.close()
        self.listener.close()

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def _run(self) -> None:
        with ExitStack() as stack:
            self._serve([stack.enter_context(self._accept()) for _ in range(CLIENTS)])

    def _serve(self, clients: Sequence[socket.socket]) -> None:
        held: list[bytes] = []  # the ninth message to the eleventh, for the last client
        for number, payload in enumerate(self._published(), 1):
            for client in clients[:-1]:
                client.sendall(frame(payload))
            held.append(payload)
            if number == 11:
                held = held[:8] + self._fault(held[8:])
            if number >= 11:
                clients[-1].sendall(b"".join(map(frame, held)))
                held = []

    def _accept(self) -> socket.socket:
        client, _ = self.listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65_536)
        client.sendall(UPGRADED + self._greeting)
        return client

    def _published(self) -> Iterator[bytes]:
        reader = hiredis.Reader()
        while data := self._heard.recv(65_536):
            reader.feed(data)
            while command := reader.gets():
                self._heard.sendall(b":1\r\n")
                yield command[2]


class SlowFeed(PlainFeed):
    """Is late once."""

    def __init__(self, seconds: float) -> None:
        super().__init__([0], body=40)
        self._seconds, self._asked = seconds, 0

    def take(self, count: int) -> Sequence[Item]:
        self._asked += 1
        if self._asked == 3:
            time.sleep(self._seconds)
        return super().take(count)


def run(
    fault: Fault,
    folder: Path,
    *,
    adapter: str = "plain",
    greeting: bytes = b"",
    feed: PlainFeed | None = None,
) -> dict[str, Any]:
    """What the load says of a server with a fault."""
    clients = folder / "clients"
    clients.write_text("".join(load.client_line(load.Client()) + "\n" for _ in range(CLIENTS)))
    feeding = Feeding(feed or PlainFeed([0], body=40))
    options = load.Options(warm=0.01, seconds=SECONDS, drain=0.1, rate=RATE)
    with FakeServer(fault, greeting) as server, feeding:
        passed = [feeding.theirs.fileno(), server.publisher.fileno()]
        where = ["--adapter", adapter, "--address", server.address, "--clients", str(clients)]
        fed = ["--feed", str(passed[0]), "--redis", str(passed[1])]
        ran = subprocess.run(
            [str(load.BUILD / "load"), *where, *fed, *options.arguments()],
            pass_fds=passed,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    result: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert result["sent"] >= AT_LEAST
    return result


def faults(result: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in result["faults"].items() if count}


def nothing(sent: list[bytes]) -> list[bytes]:
    return sent


def test_a_server_that_does_nothing_wrong_has_no_faults(tmp_path: Path) -> None:
    result = run(nothing, tmp_path)
    assert faults(result) == {}
    assert result["received"] == CLIENTS * result["sent"]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        pytest.param(lambda sent: [sent[0], *sent], {"doubled": 1}, id="doubled"),
        pytest.param(lambda sent: [sent[0], sent[2]], {"missing": 1, "disorder": 1, "orders": 1}, id="lost"),
        pytest.param(
            lambda sent: [sent[1], sent[0], sent[2]],
            {"missing": 1, "disorder": 1, "doubled": 1, "orders": 1},
            id="in-another-order",
        ),
        pytest.param(
            lambda sent: [sent[0].replace(b"bench00001", b"bench00002"), *sent[1:]],
            {"altered": 1},
            id="altered",
        ),
        pytest.param(lambda sent: [sent[0] + b" ", *sent[1:]], {"altered": 1}, id="longer"),
        pytest.param(lambda sent: [b"{}", *sent], {"unknown": 1}, id="without-a-mark"),
        pytest.param(
            lambda sent: [*sent, sent[0].replace(b"~:000000:", b"~:000009:")],
            {"unknown": 1},
            id="of-no-stream",
        ),
    ],
)
def test_what_goes_wrong_is_found(fault: Fault, found: dict[str, int], tmp_path: Path) -> None:
    assert faults(run(fault, tmp_path)) == found


def test_a_version_that_was_left_out_is_found(tmp_path: Path) -> None:
    """For everybody the same, so that only the versions tell."""
    feed = PlainFeed([0], body=40)
    take = feed.take

    def leaps(count: int) -> Sequence[Item]:
        return [
            (stream, channel, payload.replace(b'"version":12,', b'"version":99,'))
            for stream, channel, payload in take(count)
        ]

    feed.take = leaps  # type: ignore[method-assign]
    welcome = frame(b'{"type":"welcome","rooms":[]}')
    # Two steps are wrong for each client: to the version, and from it.
    assert faults(run(nothing, tmp_path, adapter="parley", greeting=welcome, feed=feed)) == {
        "versions": 2 * CLIENTS
    }


def test_who_waits_for_a_late_message_waits_from_when_it_was_due(tmp_path: Path) -> None:
    result = run(nothing, tmp_path, feed=SlowFeed(0.06))
    assert faults(result) == {}
    assert result["late"]["max"] > 30
    assert result["latency"]["max"] >= result["late"]["max"]
