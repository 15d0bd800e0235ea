"""MariaDB: a bounded pool of connections, transactions, and what the server's errors mean."""

import math
import select
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol, TypeVar
from weakref import WeakKeyDictionary

import pymysql
from dbutils.pooled_db import PooledDB
from pymysql.constants import CLIENT, CR, ER
from pymysql.cursors import DictCursor

from shared.settings import Settings

Row = dict[str, Any]
T = TypeVar("T")

# A writer that stops in the middle must not hold a room for long (then the server ends its
# transaction), and nobody waits longer than 1 s for one that does. READ COMMITTED: what is
# read after a lock was taken is what stands there then, not what stood there before.
IDLE_SECONDS = 2
# Of rows packed into one (`shared.packed`), above which MariaDB cuts them off: more than the largest page of the longest
# messages, which takes 20 MB, and their reactions.
PACKED_BYTES = 64 * 1024**2
SESSION = (
    "SET time_zone = '+00:00', tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 1,"
    f" group_concat_max_len = {PACKED_BYTES}"
)
LOST = {
    0,
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
    CR.CR_CONN_HOST_ERROR,
    CR.CR_CONNECTION_ERROR,
    1927,
    4031,
}
LOCKED = {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK}
FULL = {ER.DISK_FULL, ER.RECORD_FILE_FULL, ER.ERROR_ON_WRITE, ER.OPTION_PREVENTS_STATEMENT, 1836, 3}
RETRY_SECONDS = 3.0
QUIET_SECONDS = 30  # for so long a connection of the pool is believed without asking the server


class Cursor(Protocol):
    """What the statements of `shared` use of a DB-API cursor (PEP 249)."""

    rowcount: int
    lastrowid: int

    def execute(self, statement: str, values: Any = None) -> int: ...
    def executemany(self, statement: str, values: Any) -> int | None: ...
    def mogrify(self, statement: str, values: Any = None) -> str: ...
    def nextset(self) -> bool | None: ...
    def fetchone(self) -> Row | None: ...
    def fetchall(self) -> Sequence[Row]: ...


Statement = tuple[str, Sequence[Any]]  # and its values, one for each %s


def listed(columns: Sequence[str], rows: Collection[Sequence[Any]]) -> Statement:
    """The table `listed` of these rows, to be joined with: the beginning of a statement, and its values.

    Never a list of pairs behind IN: MariaDB compares each row that it reads with all of them, and from 200
    (`eq_range_index_dive_limit`) it walks tables instead of their index. 256 pairs took 90 ms so, and longer the
    more messages there were; joined they take 3.
    """
    text, values = rows_of(rows)
    return f"WITH listed ({', '.join(columns)}) AS (VALUES {text}) ", values


def rows_of(rows: Collection[Sequence[Any]]) -> Statement:
    """What stands behind VALUES for these rows.

    Numbers, bytes and NULL stand in it as SQL writes them, and PyMySQL escapes the rest: for the row of a message 2.6 µs
    instead of 7.6, of 90 that a message costs the daemon where 256 write at once.
    """
    values: list[Any] = []
    return ", ".join([f"({', '.join([_written(value, values) for value in row])})" for row in rows]), values


def _written(value: Any, values: list[Any]) -> str:
    """A value in SQL; what is neither a number nor bytes nor nothing goes to `values`, to be escaped."""
    kind = type(value)
    if kind is int:
        return str(value)
    if kind is bool:
        return "1" if value else "0"
    if value is None:
        return "NULL"
    if kind is bytes:
        return f"x'{value.hex()}'"
    values.append(value)
    return "%s"


