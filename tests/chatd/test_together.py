"""One question for all who ask at a time, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from chatd.together import Together


class Asked:
    """Answers twice the key when it is let to; keeps what was asked."""

    def __init__(self) -> None:
        self.questions: list[list[int]] = []
        self.may_answer = asyncio.Event()

    async def __call__(self, keys: Sequence[int]) -> list[int | Exception]:
        self.questions.append(list(keys))
        await self.may_answer.wait()
        if 13 in keys:
            raise ConnectionError("away")
        return [key * 2 if key >= 0 else KeyError(key) for key in keys]


async def until_asked(asked: Asked, number: int) -> None:
    while len(asked.questions) < number:
        await asyncio.sleep(0)


async def test_what_is_asked_while_an_answer_is_on_its_way_goes_with_the_next_question() -> None:
    asked = Asked()
    together: Together[int, int] = Together(asked, most=3)
    first = [asyncio.create_task(together.get(key)) for key in (1, 2)]
    await until_asked(asked, 1)
    later = [asyncio.create_task(together.get(key)) for key in (3, 1, 4, 5)]
    await asyncio.sleep(0)
    asked.may_answer.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 2, 8, 10]
    assert asked.questions == [[1, 2], [3, 1, 4], [5]], "never by a question that was asked before"


async def test_a_fault_of_one_key_is_its_own_and_one_of_the_question_is_of_all() -> None:
    asked = Asked()
    asked.may_answer.set()
    together: Together[int, int] = Together(asked, most=10)
    one, other = await asyncio.gather(together.get(-1), together.get(1), return_exceptions=True)
    assert (type(one), other) == (KeyError, 2)
    faults = await asyncio.gather(together.get(13), together.get(1), return_exceptions=True)
    assert [type(fault) for fault in faults] == [ConnectionError, ConnectionError]
    assert await together.get(1) == 2, "and it goes on afterwards"


async def test_who_goes_away_costs_the_others_nothing() -> None:
    asked = Asked()
    together: Together[int, int] = Together(asked, most=10)
    gone, stays = (asyncio.create_task(together.get(key)) for key in (1, 2))
    await until_asked(asked, 1)
    gone.cancel()
    asked.may_answer.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
