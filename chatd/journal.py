"""The group-committing journal: everything that comes in while one batch commits forms the next.

Answers are given after the commit, and publishing comes after the commit too.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from chatd.writer import Writer
from shared.log import Accepted, Outcome, Refused, Request
from shared.protocol import Code

log = structlog.get_logger("chatd.journal")

BATCH_MAX = 500  # requests in one transaction: about 40 ms of work


@dataclass(frozen=True, slots=True)
class _Entry:
    request: Request
    answer: Callable[[Outcome], None]


class Journal:
    """One queue, one thread, one connection: a second writer thread makes it slower (the GIL)."""

    def __init__(self, writer: Writer, on_committed: Callable[[Sequence[Accepted]], None]) -> None:
        self._writer = writer
        self._on_committed = on_committed
        self._queue: list[_Entry] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    def put(self, request: Request, answer: Callable[[Outcome], None]) -> None:
        """Carry out `request` with the next batch, then call `answer`, once."""
        self._queue.append(_Entry(request, answer))
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Commit batches for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            entries, self._queue = self._queue[:BATCH_MAX], self._queue[BATCH_MAX:]
            if not self._queue:
                self._wake.clear()
            requests = [entry.request for entry in entries]
            try:
                outcomes = await loop.run_in_executor(self._thread, self._writer.write, requests)
            except Exception:
                log.exception("batch failed", size=len(requests))
                outcomes = [Refused(request, Code.UNAVAILABLE, temporary=True) for request in requests]
            self._settle(entries, outcomes)
            if not self._queue:
                self._idle.set()

    async def flushed(self) -> None:
        """Return when every request has its answer."""
        await self._idle.wait()

    def close(self) -> None:
        """Let the thread end after its batch."""
        self._thread.shutdown(wait=True)

    def _settle(self, entries: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
        answers = {id(entry.request): entry.answer for entry in entries}
        committed = [outcome for outcome in outcomes if isinstance(outcome, Accepted) and outcome.change]
        for outcome in outcomes:
            answers[id(outcome.request)](outcome)
        if committed:
            self._on_committed(committed)