class _OwnCursor(DictCursor):
    """A cursor of an `OwnConnection`, with what is to be carried out at the end of its transaction."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.last: list[str] = []


def at_once(cursor: Cursor, statements: Sequence[Statement]) -> list[Sequence[Row]]:
    """Carry out statements in their order, and return the rows of each; the first that fails ends it.

    On an `OwnConnection` they take one round trip: beside a busy event loop each costs its thread half a millisecond,
    and three for a batch instead of nine brought an answer down from 17 ms to 11.
    """
    if not isinstance(cursor, _OwnCursor):
        return [_rows(cursor, text, values) for text, values in statements]
    return _sent_at_once(cursor, [cursor.mogrify(text, values) for text, values in statements])


def at_the_end(cursor: Cursor, statements: Sequence[Statement]) -> None:
    """Carry out statements whose rows nobody needs before COMMIT: on an `OwnConnection` in one round trip with it.

    So they may fail as late as COMMIT does, where the transaction is left; and what is asked for `at_once` after them is
    carried out before them.
    """
    if isinstance(cursor, _OwnCursor):
        cursor.last += [cursor.mogrify(text, values) for text, values in statements]
    else:
        at_once(cursor, statements)


def _sent_at_once(cursor: Cursor, statements: Sequence[str]) -> list[Sequence[Row]]:
    if not statements:
        return []
    found = [_rows(cursor, ";".join(statements))]
    while cursor.nextset():
        found.append(cursor.fetchall())
    return found


def _rows(cursor: Cursor, statement: str, values: Sequence[Any] | None = None) -> Sequence[Row]:
    cursor.execute(statement, values)
    return cursor.fetchall()


def error_code(fault: Exception) -> int:
    """The number of a MariaDB or client error; 0 where the connection broke without one."""
    return fault.args[0] if fault.args and isinstance(fault.args[0], int) else 0


def is_lost(fault: Exception) -> bool:
    """Whether the connection broke, so that the outcome of what was asked is unknown."""
    return isinstance(fault, pymysql.err.InterfaceError) or (
        isinstance(fault, pymysql.err.OperationalError) and error_code(fault) in LOST
    )


def is_locked(fault: Exception) -> bool:
    """Whether somebody else held a lock for too long, or two waited for each other."""
    return isinstance(fault, pymysql.err.MySQLError) and error_code(fault) in LOCKED


def is_unavailable(fault: Exception) -> bool:
    """Whether the server can not write just now: away, shutting down, read-only or full."""
    return (
        is_lost(fault)
        or isinstance(fault, TimeoutError)
        or (isinstance(fault, pymysql.err.MySQLError) and error_code(fault) in FULL | {1040, 1053, 1203})
    )


class _Check:
    """Looks at a connection of the pool whenever it is given out, mostly without a round trip.

    A server that ends a connection says so, or its kernel does: then there is something to read where nothing was asked
    for. Only one that vanished without a word has to be asked to be found out, which one that was used within
    `QUIET_SECONDS` is not, unless something failed since. Pings would be two more round trips of each request, with the
    pool's lock held meanwhile.
    """

    def __init__(self) -> None:
        self._used: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # when each was given out

    def __call__(self, connection: Any) -> bool:
        """Raises PyMySQL's errors where the connection broke."""
        now = time.monotonic()
        was_quiet = now - self._used.get(connection, -math.inf) > QUIET_SECONDS
        if was_quiet or _has_something_to_read(connection._sock):
            connection.ping(False)
        self._used[connection] = now
        return True

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Where something fails herein, all connections are asked before they are used again."""
        try:
            yield
        except BaseException:
            self._used = WeakKeyDictionary()
            raise


def _has_something_to_read(socket: Any) -> bool:
    """Whether something came over an idle connection, as its end; also where it was closed here."""
    if socket is None:
        return True
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


class Database:
    """A pool of at most `settings.database_pool` connections to MariaDB.

    Connections are made when first needed, so that a process starts while the server is away,
    and each is checked when it is taken (`_Check`), so that a server's restart needs none of ours. A server that
    has not answered for `answer_seconds` counts as lost, and it ends a transaction in which nothing was
    asked for `idle_seconds`.
    """

    def __init__(
        self, settings: Settings, *, answer_seconds: float = 10, idle_seconds: int = IDLE_SECONDS
    ) -> None:
        self._check = _Check()
        self._pool = PooledDB(
            pymysql,
            mincached=0,
            maxcached=settings.database_pool,
            maxconnections=settings.database_pool,
            blocking=True,
            ping=self._check,
            reset=False,  # only what was begun is rolled back: the others would pay a round trip for nothing
            # Otherwise a statement outside begin() is silently sent again on a new connection
            # after an error, also an INSERT that had already been carried out.
            isfatal=lambda _: False,
            **_options(settings, answer_seconds, idle_seconds),
        )

    @contextmanager
    def cursor(self) -> Iterator[Cursor]:
        """A cursor for statements that each stand alone (autocommit)."""
        with self._check.doubting(), self._pool.connection() as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A cursor within one transaction: committed at the end, rolled back on an exception."""
        with (
            self._check.doubting(),
            self._pool.connection() as connection,
            _transaction(connection) as cursor,
        ):
            yield cursor

    def transact(self, work: Callable[[Cursor], T]) -> T:
        """Run `work` in a transaction, again after a lock that somebody held, for up to 3 s.

        And once more where the connection broke before COMMIT was asked for: the server has rolled that
        back. `work` must be safe to run again from the start. Raises what the last attempt raised.
        """
        until = time.monotonic() + RETRY_SECONDS
        is_first_loss = True
        while True:
            is_committing = False
            try:
                with self.transaction() as cursor:
                    result = work(cursor)
                    is_committing = True
                return result
            except pymysql.err.MySQLError as fault:
                is_undone = is_lost(fault) and is_first_loss and not is_committing
                if not (is_undone or is_locked(fault)) or time.monotonic() > until:
                    raise
                is_first_loss = is_first_loss and not is_undone

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class OwnConnection:
    """One connection to MariaDB that one thread keeps to itself.

    It is made when first needed, not looked at before each use, which would be two more round trips
    for each transaction, and given up when it breaks: the next use makes another one. It takes several statements
    at once (`at_once`, `at_the_end`), and a transaction begins with its first statement and ends with its last.
    """

    def __init__(self, settings: Settings, *, answer_seconds: float = 10) -> None:
        own = {
            "client_flag": CLIENT.MULTI_STATEMENTS,
            "autocommit": False,
            "cursorclass": _OwnCursor,
        }
        self._options = _options(settings, answer_seconds) | own
        self._connection: pymysql.Connection[DictCursor] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """A cursor within one transaction: committed at the end, rolled back on an exception."""
        if self._connection is None:
            self._connection = pymysql.connect(**self._options)
        connection = self._connection
        try:
            with _until_commit(connection) as cursor:
                yield cursor
        except BaseException as fault:
            if not connection.open or (isinstance(fault, Exception) and is_lost(fault)):
                self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None and self._connection.open:
            self._connection.close()
        self._connection = None


def _options(settings: Settings, answer_seconds: float, idle_seconds: int = IDLE_SECONDS) -> dict[str, Any]:
    """What every connection has in common."""
    return {
        "autocommit": True,
        "charset": "utf8mb4",
        "init_command": f"{SESSION}, idle_transaction_timeout = {idle_seconds}",
        "connect_timeout": 3,
        "read_timeout": answer_seconds,
        "write_timeout": answer_seconds,
        "cursorclass": DictCursor,
        **settings.database_address(),
    }


@contextmanager
def _transaction(connection: Any) -> Iterator[Cursor]:
    connection.begin()
    with _until_commit(connection) as cursor:
        yield cursor


@contextmanager
def _until_commit(connection: Any) -> Iterator[Cursor]:
    try:
        with connection.cursor() as cursor:
            yield cursor
            if isinstance(cursor, _OwnCursor):
                _sent_at_once(cursor, [*cursor.last, "COMMIT"])
            else:
                connection.commit()
    except BaseException as fault:
        # Where the connection broke, the server rolls back by itself, and one that hangs
        # would let us wait once more; the first fault counts.
        if not (isinstance(fault, Exception) and is_lost(fault)):
            with suppress(pymysql.err.MySQLError):
                connection.rollback()
        raise
