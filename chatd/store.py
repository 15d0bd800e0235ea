"""Asks MariaDB in threads, so that the event loop never waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Concatenate, ParamSpec, TypeVar

import pymysql
import structlog

from shared.database import Cursor, Database, is_locked, is_unavailable

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger("chatd.store")

READERS = 4
RETRY_SECONDS = 0.5


class StoreAway(ConnectionError):
    """MariaDB can not be reached just now."""


class StoreBusy(StoreAway):
    """Somebody else holds the row for longer than one waits: a writer, and the row is a read marker."""


class Store:
    """Runs the statements of `shared` in a few threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    async def run(
        self, statement: Callable[Concatenate[Cursor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The result of `statement(cursor, …)`. Raises `StoreAway`, and what the statement raises."""

        def work() -> T:
            with self._database.cursor() as cursor:
                return statement(cursor, *args, **kwargs)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Exception as fault:
            if is_unavailable(fault):
                raise StoreAway(str(fault)) from fault
            if is_locked(fault):
                raise StoreBusy(str(fault)) from fault
            if isinstance(fault, pymysql.err.MySQLError):
                # As while a backup is restored: not foreseen, and no reason to end anybody's connection.
                log.warning("unexpected answer of the database", fault=str(fault))
                raise StoreAway(str(fault)) from fault
            raise

    async def patiently(self, work: Callable[[], Awaitable[T]], *, wanted: Callable[[], bool]) -> T | None:
        """The result of `work()`, tried again while the database is away; None once nobody wants it any more."""
        while wanted():
            try:
                return await work()
            except StoreAway:
                await asyncio.sleep(RETRY_SECONDS)
        return None

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)
