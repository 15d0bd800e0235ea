"""The peers, each one process as its documentation sets it up, beside a Redis of the benchmark's own."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import IO

import redis

from tests.bench import cores
from tests.bench.feed import PlainFeed
from tests.bench.figures import US
from tests.bench.load import BUILD, HERE, Client, Target
from tests.bench.parley import BODY, parley
from tests.servers import short_folder, wait_for
from tests.system.stack import free_port

PEERS = HERE / "peers"
VENV = HERE.parents[1] / ".venv-bench"
MANY = 2_000  # connections that gunicorn's worker may have; its default is 1,000
END_SECONDS = 10.0


@dataclass(frozen=True)
class Job:
    """One run of a peer: where it is to listen, and the Redis that it has."""

    address: str
    redis_socket: Path
    redis_port: int

    @property
    def redis_url(self) -> str:
        """The Redis by its socket; Flask-SocketIO takes only a port."""
        return f"unix://{self.redis_socket}"


@dataclass(frozen=True)
class Peer:
    """A peer. `server` and `emitter` are commands; an emitter sends what is published on plain channels."""

    name: str
    server: Callable[[Job], Sequence[str]]
    emitter: Callable[[Job], Sequence[str]] | None = None
    adapter: str = "plain"
    path: str = "/ws"
    environment: Mapping[str, str] = field(default_factory=dict)
    window: int = 64  # messages under way at once, where as many are sent as it takes
    named: bool = False  # its clients name their rooms when they connect

    @contextmanager
    def one_room(self, people: int) -> Iterator[Target]:
        """Run it, with one room that everybody who connects is in."""
        with self.run([(0,)] * people) as target:
            yield target

    @contextmanager
    def run(self, streams: Sequence[Sequence[int]], *, order: Sequence[int] = (0,)) -> Iterator[Target]:
        """Run it for clients that are in these rooms, which are fed in this order."""
        with ExitStack() as stack:
            folder = short_folder()
            stack.callback(rmtree, folder)
            redis_port = free_port()
            roles: dict[str, list[int]] = {"redis": [stack.enter_context(_redis(folder, redis_port))]}
            address = f"127.0.0.1:{free_port()}"
            job = Job(address, folder / "redis.sock", redis_port)
            log = stack.enter_context((folder / "log").open("wb"))
            server, _ = cores.cores()
            roles["server"] = stack.enter_context(_started(self.server(job), self._environment(job), log))
            wait_for(lambda: _connects(address), what=f"{self.name} listens: {folder / 'log'}")
            roles["server"] = cores.family(roles["server"][0])
            for pid in roles["server"]:
                cores.bind(pid, {server})
            if self.emitter is not None:
                roles["emitter"] = stack.enter_context(
                    _started(self.emitter(job), self._environment(job), log)
                )
            with redis.Redis(unix_socket_path=str(job.redis_socket)) as client:
                wait_for(lambda: self._hears(client), what=f"{self.name} hears Redis")
            yield Target(
                self.adapter,
                [address],
                [Client(tuple(of)) for of in streams],
                lambda: roles,
                path=self.path,
                named=self.named,
                streams=max(order) + 1,
                feed=PlainFeed(order, body=BODY),
                redis=lambda: _redis_socket(job.redis_socket),
            )

    def _hears(self, client: "redis.Redis") -> bool:
        """Whether it subscribed to the plain channels."""
        patterns = client.pubsub_numpat() if self.emitter is None else 0
        return bool(client.pubsub_numsub("bench:0")[0][1] or patterns)

    def _environment(self, job: Job) -> dict[str, str]:
        return {
            **os.environ,
            **self.environment,
            "BENCH_REDIS": job.redis_url,
            "BENCH_REDIS_NETWORK": f"redis://127.0.0.1:{job.redis_port}",
            "NODE_ENV": "production",
        }


@dataclass(frozen=True)
class OurSelf:
    """Parley in the row of its peers. `network`: its daemon listens on TCP, as they do."""

    name: str = US
    window: int = 64
    network: bool = True

    @contextmanager
    def one_room(self, people: int) -> Iterator[Target]:
        """Run it, with one room that everybody is in and whose changes come by Redis."""
        with parley(network=self.network, in_memory=True) as running:
            yield running.one_room(people, feeds=True)


@contextmanager
def _started(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> Iterator[list[int]]:
    """A process, which ends at the end of this."""
    process = subprocess.Popen(
        command,
        cwd=PEERS,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield [process.pid]
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _redis(folder: Path, port: int) -> Iterator[int]:
    """A Redis without persistence, which is best for peers: none of them stores anything."""
    path = folder / "redis.sock"
    where = ["--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(path)]
    command = ["redis-server", *where, "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log, _started(command, os.environ, log) as pids:
        wait_for(path.exists, what="redis")
        yield pids[0]


def _redis_socket(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


def _connects(address: str) -> bool:
    """Whether somebody listens there. Raises `OSError` where not."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port))).close()
    return True


