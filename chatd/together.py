"""One question for many: what is asked while an answer is on its way goes with the next question.

A daemon that starts is asked for the sessions and the rooms of all its clients within seconds: one
question for each of them is most of what their handshakes cost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Together(Generic[K, V]):
    """Asks by `ask`, which takes at most `most` keys and returns for each its value, or its fault."""

    def __init__(
        self, ask: Callable[[Sequence[K]], Awaitable[Sequence[V | Exception]]], *, most: int
    ) -> None:
        self._ask = ask
        self._most = most
        self._asked: list[tuple[K, asyncio.Future[V]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The value of one key, by a question that is asked after this call. Raises its fault, or that of all."""
        answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        self._asked.append((key, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_on())
        return await answer

    async def _ask_on(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked[: self._most], self._asked[self._most :]
                answers: Sequence[V | Exception]
                try:
                    answers = await self._ask([key for key, _ in asked])
                except Exception as fault:
                    answers = [fault] * len(asked)
                for (_, waiting), answer in zip(asked, answers, strict=True):
                    _tell(waiting, answer)
        finally:
            self._asking = None


def _tell(waiting: "asyncio.Future[Any]", answer: object) -> None:
    if waiting.done():  # who asked has gone
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)
