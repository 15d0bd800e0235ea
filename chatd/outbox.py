"""What a client still has to say: each command is sent again with the same id until it is answered.

A conversation has one unanswered command at a time, so that a sender's order holds: the next one
goes when the first has its final answer, also where that took several connections.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from shared import protocol
from shared.protocol import Command

ANSWER_SECONDS = 10.0  # without an answer, and the connection is taken for dead
RETRY_SECONDS = 1.0  # after a temporary refusal that does not say how long

Conversation = int | str


class Refused(RuntimeError):
    """A command is refused for good; `error` says why."""

    def __init__(self, error: protocol.Error) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(slots=True, eq=False)
class Outgoing:
    """A command on its way. `answer` becomes the `ack`, or raises `Refused`."""

    command: Command
    answer: asyncio.Future[protocol.Ack]
    attempts: int = 0


@dataclass(slots=True)
class _Queue:
    """The commands of one conversation; while it is `resting`, the first was refused for a moment."""

    waiting: deque[Outgoing] = field(default_factory=deque)
    resting: bool = False


class Outbox:
    """The commands that have no final answer yet.

    `say` sends one over the present connection, `dead` hears that the connection does not answer,
    and `failed` hears of temporary refusals.
    """

    def __init__(
        self,
        say: Callable[[Command], None],
        dead: Callable[[], None],
        failed: Callable[[Outgoing, protocol.Error], None],
    ) -> None:
        self._say = say
        self._dead = dead
        self._failed = failed
        self._queues: dict[Conversation, _Queue] = {}
        self._names: dict[int, str] = {}  # of those to whom one writes in a direct room
        self._unanswered: dict[UUID, tuple[Conversation, Outgoing, asyncio.TimerHandle]] = {}
        self._open = False
        self._settled = asyncio.Event()  # something was answered, or the connection went

    @property
    def unanswered(self) -> int:
        """Commands that wait for their answer on the present connection."""
        return len(self._unanswered)

    @property
    def queued(self) -> int:
        """Commands that have no final answer yet."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    def put(self, command: Command) -> Outgoing:
        """Say it as soon as it is its turn."""
        outgoing = Outgoing(command, asyncio.get_running_loop().create_future())
        conversation = self._conversation(command)
        self._queues.setdefault(conversation, _Queue()).waiting.append(outgoing)
        self._pump(conversation)
        return outgoing

    def names(self, room: int, name: str) -> None:
        """The direct room with the user of this name: what goes `to` them and what goes to it is one queue."""
        self._names[room] = name.lower()

    def open(self) -> None:
        """There is a connection: say what is due."""
        self._open = True
        for conversation in list(self._queues):
            self._pump(conversation)

    def hold(self) -> None:
        """Say nothing more on this connection; what is unanswered may still be answered."""
        self._open = False

    def close(self) -> None:
        """The connection is gone: what is unanswered is said again on the next one."""
        self._open = False
        for _, _, overdue in self._unanswered.values():
            overdue.cancel()
        self._unanswered.clear()
        self._settled.set()

    async def quiet(self) -> None:
        """Return when nothing waits for its answer on this connection."""
        while self._unanswered:
            self._settled.clear()
            await self._settled.wait()

    def answered(self, answer: protocol.Ack | protocol.Error) -> None:
        """The answer to a command has come."""
        assert answer.id is not None
        found = self._unanswered.pop(answer.id, None)
        self._settled.set()
        if found is None:
            return
        conversation, outgoing, overdue = found
        overdue.cancel()
        queue = self._queues[conversation]
        if isinstance(answer, protocol.Error) and answer.temporary:
            self._failed(outgoing, answer)
            self._rest(conversation, queue, answer.retry_after or RETRY_SECONDS)
            return
        queue.waiting.popleft()
        if not queue.waiting:
            del self._queues[conversation]
        self._settle(outgoing, answer)
        self._pump(conversation)

    def _settle(self, outgoing: Outgoing, answer: protocol.Ack | protocol.Error) -> None:
        if outgoing.answer.done():
            return
        if isinstance(answer, protocol.Ack):
            outgoing.answer.set_result(answer)
        else:
            outgoing.answer.set_exception(Refused(answer))

    def _rest(self, conversation: Conversation, queue: _Queue, seconds: float) -> None:
        def wake() -> None:
            queue.resting = False
            self._pump(conversation)

        queue.resting = True
        spread = random.uniform(1.0, 1.5)  # noqa: S311 - spreads load
        asyncio.get_running_loop().call_later(seconds * spread, wake)

    def _pump(self, conversation: Conversation) -> None:
        queue = self._queues.get(conversation)
        if (
            not self._open
            or queue is None
            or queue.resting
            or queue.waiting[0].command.id in self._unanswered
        ):
            return
        outgoing = queue.waiting[0]
        outgoing.attempts += 1
        overdue = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self._dead)
        self._unanswered[outgoing.command.id] = (conversation, outgoing, overdue)
        self._say(outgoing.command)

    def _conversation(self, command: Command) -> Conversation:
        if isinstance(command, protocol.Send) and command.room is None:
            return (command.to or "").lower()
        room = command.room or 0
        return self._names.get(room, room)
