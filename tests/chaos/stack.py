"""The product as it is shipped, started by its own launcher, and a look into its database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing

import pymysql

from shared import messages
from shared.database import Cursor, Database
from shared.settings import PROJECT
from tests.chaos.history import Log, Sight
from tests.system import stack
from tests.unlimited import UNLIMITED


class Stack(stack.Stack):
    """Everything, running; `more` is for its processes' environment."""

    def __init__(self, more: Mapping[str, str], **given: str) -> None:
        lifted = {name: str(value) for name, value in UNLIMITED.items()}
        super().__init__(None, **(lifted | given))
        self.environment |= more
        self.start()
        self.daemons = self.settings.daemons
        self.redis_address = self.settings.redis_address()
        self._database = Database(self.settings)

    def close(self) -> None:
        """Stop everything and remove the folder."""
        self._database.close()
        super().close()

    def rolling_restart(self) -> "subprocess.Popen[bytes]":
        """Begin to restart web and the daemons, one by one."""
        command = [sys.executable, "-m", "deploy", "restart"]
        return subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=subprocess.DEVNULL)

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Send a signal to a program's process; False where it does not run."""
        pid = self.pid(name)
        if not pid:
            return False
        os.kill(pid, number)
        return True

    def administer(self, statement: str) -> None:
        """Run a statement as the user who may change tables."""
        with closing(pymysql.connect(**self.settings.database_address(admin=True))) as connection:
            connection.cursor().execute(statement)

    def heads(self) -> dict[int, int]:
        """The version of every room. Raises what PyMySQL raises."""
        with self._database.cursor() as cursor:
            cursor.execute("SELECT id, version FROM rooms")
            return {row["id"]: row["version"] for row in cursor.fetchall()}

    def rooms_log(self) -> Log:
        """The whole log as the database holds it."""
        with self._database.cursor() as cursor:
            cursor.execute("SELECT id, number, version FROM rooms")
            heads = {row["id"]: (row["number"], row["version"]) for row in cursor.fetchall()}
            rows = [sight for room in heads for sight in _rows(cursor, room)]
            return Log(rows, heads)

    def wait_until_writable(self, seconds: float = 60) -> None:
        """Return when MariaDB answers."""
        until = time.monotonic() + seconds
        while True:
            try:
                self.heads()
                return
            except pymysql.err.MySQLError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)


def _rows(cursor: Cursor, room: int) -> list[Sight]:
    cursor.execute(
        f"SELECT {messages.ENTRY} AS entry FROM messages m JOIN users u ON u.id = m.author_id"
        " WHERE m.room_id = %s ORDER BY m.number",
        (room,),
    )
    return [Sight.of(messages.entry_of(row["entry"], room).message) for row in cursor.fetchall()]
