"""The writer: every request gets an outcome, whatever the database does."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pymysql
import pytest

from chatd import writer as writer_module
from chatd.writer import Writer
from shared import batch, rooms
from shared.database import Cursor, Database, OwnConnection
from shared.log import Accepted, Outcome, Refused, Request, Result
from shared.protocol import Code, User
from shared.settings import Settings
from tests.shared.people import LONGEST, NOON, held, person, read_only, sending
from tests.timing import best_of_tries, within

ROOM = rooms.GENERAL

Write = Callable[..., tuple[Result, list[Request]]]


@pytest.fixture(params=("a pool", "a connection of its own"))
def writer(request: pytest.FixtureRequest, database: Database, settings: Settings) -> Iterator[Writer]:
    """On a connection of its own, as the journal has it, all writing comes with the commit."""
    if request.param == "a pool":
        yield Writer(database, longest=LONGEST)
        return
    with closing(OwnConnection(settings)) as own:
        yield Writer(own, longest=LONGEST)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "PATIENCE_SECONDS", 0.3)


def asking(author: User, body: str = "hello", *, room: int = ROOM) -> Request:
    return Request(author, sending(body, room=room), NOON)


def make_room(database: Database, owner: User, name: str) -> int:
    with database.transaction() as cursor:
        return rooms.create(cursor, name=name, owner=owner.id)


def results(outcomes: list[Outcome]) -> list[tuple[str, bool] | int]:
    """The number of each message that was accepted, the code and whether it is temporary of each that was not."""
    return [
        outcome.message.number if isinstance(outcome, Accepted) else (outcome.code, outcome.temporary)
        for outcome in outcomes
    ]


def count(database: Database) -> int:
    with database.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) AS count FROM messages")
        row = cursor.fetchone()
        assert row is not None
        return int(row["count"])


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Cursor], None]], list[int]]:
    """Let something happen between the writing and the commit of the first attempt; returns the sizes of all."""

    def arrange(what: Callable[[Cursor], None]) -> list[int]:
        sizes: list[int] = []
        write: Write = batch.write

        def disturbed(cursor: Cursor, requests: list[Request], **how: object) -> tuple[Result, list[Request]]:
            found = write(cursor, requests, **how)
            sizes.append(len(requests))
            if len(sizes) == 1:
                what(cursor)
            return found

        monkeypatch.setattr(batch, "write", disturbed)
        return sizes

    return arrange


def test_a_batch_is_one_transaction(database: Database, writer: Writer) -> None:
    alice = person(database, "alice")
    assert results(writer.write([asking(alice) for _ in range(3)])) == [1, 2, 3]
    with database.cursor() as cursor:
        cursor.execute("SELECT COUNT(DISTINCT version) AS count FROM messages")
        assert cursor.fetchone() == {"count": 3}


def test_an_empty_batch_is_nothing(writer: Writer) -> None:
    assert writer.write([]) == []


def test_a_row_that_violates_is_refused_alone(database: Database, writer: Writer) -> None:
    """An author whose account is gone: the foreign key refuses the row, and the others go through."""
    alice, gone = person(database, "alice"), User(999_999, "gone")
    with database.transaction() as cursor:
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute("INSERT INTO members (room_id, user_id) VALUES (%s, %s)", (ROOM, gone.id))
        cursor.execute("SET foreign_key_checks = 1")
    asked = [asking(alice), asking(gone), asking(alice)]
    outcomes = writer.write(asked)
    assert results(outcomes) == [1, (Code.INVALID, False), 2]
    assert [outcome.request for outcome in outcomes] == asked


def test_a_connection_that_is_killed_during_a_batch_costs_nothing(
    database: Database,
    writer: Writer,
    settings: Settings,
    during: Callable[[Callable[[Cursor], None]], list[int]],
) -> None:
    alice = person(database, "alice")
    other = Database(settings)

    def kill(cursor: Cursor) -> None:
        cursor.execute("SELECT CONNECTION_ID() AS id")
        row = cursor.fetchone()
        assert row is not None
        with other.cursor() as killing:
            killing.execute("KILL %s", (row["id"],))

    sizes = during(kill)
    assert results(writer.write([asking(alice), asking(alice)])) == [1, 2]
    assert sizes == [2, 2]
    assert count(database) == 2
    other.close()


def test_a_commit_whose_answer_is_lost_is_not_carried_out_twice(
    database: Database, writer: Writer, during: Callable[[Callable[[Cursor], None]], list[int]]
) -> None:
    """The batch is committed and the connection breaks before the server can say so."""
    alice = person(database, "alice")

    def commit_and_break(cursor: Cursor) -> None:
        for statement in (*getattr(cursor, "last", ()), "COMMIT"):
            cursor.execute(statement)
        raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")

    sizes = during(commit_and_break)
    assert results(writer.write([asking(alice), asking(alice)])) == [1, 2]
    assert sizes == [2, 2]
    assert count(database) == 2


def test_a_deadlock_is_tried_again(
    database: Database, writer: Writer, during: Callable[[Callable[[Cursor], None]], list[int]]
) -> None:
    alice = person(database, "alice")

    def deadlock(_: Cursor) -> None:
        raise pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")

    sizes = during(deadlock)
    assert results(writer.write([asking(alice)])) == [1]
    assert sizes == [1, 1]


def test_a_row_that_another_daemon_wrote_at_the_same_time_is_found_by_the_second_attempt(
    database: Database, writer: Writer, during: Callable[[Callable[[Cursor], None]], list[int]]
) -> None:
    alice = person(database, "alice")

    def duplicate(_: Cursor) -> None:
        raise pymysql.err.IntegrityError(1062, "Duplicate entry")

    sizes = during(duplicate)
    assert results(writer.write([asking(alice), asking(alice)])) == [1, 2]
    assert sizes == [2, 1, 1]


def test_a_held_room_is_refused_as_busy_after_some_patience_and_the_others_go_through(
    database: Database, writer: Writer
) -> None:
    alice = person(database, "alice")
    tea, free = make_room(database, alice, "Tea"), make_room(database, alice, "Free")
    asked = [
        asking(alice, room=tea),
        asking(alice, room=free),
        asking(alice, room=tea),
        asking(alice, room=ROOM),
    ]
    with held(database, tea):
        outcomes = writer.write(asked)
    found = {id(outcome.request): result for outcome, result in zip(outcomes, results(outcomes), strict=True)}
    assert [found[id(request)] for request in asked] == [(Code.BUSY, True), 1, (Code.BUSY, True), 1]
    assert results(writer.write([asked[0], asked[2]])) == [1, 2], "the same again succeeds"


def test_a_room_that_is_held_for_a_moment_only_is_written_to(database: Database, writer: Writer) -> None:
    alice = person(database, "alice")
    outcomes: list[Outcome] = []
    writing = threading.Thread(target=lambda: outcomes.extend(writer.write([asking(alice)])))
    with held(database, ROOM):
        writing.start()
        writing.join(1.3)
        assert writing.is_alive()
    writing.join()
    assert results(outcomes) == [1]


def test_a_read_only_database_is_unavailable_and_no_crash(
    database: Database, writer: Writer, settings: Settings, impatient: None
) -> None:
    alice = person(database, "alice")
    asked = [asking(alice), asking(alice)]
    with read_only(settings):
        assert results(writer.write(asked)) == [(Code.UNAVAILABLE, True)] * 2
        assert results(writer.write(asked)) == [(Code.UNAVAILABLE, True)] * 2
    assert results(writer.write(asked)) == [1, 2]


@best_of_tries
def test_while_the_database_is_away_only_the_first_batch_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "PATIENCE_SECONDS", 1.0)
    away = Database(replace(settings, database_url="mysql://nobody@127.0.0.1:1/none"))
    writer = Writer(away, longest=LONGEST)
    began = time.monotonic()
    assert results(writer.write([asking(User(1, "alice"))])) == [(Code.UNAVAILABLE, True)]
    assert time.monotonic() - began >= 1
    with within(1):
        assert results(writer.write([asking(User(1, "alice"))])) == [(Code.UNAVAILABLE, True)]
    away.close()


def test_a_fault_of_ours_is_refused_as_temporary_and_told_to_the_log(
    database: Database, writer: Writer, during: Callable[[Callable[[Cursor], None]], list[int]]
) -> None:
    alice = person(database, "alice")

    def bug(_: Cursor) -> None:
        raise KeyError("a bug")

    during(bug)
    assert results(writer.write([asking(alice)])) == [(Code.UNAVAILABLE, True)]
    assert count(database) == 0


def test_a_text_at_fault_is_no_matter_for_the_database(database: Database, writer: Writer) -> None:
    alice = person(database, "alice")
    outcomes = writer.write([asking(alice, ""), asking(alice)])
    assert results(outcomes) == [(Code.EMPTY, False), 1]
    assert isinstance(outcomes[0], Refused)
