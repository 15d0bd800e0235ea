"""Asks Redis for many keys at once: what is asked while an answer is on its way goes with the next question.

A daemon that starts is asked for the sessions of all its clients within seconds: one question each is
most of what their handshakes cost.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

import redis.asyncio as aioredis

T = TypeVar("T")

TIMEOUT_SECONDS = 2.0
TOGETHER_MAX = 100  # keys in one question: the loop is held up for 3 ms

Answer = bytes | None | Exception


class Lookup:
    """Reads keys. The faults are redis-py's, and `TimeoutError` after `TIMEOUT_SECONDS`, which is an `OSError`."""

    def __init__(self, client: "aioredis.Redis") -> None:
        self._redis = client
        self._asked: list[tuple[str, asyncio.Future[bytes | None]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: str) -> bytes | None:
        """The value of one key, asked for together with what others ask. Raises its fault."""
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._asked.append((key, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def get_all(self, keys: Sequence[str]) -> list[Answer]:
        """The value of each key, or its fault. Raises where there is no answer at all."""
        found: list[Answer] = []
        for start in range(0, len(keys), TOGETHER_MAX):
            pipeline = self._redis.pipeline(transaction=False)
            for key in keys[start : start + TOGETHER_MAX]:
                pipeline.get(key)
            found += await in_time(pipeline.execute(raise_on_error=False))
        return found

    async def _ask(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                try:
                    answers = await self.get_all([key for key, _ in asked])
                except Exception as fault:
                    answers = [fault] * len(asked)
                for (_, waiting), answer in zip(asked, answers, strict=True):
                    _tell(waiting, answer)
        finally:
            self._asking = None


def _tell(waiting: "asyncio.Future[Any]", answer: Answer) -> None:
    if waiting.done():  # who asked has gone
        return
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)


async def in_time(answer: Awaitable[T]) -> T:
    """The answer of Redis, within `TIMEOUT_SECONDS`. Raises `TimeoutError`.

    Not redis-py's `socket_timeout`: it goes by `asyncio.wait_for`, which before Python 3.12 can lose
    a cancellation (python/cpython#86296), so that one daemon in many never ended.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await answer
