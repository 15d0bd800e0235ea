"""Bring the database to the tables that this code expects: `python -m shared.migrate`.

Each file `migrations/NNNN_name.sql` is run once, in order, under a lock that only one process
of all machines holds. MariaDB commits each change of a table by itself, so every statement must do no
harm when it is run again (`IF NOT EXISTS`, `INSERT IGNORE`): a migration that was killed in the
middle is run again from its beginning. Migrations expand first and contract a release later, so that the last
and the new version of Parley can run side by side. A database that is newer than the code
stops the start: going back is a restore.
"""

import re
import sys
import time
from contextlib import closing
from pathlib import Path

import pymysql
from pymysql.cursors import DictCursor

from shared.database import Cursor, is_lost
from shared.settings import Settings, SettingsError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_SECONDS = 60
WAIT_SECONDS = 60


class NewerDatabase(RuntimeError):
    """The database was written by a newer version of Parley."""


def known() -> list[tuple[int, Path]]:
    """The migrations that this code has, by number."""
    return sorted((int(path.name[:4]), path) for path in MIGRATIONS.glob("[0-9][0-9][0-9][0-9]_*.sql"))


def latest() -> int:
    """The number of the newest migration: the version of the tables that this code expects."""
    return known()[-1][0]


def version(cursor: Cursor) -> int:
    """The version of the database's tables; 0 where there are none."""
    cursor.execute("SHOW TABLES LIKE 'migrations'")
    if cursor.fetchone() is None:
        return 0
    cursor.execute("SELECT COALESCE(MAX(number), 0) AS number FROM migrations")
    row = cursor.fetchone()
    return int(row["number"]) if row else 0


def statements(text: str) -> list[str]:
    """The statements of a migration; comments go, and no statement contains a semicolon of its own."""
    bare = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE)
    return [part.strip() for part in bare.split(";") if part.strip()]


def migrate(cursor: Cursor) -> list[str]:
    """Run what is missing, and return the names of what was run. Raises `NewerDatabase`."""
    cursor.execute("SELECT GET_LOCK('parley.migrate', %s) AS held", (LOCK_SECONDS,))
    row = cursor.fetchone()
    if not row or row["held"] != 1:
        raise TimeoutError(f"another process has been migrating for over {LOCK_SECONDS} seconds")
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number INT UNSIGNED NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL,"
        " at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)) ENGINE = InnoDB"
    )
    stands = version(cursor)
    if stands > latest():
        raise NewerDatabase(
            f"the database has version {stands}, and this code knows only up to {latest()}:"
            " use the newer version of Parley, or restore the backup made before the upgrade"
        )
    done = []
    for number, path in known():
        if number > stands:
            for statement in statements(path.read_text()):
                cursor.execute(statement)
            cursor.execute("INSERT INTO migrations (number, name) VALUES (%s, %s)", (number, path.stem))
            done.append(path.stem)
    return done


def connect(settings: Settings) -> "pymysql.connections.Connection[DictCursor]":
    """A connection as the user who may change tables, waiting up to 60 s for the server."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            address = settings.database_address(admin=True)
            return pymysql.connect(**address, charset="utf8mb4", autocommit=True, cursorclass=DictCursor)
        except pymysql.err.MySQLError as fault:
            if not is_lost(fault) or time.monotonic() > until:
                raise
            time.sleep(0.1)


def main() -> int:
    """Migrate; 0 when the tables are as the code expects them."""
    try:
        settings = Settings.load()
        with closing(connect(settings)) as connection, connection.cursor() as cursor:
            done = migrate(cursor)
    except (SettingsError, NewerDatabase, TimeoutError, pymysql.err.MySQLError) as fault:
        sys.stderr.write(f"Parley can not prepare its database: {fault}\n")
        return 1
    sys.stdout.write(f"database at version {latest()}{': ran ' + ', '.join(done) if done else ''}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
