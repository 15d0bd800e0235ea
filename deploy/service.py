"""Starts one service under supervisord: `python -m deploy.service [--after-migration] COMMAND…`.

First it ends what a killed predecessor left behind, then it waits until the database has the
tables that this code expects, and then it becomes the command, with the same process number. A
database that is away is waited for without end; so is one that is newer than the code, since
a service that gave up would have to be started by hand.
"""

import os
import sys
import time
from contextlib import closing
from pathlib import Path

from deploy import processes

TOLD_SECONDS = 10.0
ENDING_SECONDS = 1.0  # as long as they run, whoever they have taken in waits for nothing


def main(arguments: list[str]) -> None:
    """Prepare the ground, then become the command; does not return."""
    folders = [Path.cwd()]
    processes.end(processes.left_behind(os.getsid(0), folders), ENDING_SECONDS)
    if arguments[0] == "--after-migration":
        arguments = arguments[1:]
        _wait_for_tables()
    os.execv(arguments[0], arguments)  # noqa: S606


def _wait_for_tables() -> None:
    import pymysql  # noqa: PLC0415 -- nginx, which waits for nothing, is up sooner without these

    from shared import migrate  # noqa: PLC0415
    from shared.settings import Settings  # noqa: PLC0415

    settings = Settings.load()
    told = time.monotonic() + TOLD_SECONDS
    while True:
        try:
            with closing(migrate.connect(settings)) as connection, connection.cursor() as cursor:
                stands = f"has version {migrate.version(cursor)}"
                if migrate.version(cursor) == migrate.latest():
                    return
        except pymysql.err.MySQLError as fault:
            stands = f"does not answer: {fault}"
        if time.monotonic() > told:
            told = time.monotonic() + TOLD_SECONDS
            sys.stderr.write(f"waiting for version {migrate.latest()} of the database, which {stands}\n")
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