def _gunicorn(job: Job) -> list[str]:
    return [
        *(str(VENV / "bin/gunicorn"), "--worker-class", "gevent", "--workers", "1"),
        *("--worker-connections", str(MANY), "--bind", job.address, "flask_socketio_app:app"),
    ]


def _uvicorn(job: Job) -> list[str]:
    return [
        *(str(VENV / "bin/uvicorn"), "--port", job.address.rpartition(":")[2]),
        *("--loop", "uvloop", "--http", "httptools"),
        *("--log-level", "warning", "--no-access-log", "channels_app:application"),
    ]


def _python(program: str) -> Callable[[Job], Sequence[str]]:
    return lambda job: [str(VENV / "bin/python"), program, job.address, job.redis_url]


def _node(program: str, *arguments: str) -> Callable[[Job], Sequence[str]]:
    return lambda job: ["node", program, *(arguments or (job.address,)), job.redis_url]


def _c_server(frames: int) -> Callable[[Job], Sequence[str]]:
    program = str(BUILD / "c_server")
    return lambda job: [program, job.address.rpartition(":")[2], str(job.redis_socket), str(frames)]


PARLEY = OurSelf()
PARLEY_LOCAL = OurSelf(f"{US}, unix socket", network=False)
NODE_WS = Peer("Node ws", _node("node_ws.js"))
SOCKET_IO = Peer(
    "Socket.IO",
    _node("socket_io.js"),
    emitter=_node("socket_io.js", "emit"),
    adapter="socketio",
    path="/socket.io/?EIO=4&transport=websocket",
)
FLASK_SOCKETIO = Peer(
    "Flask-SocketIO",
    _gunicorn,
    emitter=_python("flask_socketio_app.py"),
    adapter="socketio",
    path="/socket.io/?EIO=4&transport=websocket",
)
CHANNELS = Peer(
    "Django Channels",
    _uvicorn,
    emitter=_python("channels_app.py"),
    environment={"BENCH_LAYER": "channels_redis.core.RedisChannelLayer"},
    window=8,
)
CHANNELS_PUBSUB = replace(
    CHANNELS,
    name="Django Channels, pub/sub",
    environment={"BENCH_LAYER": "channels_redis.pubsub.RedisPubSubChannelLayer"},
)
BROADCAST = Peer("websockets.broadcast()", _python("websockets_broadcast.py"))
C_SERVER = Peer("C server, 1 frame a send", _c_server(1), named=True)
C_SERVER_TEN = Peer("C server, 10 frames a send", _c_server(10), named=True)

PEERS_OF_FAN_OUT = (NODE_WS, SOCKET_IO, FLASK_SOCKETIO, CHANNELS, CHANNELS_PUBSUB, BROADCAST)
EVERYBODY: tuple[OurSelf | Peer, ...] = (PARLEY, *PEERS_OF_FAN_OUT, C_SERVER, C_SERVER_TEN)


def missing() -> list[str]:
    """What is not installed of the peers, with the command that installs it."""
    found = []
    if not (VENV / "bin/uvicorn").exists():
        found.append(
            f"{sys.executable} -m venv .venv-bench && "
            ".venv-bench/bin/pip install --require-hashes --no-deps -r tests/bench/peers/requirements.txt"
        )
    if not (PEERS / "node_modules/ws").exists():
        found.append("npm ci --ignore-scripts --prefix tests/bench/peers")
    return found
