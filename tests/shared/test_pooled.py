"""The pool gives out connections that work, and asks the server about them only where it has to."""

import pymysql
import pytest

from shared import database as module
from shared.database import Cursor, Database
from tests.shared.connections import connection_id, kill


def pings(cursor: Cursor) -> int:
    """How often the server was asked over this connection whether it is there."""
    cursor.execute("SHOW SESSION STATUS LIKE 'Com_admin_commands'")
    row = cursor.fetchone()
    assert row is not None
    return int(row["Value"])


def use(database: Database) -> tuple[int, int]:
    """The connection that the pool gives out, and how often it was asked about."""
    with database.cursor() as cursor:
        return connection_id(cursor), pings(cursor)


def test_a_connection_that_was_used_a_moment_ago_is_used_again_unasked(database: Database) -> None:
    use(database)
    first = use(database)
    assert use(database) == use(database) == first


def test_one_that_nobody_used_for_long_is_asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    use(database)
    first, asked = use(database)
    monkeypatch.setattr(module, "QUIET_SECONDS", 0)
    assert use(database) == (first, asked + 1)


@pytest.mark.parametrize("quiet", [0, 3600], ids=["asked", "unasked"])
def test_one_that_the_server_ended_is_replaced(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch, quiet: int
) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", quiet)
    use(database)
    first, _ = use(database)
    kill(other, first)
    second, _ = use(database)
    assert second != first
    assert use(database)[0] == second


def test_one_that_broke_here_is_replaced(database: Database) -> None:
    """As PyMySQL breaks it where an answer does not come."""
    use(database)
    first, _ = use(database)
    with database.cursor() as cursor:
        cursor.connection._force_close()  # type: ignore[attr-defined]
    second, _ = use(database)
    assert second != first


def use_both(database: Database) -> dict[int, int]:
    """Two connections of the pool, and how often each was asked about."""
    with database.cursor() as one, database.cursor() as another:
        return {connection_id(cursor): pings(cursor) for cursor in (one, another)}


def test_after_a_failure_all_are_asked(database: Database) -> None:
    """The others may have broken for the same reason, which can not be seen where a network swallows all."""
    use_both(database)
    before = use_both(database)
    with pytest.raises(pymysql.err.MySQLError), database.cursor() as cursor:
        cursor.execute("SELECT nothing")
    assert use_both(database) == {connection: asked + 1 for connection, asked in before.items()}


def test_a_transaction_is_tried_again_on_a_connection_that_works(
    database: Database, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many have broken unseen."""
    use_both(database)
    broken = use_both(database)
    for connection in broken:
        kill(other, connection)
    monkeypatch.setattr(module, "_has_something_to_read", lambda _: False)
    assert database.transact(connection_id) not in broken
