"""The journal: a connection that is gone leaves no fence behind."""

import asyncio
import threading
from collections.abc import Sequence
from uuid import UUID

from chatd.journal import Journal
from chatd.writer import Writer
from shared.database import Database
from shared.log import Accepted, Outcome, Refused, Request
from shared.protocol import Code, Send
from shared.rooms import GENERAL
from tests.shared.people import LONGEST, NOON, person


class RefusingFirst(Writer):
    """Refuses the first batch for a while, when it is told to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, longest=LONGEST)
        self.begun, self.may_refuse = threading.Event(), threading.Event()

    def write(self, requests: Sequence[Request]) -> list[Outcome]:
        if self.may_refuse.is_set():
            return super().write(requests)
        self.begun.set()
        self.may_refuse.wait(60)
        return [Refused(request, Code.UNAVAILABLE, temporary=True) for request in requests]


async def test_a_connection_that_ended_while_it_was_refused_leaves_no_fence(database: Database) -> None:
    alice = person(database, "alice")
    writer = RefusingFirst(database)
    journal = Journal(writer, lambda _: None)
    running = asyncio.create_task(journal.run())
    answers: list[Outcome] = []

    def ask(sender: str, number: int) -> None:
        journal.put(sender, Request(alice, Send(UUID(int=number), "x", GENERAL), NOON), answers.append)

    try:
        async with asyncio.timeout(60):
            assert not journal.is_busy
            ask("gone", 1)
            ask("here", 2)
            assert journal.is_busy
            await asyncio.to_thread(writer.begun.wait, 60)
            journal.forget("gone")
            writer.may_refuse.set()
            await journal.flushed()
            # A later connection may have the same identity: Python uses the memory again.
            ask("gone", 100)
            ask("here", 101)
            await journal.flushed()
            assert not journal.is_busy, "all have their answer"
    finally:
        running.cancel()
        await asyncio.wait([running])
        journal.close()
    passed = [outcome.request.command.id.int for outcome in answers if isinstance(outcome, Accepted)]
    refused = [outcome.request.command.id.int for outcome in answers if isinstance(outcome, Refused)]
    assert passed == [100]
    assert refused == [1, 2, 101], "who is still here sends the refused one first"


async def test_connections_that_come_and_go_without_a_word_are_not_remembered(database: Database) -> None:
    journal = Journal(Writer(database, longest=LONGEST), lambda _: None)
    for number in range(3):
        journal.forget(f"connection {number}")
    journal.close()
    assert journal._gone == set()
