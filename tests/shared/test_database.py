"""The pool: transactions, what a broken connection means, and that it is bounded."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace

import pymysql
import pytest

from shared import rooms
from shared.database import (
    Database,
    OwnConnection,
    Statement,
    at_once,
    at_the_end,
    is_locked,
    is_lost,
    is_unavailable,
    listed,
)
from shared.settings import Settings
from tests.servers import wait_for
from tests.shared.connections import connection_id, connections, kill, names, put
from tests.shared.people import held, read_only


@pytest.fixture
def services(settings: Settings, empty: None) -> Iterator[Database]:
    """A pool as the services have it: the server ends a transaction in which nothing happens for 2 s."""
    with closing(Database(settings)) as pool:
        yield pool


# -- transactions


def test_a_transaction_is_committed_at_its_end(database: Database, other: Database) -> None:
    with database.transaction() as cursor:
        put(cursor, "alice")
        assert names(other) == []
    assert names(other) == ["alice"]


def test_a_transaction_is_rolled_back_on_an_exception(database: Database) -> None:

    def work() -> None:
        with database.transaction() as cursor:
            put(cursor, "alice")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == []


def test_statements_outside_a_transaction_each_stand_alone(database: Database) -> None:

    def work() -> None:
        with database.cursor() as cursor:
            put(cursor, "alice")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == ["alice"]


def test_a_reader_within_a_transaction_sees_what_was_committed_meanwhile(
    database: Database, other: Database
) -> None:
    with database.transaction() as cursor:
        cursor.execute("SELECT name FROM users")
        with other.transaction() as writing:
            put(writing, "alice")
        cursor.execute("SELECT name FROM users")
        assert cursor.fetchall() == [{"name": "alice"}]


@pytest.mark.parametrize(
    "row",
    [
        (0, -1, 2**63, True, False, None),
        (b"", b"'\\\x00\xff%s", "", "it's 100 %s \\ 'x'", "🇩🇪", None),
    ],
)
def test_rows_are_what_was_given(database: Database, row: tuple[object, ...]) -> None:
    columns = [f"c{number}" for number in range(len(row))]
    table, values = listed(columns, [row, row])
    with database.cursor() as cursor:
        cursor.execute(f"{table}SELECT * FROM listed", values)
        assert [tuple(found.values()) for found in cursor.fetchall()] == [row, row]


def test_every_connection_is_set_up_alike(services: Database) -> None:
    with services.cursor() as cursor:
        cursor.execute(
            "SELECT @@tx_isolation AS isolation, @@time_zone AS zone, @@idle_transaction_timeout AS idle,"
            " @@innodb_lock_wait_timeout AS patience, @@character_set_client AS charset"
        )
        assert cursor.fetchone() == {
            "isolation": "READ-COMMITTED",
            "zone": "+00:00",
            "idle": 2,
            "patience": 1,
            "charset": "utf8mb4",
        }


# -- broken connections


def test_a_connection_that_was_killed_while_idle_is_replaced(database: Database, other: Database) -> None:
    with database.cursor() as cursor:
        idle = connection_id(cursor)
    kill(other, idle)
    with database.cursor() as cursor:
        assert connection_id(cursor) != idle
    with database.transaction() as cursor:
        put(cursor, "alice")
    assert names(database) == ["alice"]


def test_a_transaction_whose_connection_is_killed_is_lost_as_a_whole(
    database: Database, other: Database
) -> None:
    """The pool must not go on with the second statement on a new connection, where the first never was."""

    def work() -> None:
        with database.transaction() as cursor:
            put(cursor, "alice")
            kill(other, connection_id(cursor))
            put(cursor, "bobby")

    with pytest.raises(pymysql.err.MySQLError) as caught:
        work()
    assert is_lost(caught.value)
    assert names(database) == []


def test_a_transaction_that_is_killed_before_its_first_statement_is_lost_too(
    database: Database, other: Database
) -> None:

    def work() -> None:
        with database.transaction() as cursor:
            with other.cursor() as killing:
                idle = [id for id in connections(killing) if id != connection_id(killing)]
            for connection in idle:
                kill(other, connection)
            put(cursor, "alice")

    with pytest.raises(pymysql.err.MySQLError) as caught:
        work()
    assert is_lost(caught.value)
    assert names(database) == []


def test_a_statement_on_a_broken_connection_is_not_sent_again_behind_ones_back(
    database: Database, other: Database
) -> None:

    def work() -> None:
        with database.cursor() as cursor:
            kill(other, connection_id(cursor))
            put(cursor, "alice")

    with pytest.raises(pymysql.err.MySQLError) as caught:
        work()
    assert is_lost(caught.value)
    assert names(database) == []


def test_the_first_fault_counts_when_the_rollback_fails_too(database: Database, other: Database) -> None:

    def work() -> None:
        with database.transaction() as cursor:
            kill(other, connection_id(cursor))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert names(database) == []


# -- the pool


def test_the_pool_is_bounded_and_who_comes_too_late_waits(settings: Settings, empty: None) -> None:
    pool = Database(replace(settings, database_pool=2))
    got = threading.Event()

    def third() -> None:
        with pool.cursor():
            got.set()

    waiting = threading.Thread(target=third)
    with pool.cursor() as one:
        with pool.cursor() as two:
            assert connection_id(one) != connection_id(two)
            waiting.start()
            assert not got.wait(0.2)
        assert got.wait(60)
    waiting.join()
    pool.close()


def test_a_pool_is_made_while_the_server_is_away(settings: Settings) -> None:
    away = replace(settings, database_url="mysql://nobody@127.0.0.1:1/none")
    pool = Database(away)
    with pytest.raises(pymysql.err.OperationalError) as caught, pool.cursor():
        pass
    assert is_unavailable(caught.value)
    pool.close()


# -- locks


def test_who_waits_for_a_lock_for_a_second_gives_up(database: Database, other: Database) -> None:
    with (
        held(database, rooms.GENERAL),
        pytest.raises(pymysql.err.OperationalError) as caught,
        other.transaction() as cursor,
    ):
        rooms.lock(cursor, rooms.GENERAL)
    assert is_locked(caught.value)
    assert not is_lost(caught.value)
    assert not is_unavailable(caught.value)


def test_two_who_wait_for_each_other_are_told(database: Database, other: Database) -> None:
    with database.transaction() as cursor:
        for name in ("alice", "bobby"):
            put(cursor, name)
    update = "UPDATE users SET gender = 1 WHERE name = %s"
    faults: list[Exception] = []

    def second() -> None:
        with suppress(pymysql.err.MySQLError), other.transaction() as cursor:
            cursor.execute(update, ("bobby",))
            met.wait()
            try:
                cursor.execute(update, ("alice",))
            except pymysql.err.MySQLError as fault:
                faults.append(fault)

    met = threading.Barrier(2)
    thread = threading.Thread(target=second)
    thread.start()
    with suppress(pymysql.err.MySQLError), database.transaction() as cursor:
        cursor.execute(update, ("alice",))
        met.wait()
        try:
            cursor.execute(update, ("bobby",))
        except pymysql.err.MySQLError as fault:
            faults.append(fault)
    thread.join()
    assert [is_locked(fault) for fault in faults] == [True]


def test_a_writer_that_stops_in_the_middle_does_not_hold_a_room_for_long(
    services: Database, other: Database
) -> None:
    def is_free() -> bool:
        with other.transaction() as cursor:
            return bool(rooms.lock(cursor, rooms.GENERAL))

    def work() -> None:
        with services.transaction() as cursor:
            rooms.lock(cursor, rooms.GENERAL)
            wait_for(is_free, what="the server to end a transaction in which nothing happens")
            put(cursor, "alice")

    with pytest.raises(pymysql.err.MySQLError) as caught:
        work()
    assert is_lost(caught.value)


# -- what an error means


def test_a_server_that_may_not_be_written_to_is_unavailable(database: Database, settings: Settings) -> None:
    with (
        read_only(settings),
        pytest.raises(pymysql.err.MySQLError) as caught,
        database.transaction() as cursor,
    ):
        put(cursor, "alice")
    assert is_unavailable(caught.value)
    assert not is_lost(caught.value)


# -- a connection of one's own


@pytest.fixture
def own(settings: Settings) -> Iterator[OwnConnection]:
    connection = OwnConnection(settings)
    yield connection
    connection.close()


def test_a_connection_of_ones_own_is_used_again(database: Database, own: OwnConnection) -> None:
    ids = set()
    for name in ("alice", "bobby"):
        with own.transaction() as cursor:
            put(cursor, name)
            ids.add(connection_id(cursor))
    assert len(ids) == 1
    assert names(database) == ["alice", "bobby"]


def test_a_connection_of_ones_own_rolls_back_and_goes_on(database: Database, own: OwnConnection) -> None:
    with suppress(ValueError), own.transaction() as cursor:
        put(cursor, "alice")
        raise ValueError
    with own.transaction() as cursor:
        put(cursor, "bobby")
    assert names(database) == ["bobby"]


def a_user(name: str) -> Statement:
    return "INSERT INTO users (name, password_hash) VALUES (%s, 'x')", (name,)


def test_what_waits_for_the_end_of_a_transaction_is_committed_with_it(
    database: Database, own: OwnConnection
) -> None:
    with own.transaction() as cursor:
        at_the_end(cursor, [a_user("alice"), a_user("bobby")])
        at_the_end(cursor, [a_user("carol")])
        assert at_once(cursor, [("SELECT name FROM users", ())]) == [()]
    assert names(database) == ["alice", "bobby", "carol"]


def test_what_fails_at_the_end_leaves_nothing_and_the_connection_goes_on(
    database: Database, own: OwnConnection
) -> None:
    with pytest.raises(pymysql.err.IntegrityError), own.transaction() as cursor:
        at_the_end(cursor, [a_user("alice"), a_user("alice"), a_user("bobby")])
    assert names(database) == []
    with own.transaction() as cursor:
        at_the_end(cursor, [a_user("carol")])
    assert names(database) == ["carol"]


def test_what_waits_for_the_end_is_dropped_where_the_transaction_is(
    database: Database, own: OwnConnection
) -> None:
    with suppress(ValueError), own.transaction() as cursor:
        at_the_end(cursor, [a_user("alice")])
        raise ValueError
    with own.transaction() as cursor:
        put(cursor, "bobby")
    assert names(database) == ["bobby"]


def test_a_connection_of_ones_own_that_breaks_is_made_anew(database: Database, own: OwnConnection) -> None:
    with own.transaction() as cursor:
        kill_me = connection_id(cursor)
    kill(database, kill_me)
    with pytest.raises(pymysql.err.MySQLError) as broken, own.transaction():
        pass
    assert is_lost(broken.value)
    with own.transaction() as cursor:
        put(cursor, "alice")
    assert names(database) == ["alice"]
