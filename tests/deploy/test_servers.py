"""What the running private servers promise, read from the servers themselves."""

import pymysql
import pytest

from shared.database import Database
from shared.settings import Settings
from tests.servers import Servers


def variable(database: Database, name: str) -> object:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT @@GLOBAL.{name} AS value")
        row = cursor.fetchone()
    assert row
    return row["value"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("innodb_flush_log_at_trx_commit", 1),
        ("innodb_doublewrite", 1),
        ("log_bin", 1),
        ("sync_binlog", 1),
        ("skip_networking", 1),
        ("local_infile", 0),
        ("character_set_server", "utf8mb4"),
    ],
)
def test_mariadb_is_set_up_to_be_trusted(database: Database, name: str, value: object) -> None:
    assert variable(database, name) == value


def test_mariadb_keeps_its_binary_log_for_a_limited_time(database: Database) -> None:
    assert variable(database, "binlog_expire_logs_seconds") == 3600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("appendonly", "yes"),
        ("appendfsync", "everysec"),
        ("maxmemory-policy", "noeviction"),
        ("port", "0"),
    ],
)
def test_redis_is_set_up_to_be_trusted(servers: Servers, name: str, value: str) -> None:
    with servers.redis() as client:
        assert client.config_get(name)[name] == value


def test_redis_keeps_a_session_through_a_kill(servers: Servers) -> None:
    with servers.redis() as client:
        client.set("session:kept", b"value")
    servers.kill("redis")
    servers.start("redis")
    with servers.redis() as client:
        assert client.get("session:kept") == b"value"


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE messages",
        "TRUNCATE TABLE messages",
        "CREATE TABLE mine (id INT)",
        "ALTER TABLE users ADD COLUMN mine INT",
        "GRANT ALL ON parley.* TO parley@localhost",
        "SELECT * FROM mysql.global_priv",
        "SET GLOBAL sync_binlog = 0",
        "SELECT 1 INTO OUTFILE '/tmp/mine'",
    ],
)
def test_the_services_may_not_change_tables_or_the_server(database: Database, statement: str) -> None:
    with pytest.raises(pymysql.err.MySQLError), database.cursor() as cursor:
        cursor.execute(statement)


def test_sockets_are_their_users_alone(settings: Settings, servers: Servers) -> None:
    assert servers.layout.run.stat().st_mode & 0o077 == 0
    assert (servers.layout.run / "redis.sock").stat().st_mode & 0o077 == 0
