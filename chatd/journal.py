"""The group-committing journal: everything that comes in while one batch commits forms the next.

Answers are given after the commit, and publishing comes after the commit too. Users take turns: who
asks for much at once delays nobody else.
"""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import structlog

from chatd.fences import Fences
from chatd.turns import Turns
from chatd.writer import Writer
from shared.log import Accepted, Outcome, Refused, Request
from shared.protocol import Code, Command

log = structlog.get_logger("chatd.journal")

BATCH_MAX = 500  # requests in one transaction: about 40 ms of work
# Characters of text in one transaction. The database ends one that takes longer than 2 s, and
# the readers get all of it in one piece, which must not look like a reader that stalls.
BATCH_TEXT_MAX = 128 * 1024
# Characters of text that may wait for one user, over all connections; a request counts as 4,096 at least.
WAITING_MAX = 1024 * 1024
WEIGHT_LEAST = 4096


class _Entry(msgspec.Struct, frozen=True, eq=False):
    sender: Hashable
    request: Request
    answer: Callable[[Outcome], None]

    @property
    def text(self) -> int:
        """Characters of text."""
        return len(getattr(self.request.command, "body", ""))


class Journal:
    """One queue, one thread, one connection: a second writer thread makes it slower (the GIL)."""

    def __init__(self, writer: Writer, on_committed: Callable[[Sequence[Accepted]], None]) -> None:
        self._writer = writer
        self._on_committed = on_committed
        self._queue: Turns[_Entry] = Turns()  # by user
        self._taken = asyncio.Event()  # set when the next batch leaves the queue
        self._fences = Fences()
        self._closed = False
        self._under_way: dict[Hashable, int] = {}  # requests without an answer, by connection
        self._gone: set[Hashable] = set()  # connections that ended while their requests were under way
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    def put(self, sender: Hashable, request: Request, answer: Callable[[Outcome], None]) -> None:
        """Carry out `request` of a connection with the next batch, then call `answer`, once."""
        if self._closed:
            answer(Refused(request, Code.UNAVAILABLE, temporary=True))
            return
        entry = _Entry(sender, request, answer)
        self._under_way[sender] = self._under_way.get(sender, 0) + 1
        self._queue.put(request.author.id, entry, max(entry.text, WEIGHT_LEAST))
        self._idle.clear()
        self._wake.set()

    @property
    def is_busy(self) -> bool:
        """Whether anything waits for its answer."""
        return not self._idle.is_set()

    async def until_few_wait(self, user: int) -> None:
        """Return when less than `WAITING_MAX` of this user's waits, so that memory is bounded."""
        while self._queue.weight(user) >= WAITING_MAX:
            await self._taken.wait()

    def refused_before(self, sender: Hashable, command: Command) -> None:
        """A command was refused for a while without having come here: its sender's order holds all the same.

        All that the sender asked for before must have its answer.
        """
        self._fences.settled(sender, command, time.monotonic(), temporary=True)

    def forget(self, sender: Hashable) -> None:
        """A connection is gone. What it asked for is still carried out, and leaves no fence behind."""
        self._fences.forget(sender)
        if sender in self._under_way:
            self._gone.add(sender)

    async def run(self) -> None:
        """Commit batches for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            entries = self._next_batch()
            if entries:
                requests = [entry.request for entry in entries]
                try:
                    outcomes = await loop.run_in_executor(self._thread, self._writer.write, requests)
                except Exception:
                    log.exception("batch failed", size=len(requests))
                    outcomes = [Refused(request, Code.UNAVAILABLE, temporary=True) for request in requests]
                self._settle(entries, outcomes)
            if not self._queue:
                self._wake.clear()
                self._idle.set()

    def refuse_new(self) -> None:
        """This daemon stops: what comes from now on is for another one."""
        self._closed = True

    async def flushed(self) -> None:
        """Return when every request has its answer."""
        await self._idle.wait()

    def close(self) -> None:
        """Let the thread end after its batch."""
        self._thread.shutdown(wait=True)

    def _next_batch(self) -> list[_Entry]:
        """Take the next entries from the queue; those that a fence stops are refused at once."""
        batch: list[_Entry] = []
        count = text = 0
        now = time.monotonic()
        while self._queue and count < BATCH_MAX:
            text += self._queue.next().text
            if batch and text > BATCH_TEXT_MAX:
                break
            entry = self._queue.take()
            count += 1
            if self._fences.stops(entry.sender, entry.request.command, now):
                self._answer(entry, Refused(entry.request, Code.BUSY, temporary=True))
            else:
                batch.append(entry)
        self._taken.set()
        self._taken = asyncio.Event()
        return batch

    def _settle(self, entries: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
        by_request = {id(entry.request): entry for entry in entries}
        now = time.monotonic()
        for outcome in outcomes:
            entry = by_request[id(outcome.request)]
            temporary = isinstance(outcome, Refused) and outcome.temporary
            if entry.sender not in self._gone:
                self._fences.settled(entry.sender, entry.request.command, now, temporary=temporary)
            self._answer(entry, outcome)
        committed = [outcome for outcome in outcomes if isinstance(outcome, Accepted) and outcome.change]
        if committed:
            self._on_committed(committed)

    def _answer(self, entry: _Entry, outcome: Outcome) -> None:
        left = self._under_way[entry.sender] - 1
        if left:
            self._under_way[entry.sender] = left
        else:
            del self._under_way[entry.sender]
            self._gone.discard(entry.sender)
        entry.answer(outcome)
