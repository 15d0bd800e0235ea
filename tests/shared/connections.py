"""What tests of the pool do with connections and the one table they write to."""

from shared.database import Cursor, Database
from tests.servers import wait_for


def connection_id(cursor: Cursor) -> int:
    cursor.execute("SELECT CONNECTION_ID() AS id")
    row = cursor.fetchone()
    assert row is not None
    return int(row["id"])


def kill(database: Database, connection: int) -> None:
    """End a connection as a restart of the server does; returns when it is gone."""
    with database.cursor() as cursor:
        cursor.execute("KILL %s", (connection,))
        wait_for(lambda: connection not in connections(cursor), what="the connection to be gone")


def connections(cursor: Cursor) -> list[int]:
    cursor.execute("SHOW PROCESSLIST")
    return [int(row["Id"]) for row in cursor.fetchall()]


def put(cursor: Cursor, name: str) -> None:
    cursor.execute("INSERT INTO users (name, password_hash) VALUES (%s, 'x')", (name,))


def names(database: Database) -> list[str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT name FROM users ORDER BY name")
        return [row["name"] for row in cursor.fetchall()]
