"""What the running private servers promise, read from the servers themselves."""

import subprocess
import sys

import pymysql
import pytest
import redis

from shared import keys
from shared.database import Database
from shared.settings import PROJECT, Settings
from tests.servers import Servers


def as_user(settings: Settings, user: str) -> "redis.Redis":
    url, password = settings.redis_address(user)
    return redis.Redis.from_url(url, password=password)


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


def test_redis_keeps_a_transaction_through_a_kill(settings: Settings, servers: Servers) -> None:
    """It leaves out of its file what the user `default` may not do."""
    with as_user(settings, "web") as client, client.pipeline(transaction=True) as pipeline:
        pipeline.set("session:together", b"value").execute()
    servers.kill("redis")
    servers.start("redis")
    with as_user(settings, "web") as client:
        assert client.get("session:together") == b"value"


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


@pytest.mark.parametrize("user", ["web", "chatd"])
@pytest.mark.parametrize(
    "command",
    [
        ["FLUSHALL"],
        ["KEYS", "*"],
        ["SCAN", "0"],
        ["CONFIG", "GET", "*"],
        ["CONFIG", "SET", "dir", "/tmp"],
        ["ACL", "LIST"],
        ["CLIENT", "LIST"],
        ["MONITOR"],
        ["SHUTDOWN"],
        ["GET", "elsewhere"],
        ["PUBLISH", "elsewhere", "x"],
        ["PSUBSCRIBE", "*"],
        ["REPLICAOF", "evil.example", "6379"],
    ],
)
def test_the_services_may_do_nothing_to_redis_that_they_do_not_need(
    settings: Settings, servers: Servers, user: str, command: list[str]
) -> None:
    with as_user(settings, user) as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


@pytest.mark.parametrize(
    "command",
    [["SET", "session:x", "y"], ["DEL", "session:x"], ["EVAL", "return 1", "0"], ["GET", "tries:x"]],
)
def test_a_daemon_makes_and_ends_no_session_and_counts_no_tries(
    settings: Settings, servers: Servers, command: list[str]
) -> None:
    with as_user(settings, "chatd") as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.execute_command(*command)


def test_the_web_service_says_nothing_of_who_is_there(settings: Settings, servers: Servers) -> None:
    channel = keys.Channels(settings.redis_database).presence
    with as_user(settings, "web") as client, pytest.raises(redis.exceptions.NoPermissionError):
        client.publish(channel, "x")
    with as_user(settings, "chatd") as client:
        client.publish(channel, '{"daemon": "none"}')


def test_a_script_may_do_no_more_than_who_runs_it(settings: Settings, servers: Servers) -> None:
    with (
        as_user(settings, "web") as client,
        pytest.raises(redis.exceptions.ResponseError, match=r"can.t run this command"),
    ):
        client.eval("return redis.call('FLUSHALL')", 0)


@pytest.mark.parametrize(("user", "password"), [(None, None), (None, ""), ("web", "guessed"), ("root", "")])
def test_nobody_comes_into_redis_without_a_password(
    servers: Servers, user: str | None, password: str | None
) -> None:
    path = str(servers.layout.run / "redis.sock")
    with (
        redis.Redis(unix_socket_path=path, username=user, password=password) as client,
        pytest.raises((redis.exceptions.AuthenticationError, redis.exceptions.ResponseError)),
    ):
        client.ping()


def test_the_rights_can_be_shown_for_a_redis_of_ones_own() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "deploy.redis_users"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert [line.split()[2] for line in shown.stdout.splitlines()] == ["web", "chatd"]
