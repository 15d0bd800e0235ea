"""Parley under measurement: the whole product as it is shipped, with its limits lifted by settings."""

import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.connection import parse_url

from shared.settings import Settings
from tests.bench import cores
from tests.bench.feed import CommittedFeed
from tests.bench.load import Client, Target
from tests.bench.seed import Person, Seed
from tests.system.stack import Stack, free_port
from tests.unlimited import UNLIMITED

BODY = 40  # characters: with everything around it, a message of 40 has about 190 bytes as JSON
AUTHORS = 100  # of a room's messages
PORTS = 10  # at most so many daemons
MEMORY = Path("/dev/shm")
ROOM = 2 * 1024**3  # bytes: several times what the fastest case writes

# What each program counts as; what is not listed is `other`: supervisord, and who waits beside a service.
ROLES = {"mariadbd": "mariadb", "redis-server": "redis", "nginx": "nginx"}


@dataclass(frozen=True)
class Place:
    """Where clients connect: `host` is the header, `address` the socket."""

    address: str
    host: str


class Parley:
    """A running Parley. What is measured of it has the first core for itself: the role `chatd`, or `web`."""

    def __init__(self, stack: Stack, measured: str = "chatd") -> None:
        self.stack = stack
        self.measured = measured
        self.settings: Settings = stack.settings
        self.seed = Seed(self.settings)
        self.bind()

    def bind(self) -> None:
        """Give what is measured the first core, and the others those that are left."""
        server, others = cores.cores()
        roles = self.roles()
        for role, pids in roles.items():
            for pid in pids:
                cores.bind(pid, {server} if role == self.measured else others)

    def roles(self) -> dict[str, list[int]]:
        """The processes by what they are."""
        found: dict[str, list[int]] = {"chatd": self.daemons()}
        for process in self.stack.processes():
            if process.pid not in found["chatd"]:
                found.setdefault(_role(process.name, process.pid), []).append(process.pid)
        return found

    def daemons(self) -> list[int]:
        """The daemons' process numbers, in their order."""
        return [self.stack.pid(f"chatd:chatd-{index}") for index in range(self.settings.daemons)]

    def straight(self) -> list[Place]:
        """Each daemon itself."""
        return [
            Place(self.settings.daemon_address(index), f"127.0.0.1:{self.settings.port}")
            for index in range(self.settings.daemons)
        ]

    def through_nginx(self) -> list[Place]:
        """The web server in front of them."""
        where = f"127.0.0.1:{self.settings.port}"
        return [Place(where, where)]

    def redis(self) -> socket.socket:
        """A connection that may publish."""
        url, password = self.settings.redis_address()
        address = parse_url(url)  # type: ignore[no-untyped-call]
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address["path"])
        connection.sendall(f"AUTH {address['username']} {password}\r\n".encode())
        assert connection.recv(64).startswith(b"+OK")
        return connection

    def clients(
        self, people: Sequence[Person], streams: Sequence[Sequence[int]], places: int, room: int = 0
    ) -> list[Client]:
        """A connection of each of these people, in turn at each of so many places."""
        return [
            Client(tuple(of), person.cookie(self.settings), room, index % places)
            for index, (person, of) in enumerate(zip(people, streams, strict=True))
        ]

    def one_room(self, people: int, *, feeds: bool, nginx: bool = False) -> Target:
        """One room with so many members, each connected; `feeds`: its messages come by Redis."""
        members = self.seed.people(people)
        room = self.seed.room("everybody", members)
        self.seed.settle()
        places = self.through_nginx() if nginx else self.straight()
        authors = [member.user for member in members[:AUTHORS]]
        return self.target(
            places,
            self.clients(members, [(0,)] * people, len(places), room),
            streams=1,
            feed=CommittedFeed(self.settings, [(room, authors)], [0], body=BODY) if feeds else None,
        )

    def target(
        self,
        places: Sequence[Place],
        clients: Sequence[Client],
        *,
        streams: int = 1,
        feed: CommittedFeed | None = None,
    ) -> Target:
        """What the load takes."""
        return Target(
            "parley",
            [place.address for place in places],
            clients,
            self.roles,
            host=places[0].host,
            streams=streams,
            feed=feed,
            redis=self.redis if feed else None,
        )


@contextmanager
def parley(
    *,
    daemons: int = 1,
    network: bool = True,
    in_memory: bool = False,
    measured: str = "chatd",
    **given: str,
) -> Iterator[Parley]:
    """Start Parley; `network`: the daemons listen on TCP instead of unix sockets. `measured`: see `Parley`.

    `in_memory`: its files lie in memory, for what is committed before it is measured. Raises `OSError` where that has
    no room.
    """
    lifted = {name: str(value) for name, value in UNLIMITED.items()} | {"request_rate": "0"}
    listen = {"daemon_listen": f"127.0.0.1:{_free_ports()}{{index}}"} if network else {}
    with ExitStack() as cleanup:
        folder = cleanup.enter_context(_folder_in_memory()) if in_memory else None
        stack = Stack(folder, daemons=str(daemons), **(lifted | listen | given))
        cleanup.callback(stack.close)
        stack.start()
        running = Parley(stack, measured)
        cleanup.callback(running.seed.close)
        yield running


@contextmanager
def _folder_in_memory() -> Iterator[Path]:
    """A new folder in the system's shared memory (shm_overview(7))."""
    free = shutil.disk_usage(MEMORY).free
    if free < ROOM:
        raise OSError(
            f"{MEMORY} has {free // 2**20:,} MiB, and what is fed by Redis takes up to {ROOM // 2**20:,} MiB of it: "
            "give it more (in a container: --shm-size 2g)"
        )
    with tempfile.TemporaryDirectory(prefix="parley-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _free_ports() -> int:
    """What comes before the last digit of ten ports that nobody listens on."""
    while True:
        first = free_port() // PORTS * PORTS
        if all(_is_free(first + index) for index in range(PORTS)):
            return first // PORTS


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _role(name: str, pid: int) -> str:
    if name in ROLES:
        return ROLES[name]
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "other"
    return "web" if b"gunicorn" in command else "other"
