"""The load generator, which is written in C (`load/`): builds it, runs it, and reads what it says."""

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.bench import cores
from tests.bench.feed import Feed, Feeding

HERE = Path(__file__).parent
BUILD = HERE / "build"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror")
LONGEST_SECONDS = 900.0
BEHIND = 10  # its niceness: whoever shares its core goes first, so that what it publishes is ready in time


class LoadFailed(RuntimeError):
    """The load generator gave up; the text says why."""


def build() -> None:
    """Compile the load generator and the server that shows what the kernel's send costs. Raises `CalledProcessError`."""
    BUILD.mkdir(exist_ok=True)
    shared = [HERE / "load" / name for name in ("loop.c", "util.c")]
    _compile("load", sorted((HERE / "load").glob("*.c")))
    _compile("c_server", [HERE / "c_server" / "c_server.c", *shared])


def _compile(name: str, sources: Sequence[Path]) -> None:
    program = BUILD / name
    known = [*sources, *(HERE / "load").glob("*.h")]
    if program.exists() and all(path.stat().st_mtime < program.stat().st_mtime for path in known):
        return
    subprocess.run(["gcc", *FLAGS, "-o", program, *sources], check=True)


@dataclass(frozen=True, slots=True)
class Client:
    """One connection of the load: the rooms whose feeds it gets, or, where clients send, the one that it is in."""

    streams: Sequence[int] = (0,)
    cookie: str = "-"
    room: int = 0  # the id of the room that it writes to
    address: int = 0


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the load does; the fields are its options, as `load --help` explains them."""

    concurrency: int = 64
    warm: float = 2.0
    seconds: float = 10.0
    drain: float = 10.0
    senders: int = 0
    rate: float = 0.0
    window: int = 64
    body: int = 40
    stall: float = 0.0
    probe: int = 0
    churn: str = ""
    comeback: str = ""

    def arguments(self) -> list[str]:
        """The command line."""
        given = [(item.name, getattr(self, item.name)) for item in fields(self)]
        return [part for name, value in given if value for part in (f"--{name}", str(value))]


@dataclass(frozen=True)
class Target:
    """What is put under load. `redis` makes a connection that may publish; `roles` names its processes.

    `named`: each client names its rooms behind the path of the handshake.
    """

    adapter: str
    addresses: Sequence[str]
    clients: Sequence[Client]
    roles: Callable[[], cores.Roles]
    host: str = "127.0.0.1"
    path: str = "/ws"
    named: bool = False
    streams: int = 1
    feed: Feed | None = None
    redis: Callable[[], socket.socket] | None = None

    def arguments(self, clients: Path) -> list[str]:
        """Its part of the command line."""
        addresses = [part for address in self.addresses for part in ("--address", address)]
        return [
            *("--adapter", self.adapter, "--host", self.host, "--path", self.path),
            *("--streams", str(self.streams), "--clients", str(clients), *addresses),
            *(["--named"] if self.named else []),
        ]


@dataclass
class Run:
    """What one run of the load said."""

    result: dict[str, Any] = field(default_factory=dict)
    usage: cores.Usage | None = None
    resident: dict[str, dict[str, int]] = field(default_factory=dict)  # bytes by role, at each event
    peaks: dict[str, int] = field(default_factory=dict)  # the most bytes by role, while it was measured

    def faults(self) -> dict[str, int]:
        """What must not happen, by its name."""
        return {name: count for name, count in self.result["faults"].items() if count}


def run(target: Target, options: Options, on_event: Callable[[str], None] = lambda _: None) -> Run:
    """Put `target` under load; `on_event` hears `ready`, `begin`, `end` and `result`. Raises `LoadFailed`."""
    ran = Run()
    memory = cores.Peaks(target.roles)
    with memory, _feeding(target) as feeding, _process(target, options, feeding) as process:
        meter = cores.Meter(lambda: {**target.roles(), "load": [process.pid]})
        assert process.stdout is not None
        for line in process.stdout:
            said = json.loads(line)
            event = said.pop("event")
            if event == "result":
                ran.result = said
            elif event == "begin":
                meter.begin()
                fed = feeding.cpu_seconds if feeding else 0.0
            elif event == "end":
                ran.usage = meter.end()
                ran.usage.tell_apart("feed", feeding.cpu_seconds - fed if feeding else 0.0)
            ran.resident[event] = cores.resident_by_role(target.roles())
            on_event(event)
            if event == "begin":
                memory.start()
            elif event == "end":
                ran.peaks = memory.stop()
        code = process.wait()
        assert process.stderr is not None
        if code and feeding and feeding.fault:
            raise LoadFailed(f"the feed failed: {feeding.fault!r}") from feeding.fault
        if code or not ran.result:
            raise LoadFailed(process.stderr.read().strip() or f"the load generator ended with {code}")
    return ran


@contextmanager
def _feeding(target: Target) -> Iterator[Feeding | None]:
    """What answers the load generator's questions; None where nothing is fed."""
    if target.feed is None:
        yield None
    else:
        with Feeding(target.feed) as feeding:
            yield feeding


@contextmanager
def _process(target: Target, options: Options, feeding: Feeding | None) -> Iterator["subprocess.Popen[str]"]:
    """The load generator, running, on the cores of the load; ended at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clients = folder / "clients"
        clients.write_text("".join(f"{client_line(client)}\n" for client in target.clients))
        command = [str(BUILD / "load"), *target.arguments(clients), *options.arguments()]
        passed: list[int] = []
        if feeding is not None:
            assert target.redis is not None
            redis = stack.enter_context(target.redis())
            passed = [feeding.theirs.fileno(), redis.fileno()]
            command += ["--feed", str(passed[0]), "--redis", str(passed[1])]
        process = subprocess.Popen(
            command, pass_fds=passed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        guard = threading.Timer(LONGEST_SECONDS, process.kill)
        guard.start()
        try:
            os.sched_setaffinity(process.pid, cores.cores()[1])
            if feeding is not None:
                os.setpriority(os.PRIO_PROCESS, process.pid, BEHIND)
            yield process
        finally:
            guard.cancel()
            process.kill()
            process.wait()
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            process.stderr.close()


def client_line(client: Client) -> str:
    """A client as the load generator reads it."""
    return f"{client.address} {client.cookie} {client.room} {','.join(map(str, client.streams))}"
