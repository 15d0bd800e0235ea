"""Throw-away MariaDB and Redis for the tests: the real ones, configured as the product configures them."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pymysql
import redis

from deploy import prepare
from deploy.layout import Layout
from shared import migrate
from shared.settings import Settings
from tests.unlimited import HTTP_UNLIMITED

READY_SECONDS = 60.0  # before a test gives up: costs time only where something is broken
IDLE_SECONDS = 60  # so long a test may say nothing within a transaction: it may be kept waiting there
T = TypeVar("T")


def wait_for(condition: Callable[[], T], seconds: float = READY_SECONDS, *, what: str = "") -> T:
    """Ask again every 20 ms until `condition` returns something true; return that, or fail.

    A server that does not answer yet counts as not true yet.
    """
    until = time.monotonic() + seconds
    while True:
        fault: Exception | None = None
        try:
            if found := condition():
                return found
        except (OSError, pymysql.err.MySQLError, redis.RedisError) as caught:
            fault = caught
        if time.monotonic() > until:
            raise AssertionError(f"not within {seconds} s: {what or condition}") from fault
        time.sleep(0.02)


def short_folder() -> Path:
    """A new folder whose path is short enough for sockets, unlike pytest's."""
    return Path(tempfile.mkdtemp(prefix="parley-"))


def _connects(path: Path) -> None:
    """Raise `OSError` where nobody listens; the clients would leave their socket open there."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(path))


def _stands_still(pid: int) -> bool:
    """Whether each thread of a process is stopped."""
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)


class Servers:
    """A private MariaDB and Redis in a folder of their own, with the tables of Parley."""

    def __init__(self) -> None:
        self.settings = Settings.load({"PARLEY_VAR": str(short_folder())}, None)
        self.layout = Layout.of(self.settings)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        prepare.make_folders(self.layout)
        prepare.make_secrets(self.layout)
        prepare.private_servers(self.settings)
        with_secrets = Settings.load({"PARLEY_VAR": str(self.layout.var)}, None)
        self.settings = replace(with_secrets, **HTTP_UNLIMITED)
        self.start("mariadb")
        self.start("redis")
        with closing(migrate.connect(self.settings)) as connection, connection.cursor() as cursor:
            migrate.migrate(cursor)

    def start(self, name: str) -> None:
        """Start `mariadb` or `redis` and wait until it answers."""
        command = {"mariadb": prepare.mariadb_command, "redis": prepare.redis_command}[name](self.layout)
        with (self.layout.log / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for({"mariadb": self._mariadb_answers, "redis": self._redis_answers}[name], what=name)

    def kill(self, name: str) -> None:
        """SIGKILL `mariadb` or `redis`, as a crash would.

        Redis may lose the last second (`appendfsync everysec`), and does where the disk is busy just then: so it
        has handed everything to the kernel before.
        """
        if name == "redis":
            with self.redis() as client:
                wait_for(lambda: client.info("persistence")["aof_buffer_length"] == 0, what="written")
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP: `mariadb` or `redis` takes connections and does not answer, until the end of this."""
        self._processes[name].send_signal(signal.SIGSTOP)
        try:
            # On a busy machine a thread may go on for a moment, and answer.
            wait_for(partial(_stands_still, self._processes[name].pid), what=f"{name} stands still")
            yield
        finally:
            self._processes[name].send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End both and remove everything that they wrote."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(READY_SECONDS)
        shutil.rmtree(self.layout.var)

    def redis(self) -> "redis.Redis":
        """A client of the Redis server, without decoding; to be closed."""
        url, password = self.settings.redis_address()
        return redis.Redis.from_url(url, password=password)

    def empty(self) -> None:
        """Forget all people, messages and sessions, and all rooms but `general`."""
        with (
            closing(pymysql.connect(**self.settings.database_address(admin=True))) as connection,
            connection.cursor() as cursor,
        ):
            for table in ("mentions", "messages", "members", "rooms WHERE id > 1", "users"):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("UPDATE rooms SET number = 0, version = 1, meta_version = 1, member_count = 0")
            connection.commit()
        with self.redis() as client:
            client.flushall()

    def _mariadb_answers(self) -> bool:
        _connects(self.layout.run / "mariadb.sock")
        with closing(pymysql.connect(**self.settings.database_address(admin=True))):
            return True

    def _redis_answers(self) -> bool:
        _connects(self.layout.run / "redis.sock")
        with self.redis() as client:
            return bool(client.ping())
