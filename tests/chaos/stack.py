"""The product as it is shipped, started by its own launcher in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.layout import Layout
from deploy.supervisor import Supervisor
from shared import messages
from shared.database import Database
from shared.settings import PROJECT, Settings
from tests.chaos.history import Log, Sight
from tests.servers import short_folder

STOP_SECONDS = 60


def free_port() -> int:
    """A port of loopback that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """Everything: MariaDB, Redis, web, the daemons, nginx, supervised."""

    def __init__(self, more: Mapping[str, str]) -> None:
        self.var = short_folder()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        given = {"PARLEY_VAR": str(self.var), "PARLEY_PORT": str(self.port), **more}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        self._environment = clean | given
        self._given = given
        self._launch("start")
        self.settings = Settings.load(given, None)
        self.supervisor = Supervisor(Layout.of(self.settings))
        self.database = Database(self.settings)

    def close(self) -> None:
        """Stop everything and remove the folder."""
        self.database.close()
        self._launch("stop")
        shutil.rmtree(self.var, ignore_errors=True)

    def restart(self) -> "subprocess.Popen[bytes]":
        """Begin a rolling restart of web and the daemons."""
        return subprocess.Popen(
            self._command("restart"), cwd=PROJECT, env=self._environment, stdout=subprocess.DEVNULL
        )

    def pid(self, name: str) -> int:
        """The process number of a program, such as `chatd:chatd-0`; 0 while it does not run."""
        return self.supervisor.program(name).pid

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a program's process; False where it does not run."""
        pid = self.pid(name)
        if not pid:
            return False
        os.kill(pid, number)
        return True

    def rss(self, name: str) -> int:
        """Resident memory of a program in bytes; 0 where it does not run."""
        try:
            pages = int(Path(f"/proc/{self.pid(name)}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def heads(self) -> dict[int, int]:
        """The version of every room. Raises what PyMySQL raises."""
        with self.database.cursor() as cursor:
            cursor.execute("SELECT id, version FROM rooms")
            return {row["id"]: row["version"] for row in cursor.fetchall()}

    def log(self) -> Log:
        """The whole log as the database holds it."""
        with self.database.cursor() as cursor:
            cursor.execute("SELECT id, number, version FROM rooms")
            heads = {row["id"]: (row["number"], row["version"]) for row in cursor.fetchall()}
            rows = []
            for room in heads:
                # The statement is put together from constants of the project.
                cursor.execute(
                    f"SELECT {messages.COLUMNS} FROM messages m JOIN users u ON u.id = m.author_id"
                    " WHERE m.room_id = %s ORDER BY m.number",
                    (room,),
                )
                rows += [Sight.of(messages.entry_of(row, room).message) for row in cursor.fetchall()]
            return Log(rows, heads)

    def wait_until_writable(self, seconds: float = 60) -> None:
        """Return when MariaDB answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.heads()
                return
            except Exception:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _command(self, verb: str) -> list[str]:
        return [sys.executable, "-m", "deploy", verb]

    def _launch(self, verb: str) -> None:
        subprocess.run(
            self._command(verb),
            cwd=PROJECT,
            env=self._environment,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=180,
        )
