"""Without any limit on rates, one who has very much waiting still delays nobody else."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from shared import protocol
from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.chatd.device import Client
from tests.servers import Servers
from tests.timing import TooSlow, best_of_tries

LINES, MESSAGES, QUESTIONS = 8, 64, 16
# The share of the whole flood's time that an answer may take: in a queue in the order of arrival it is all of it.
WORST_SHARE = 0.5
BODY = "x" * 10_000
WHOLE_FLOOD = 2 * LINES * MESSAGES * len(BODY)


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    # Who floods hears each of its messages on all its lines: 5 MB each, which a client in Python reads later than a
    # daemon writes it. That it would be cut off for that is no matter here.
    yield from running(settings, daemons=1, buffer_max=WHOLE_FLOOD)


@best_of_tries
async def test_many_large_messages_of_one_user_do_not_delay_another_s(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    mine, hers = chat.room(alice), chat.room(eve)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(chat.connect(alice))
        crowd = [await stack.enter_async_context(chat.connect(eve)) for _ in range(LINES)]
        ids = [[str(uuid4()) for _ in range(MESSAGES)] for _ in crowd]

        async def flood(number: int) -> None:
            for id in ids[number]:
                await crowd[number].say(type="send", id=id, room=hers, body=BODY)
            for id in ids[number]:
                assert (await crowd[number].answer(id))["type"] == "ack"

        started = time.monotonic()
        flooding = [asyncio.create_task(flood(number)) for number in range(LINES)]
        took = []
        while not all(task.done() for task in flooding):
            began = time.monotonic()
            assert (await one.send("hello", room=mine))["type"] == "ack"
            took.append(time.monotonic() - began)
        whole = time.monotonic() - started
        await asyncio.gather(*flooding)
    if len(took) <= 3:
        raise TooSlow("the flood was over before anything could be measured")
    if max(took) >= WORST_SHARE * whole:
        raise TooSlow(f"{sorted(took)} of {whole}")


async def seconds_of_an_answer(one: Client, room: int) -> float:
    began = time.monotonic()
    await one.say(type="sync", room=room, since=0)
    await one.hear("changes", room=room)
    return time.monotonic() - began


@best_of_tries
async def test_many_questions_of_one_user_do_not_delay_another_s(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    mine, hers = chat.room(alice), chat.room(eve)
    chat.write(eve, *(protocol.Send(uuid4(), "x" * 100, hers) for _ in range(500)))
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(chat.connect(alice))
        alone = [await seconds_of_an_answer(one, mine) for _ in range(20)]
        crowd = [await stack.enter_async_context(chat.connect(eve)) for _ in range(LINES)]
        started = time.monotonic()
        for line in crowd:
            for _ in range(QUESTIONS):
                await line.say(type="sync", room=hers, since=0)
        beside = []
        while not all(len(line.heard("changes")) == QUESTIONS for line in crowd):
            beside.append(await seconds_of_an_answer(one, mine))
        whole = time.monotonic() - started
    if len(beside) <= 3:
        raise TooSlow("the flood was over before anything could be measured")
    if max(beside) >= WORST_SHARE * whole or statistics.median(beside) >= 5 * statistics.median(alone) + 0.05:
        raise TooSlow(f"{sorted(beside)} beside the questions, {sorted(alone)} without them, of {whole}")
