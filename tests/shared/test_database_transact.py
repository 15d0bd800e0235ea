"""Work in a transaction that is done again: after a lock, and where nothing can have been committed."""

import threading

import pymysql
import pytest

from shared import rooms
from shared.database import Cursor, Database, is_lost
from tests.shared.connections import connection_id, kill, names, put


def test_work_whose_connection_broke_before_the_commit_is_done_again(
    database: Database, other: Database
) -> None:
    tries = 0

    def work(cursor: Cursor) -> str:
        nonlocal tries
        tries += 1
        put(cursor, f"alice{tries}")
        if tries == 1:
            kill(other, connection_id(cursor))
            cursor.execute("SELECT 1")
        return "done"

    assert database.transact(work) == "done"
    assert names(other) == ["alice2"]


def test_work_whose_connection_breaks_every_time_is_given_up(database: Database, other: Database) -> None:

    def work(cursor: Cursor) -> None:
        kill(other, connection_id(cursor))
        cursor.execute("SELECT 1")

    with pytest.raises(pymysql.err.MySQLError) as caught:
        database.transact(work)
    assert is_lost(caught.value)


def test_a_commit_whose_answer_was_lost_is_never_asked_for_again(database: Database, other: Database) -> None:
    tries = 0

    def work(cursor: Cursor) -> None:
        nonlocal tries
        tries += 1
        put(cursor, f"alice{tries}")
        kill(other, connection_id(cursor))

    with pytest.raises(pymysql.err.MySQLError):
        database.transact(work)
    assert tries == 1


def test_a_transaction_is_tried_again_after_a_lock(database: Database, other: Database) -> None:
    tries: list[int] = []

    def work(cursor: Cursor) -> str:
        tries.append(1)
        if len(tries) > 1:
            release.set()
        return str(rooms.lock(cursor, rooms.GENERAL).name)

    has_it, release = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction() as cursor:
            rooms.lock(cursor, rooms.GENERAL)
            has_it.set()
            while not release.wait(0.2):
                cursor.execute("SELECT 1")  # or the server would end it

    holding = threading.Thread(target=hold)
    holding.start()
    has_it.wait(60)
    assert other.transact(work) == "general"
    holding.join()
    assert len(tries) > 1


def test_another_fault_is_not_tried_again(database: Database) -> None:
    tries: list[int] = []

    def work(cursor: Cursor) -> None:
        tries.append(1)
        cursor.execute("SELECT nonsense")

    with pytest.raises(pymysql.err.MySQLError):
        database.transact(work)
    assert tries == [1]
