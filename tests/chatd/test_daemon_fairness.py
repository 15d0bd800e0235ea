"""Without any limit on rates, one who has very much waiting still delays nobody else."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.servers import Servers

LINES, MESSAGES = 8, 64
WORST_SECONDS = 1.5  # a queue in the order of arrival takes as long as the whole flood: 2 s and more
BODY = "x" * 10_000


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, daemons=1)


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

        flooding = [asyncio.create_task(flood(number)) for number in range(LINES)]
        took = []
        while not all(task.done() for task in flooding):
            began = time.monotonic()
            assert (await one.send("hello", room=mine))["type"] == "ack"
            took.append(time.monotonic() - began)
        for number, line in enumerate(crowd):
            for id in ids[number]:
                assert (await line.answer(id))["type"] == "ack"
    assert len(took) > 3, "the flood was over before anything could be measured"
    assert max(took) < WORST_SECONDS, sorted(took)[-5:]
