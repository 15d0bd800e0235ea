"""Migrations: once, in order, by one process at a time, and never backwards."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest
from pymysql.cursors import DictCursor

from shared import migrate
from shared.settings import Settings
from tests.servers import Servers
from tests.shared.people import as_root

NAME = "parley_migrating"


@pytest.fixture
def fresh(settings: Settings) -> Iterator[Settings]:
    """The settings for an empty database, of which the tests' user may do everything."""
    with as_root(settings) as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        cursor.execute(f"CREATE DATABASE {NAME}")
        cursor.execute(f"GRANT ALL ON {NAME}.* TO parley_admin@localhost")
    path = settings.database_address()["unix_socket"]
    password = settings.database_address(admin=True)["password"]
    url = f"mysql://parley_admin:{password}@localhost/{NAME}?unix_socket={path}"
    yield replace(settings, database_url=url, database_admin_url=url)
    with as_root(settings) as cursor:
        cursor.execute(f"REVOKE ALL ON {NAME}.* FROM parley_admin@localhost")
        cursor.execute(f"DROP DATABASE {NAME}")


def tables(settings: Settings) -> dict[str, str]:
    """Each table as the server would create it again, without what its rows have counted."""
    with closing(migrate.connect(settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        found = {}
        for name in [next(iter(row.values())) for row in cursor.fetchall()]:
            cursor.execute(f"SHOW CREATE TABLE {name}")
            row = cursor.fetchone()
            assert row is not None
            found[name] = " ".join(
                w for w in row["Create Table"].split() if not w.startswith("AUTO_INCREMENT=")
            )
        return found


def run(settings: Settings) -> list[str]:
    with closing(migrate.connect(settings)) as connection, connection.cursor() as cursor:
        return migrate.migrate(cursor)


def rows(settings: Settings, query: str) -> list[dict[str, object]]:
    with closing(migrate.connect(settings)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def test_an_empty_database_gets_every_table_and_the_room_that_everyone_is_in(fresh: Settings) -> None:
    assert run(fresh) == [path.stem for _, path in migrate.known()]
    assert {"instance", "users", "rooms", "members", "messages", "migrations"} <= tables(fresh).keys()
    assert rows(fresh, "SELECT id, kind, name FROM rooms") == [{"id": 1, "kind": "public", "name": "general"}]
    assert len(rows(fresh, "SELECT epoch FROM instance WHERE epoch > 0")) == 1


def test_the_version_is_known_before_and_after(fresh: Settings) -> None:
    with closing(migrate.connect(fresh)) as connection, connection.cursor() as cursor:
        assert migrate.version(cursor) == 0
        migrate.migrate(cursor)
        assert migrate.version(cursor) == migrate.latest()


def test_migrating_again_changes_nothing(fresh: Settings) -> None:
    run(fresh)
    before = tables(fresh), rows(fresh, "SELECT * FROM instance")
    assert run(fresh) == []
    assert (tables(fresh), rows(fresh, "SELECT * FROM instance")) == before


def test_those_who_migrate_at_the_same_time_run_each_migration_once(fresh: Settings) -> None:
    done: list[list[str]] = []
    together = threading.Barrier(3)

    def work() -> None:
        with closing(migrate.connect(fresh)) as connection, connection.cursor() as cursor:
            together.wait()
            done.append(migrate.migrate(cursor))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [[], [], [path.stem for _, path in migrate.known()]]


def test_a_migration_that_was_interrupted_is_finished_by_the_next_start(fresh: Settings) -> None:
    """MariaDB commits each CREATE TABLE by itself: a kill in the middle leaves some of the tables."""
    run(fresh)
    whole = tables(fresh)
    every = [statement for _, path in migrate.known() for statement in migrate.statements(path.read_text())]
    for count in (1, len(every) // 2, len(every)):
        with closing(migrate.connect(fresh)) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {NAME}")
            cursor.execute(f"CREATE DATABASE {NAME}")
            cursor.execute(f"USE {NAME}")
            for statement in every[:count]:
                cursor.execute(statement)
        assert run(fresh)
        assert tables(fresh) == whole
        assert len(rows(fresh, "SELECT * FROM rooms")) == 1
        assert len(rows(fresh, "SELECT * FROM instance")) == 1


def test_a_newer_database_stops_the_start(fresh: Settings) -> None:
    run(fresh)
    with closing(migrate.connect(fresh)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO migrations (number, name) VALUES (9999, 'of the future')")
        with pytest.raises(migrate.NewerDatabase, match="version 9999"):
            migrate.migrate(cursor)


def test_a_migration_that_fails_is_not_written_down(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0001_broken.sql").write_text("CREATE TABLE fine (id INT);\nCREATE NONSENSE;\n")
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    with pytest.raises(pymysql.err.ProgrammingError):
        run(fresh)
    assert rows(fresh, "SELECT * FROM migrations") == []


def test_migrations_run_in_the_order_of_their_numbers(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "0002_second.sql").write_text("ALTER TABLE mine ADD COLUMN name INT;\n")
    (tmp_path / "0010_third.sql").write_text("ALTER TABLE mine DROP COLUMN name;\n")
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE mine (id INT);\n")
    (tmp_path / "notes.sql").write_text("nonsense")
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    assert run(fresh) == ["0001_first", "0002_second", "0010_third"]
    assert migrate.latest() == 10


def test_the_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in migrate.known()] == list(range(1, len(migrate.known()) + 1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("-- only a comment\n", []),
        ("SELECT 1;", ["SELECT 1"]),
        ("SELECT 1", ["SELECT 1"]),
        ("-- a; b\nSELECT 1;\n  -- c\n\nSELECT\n  2;\n", ["SELECT 1", "SELECT\n  2"]),
        (";;\n;", []),
    ],
)
def test_a_file_is_taken_apart_into_statements(text: str, expected: list[str]) -> None:
    assert migrate.statements(text) == expected


# -- as a command


def command(settings: Settings, servers: Servers) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "PARLEY_VAR": str(servers.layout.var),
        "PARLEY_DATABASE_URL": settings.database_url,
        "PARLEY_DATABASE_ADMIN_URL": settings.database_admin_url,
    }
    return subprocess.run(
        [sys.executable, "-m", "shared.migrate"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_what_it_did(fresh: Settings, servers: Servers) -> None:
    first, second = command(fresh, servers), command(fresh, servers)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "0001_first" in first.stdout
    assert second.stdout == f"database at version {migrate.latest()}\n"


def test_the_command_says_why_it_can_not(fresh: Settings, servers: Servers) -> None:
    run(fresh)
    with closing(migrate.connect(fresh)) as connection, connection.cursor(DictCursor) as cursor:
        cursor.execute("INSERT INTO migrations (number, name) VALUES (9999, 'of the future')")
    failed = command(fresh, servers)
    assert failed.returncode == 1
    assert "use the newer version of Parley" in failed.stderr
    assert "Traceback" not in failed.stderr
