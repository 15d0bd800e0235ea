"""The outbox of a client: one unanswered command per conversation, the same id until it is answered."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest

from chatd.outbox import Outbox, Outgoing, Refused
from shared.protocol import Ack, Command, Error, Send


class Line:
    """What is said over a connection, and the outbox that says it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ids: list[UUID] = []
        self.refusals: list[Error] = []
        self.outbox = Outbox(self._say, lambda: None, lambda _, error: self.refusals.append(error))

    def _say(self, command: Command) -> None:
        assert isinstance(command, Send)
        self.said.append(command.body)
        self.ids.append(command.id)

    def send(self, body: str, *, room: int | None = None, to: str | None = None) -> Outgoing:
        return self.outbox.put(Send(uuid4(), body, room, to))

    def ack(self, outgoing: Outgoing, room: int = 1) -> None:
        self.outbox.answered(Ack(id=outgoing.command.id, room=room, number=1, version=1, at=0))

    def refuse(self, outgoing: Outgoing, *, temporary: bool, retry_after: float = 0.01) -> None:
        self.outbox.answered(
            Error(
                code="busy",
                message="Not now.",
                id=outgoing.command.id,
                temporary=temporary,
                retry_after=retry_after,
            )
        )


@pytest.fixture
def line() -> Line:
    return Line()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def test_it_keeps_what_is_said_before_there_is_a_connection(line: Line) -> None:
    line.send("early", room=1)
    assert line.said == []
    line.outbox.open()
    assert line.said == ["early"]


async def test_the_next_of_a_conversation_waits_for_the_answer_and_another_conversation_does_not(
    line: Line,
) -> None:
    line.outbox.open()
    first = line.send("1", room=1)
    line.send("2", room=1)
    line.send("elsewhere", room=2)
    assert line.said == ["1", "elsewhere"]
    line.ack(first)
    assert line.said == ["1", "elsewhere", "2"]
    assert (await first.answer).number == 1


async def test_what_was_not_answered_goes_again_with_the_same_id(line: Line) -> None:
    line.outbox.open()
    first = line.send("1", room=1)
    line.outbox.close()
    line.outbox.open()
    assert line.ids == [first.command.id] * 2
    line.ack(first)
    assert line.outbox.queued == 0


async def test_nothing_overtakes_what_was_refused_for_a_moment(line: Line) -> None:
    line.outbox.open()
    first = line.send("1", room=1)
    line.refuse(first, temporary=True)
    line.send("2", room=1)
    assert line.said == ["1"]
    await until(lambda: len(line.said) == 2)
    assert line.said == ["1", "1"]
    assert [error.code for error in line.refusals] == ["busy"]


async def test_what_is_refused_for_good_is_told_and_the_next_one_goes(line: Line) -> None:
    line.outbox.open()
    first = line.send("1", room=1)
    line.send("2", room=1)
    line.refuse(first, temporary=False)
    assert line.said == ["1", "2"]
    with pytest.raises(Refused, match="Not now"):
        await first.answer


async def test_a_direct_room_and_the_name_of_the_other_are_one_conversation(line: Line) -> None:
    line.outbox.names(7, "Alice")
    line.outbox.open()
    line.send("by name", to="alice")
    line.send("by room", room=7)
    assert line.said == ["by name"]


async def test_who_moves_says_nothing_more_and_awaits_the_open_answers(line: Line) -> None:
    line.outbox.open()
    first = line.send("1", room=1)
    line.outbox.hold()
    line.send("2", room=2)
    quiet = asyncio.create_task(line.outbox.quiet())
    await asyncio.sleep(0)
    assert not quiet.done()
    line.ack(first)
    await quiet
    assert line.said == ["1"]


async def test_a_lost_connection_ends_the_wait_for_answers(line: Line) -> None:
    line.outbox.open()
    line.send("1", room=1)
    quiet = asyncio.create_task(line.outbox.quiet())
    line.outbox.close()
    await quiet
    assert line.outbox.queued == 1
