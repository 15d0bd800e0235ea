"""A daemon with as many connections as it takes."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from chatd.line import RESERVE
from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.chatd.device import SECONDS
from tests.servers import Servers, wait_for

MOST = 2


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, daemons=1, sockets_max=MOST)


async def test_a_full_daemon_sends_others_elsewhere_and_stays_healthy(chat: Chat) -> None:
    """503: nginx asks the next daemon."""
    people = chat.people("alice", "bobby", "carol")
    async with chat.connect(people[0]) as one, chat.connect(people[1]) as two:
        with pytest.raises(InvalidStatus) as refused:
            async with chat.connect(people[2]):
                pass
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) > 0
        assert (await asyncio.to_thread(chat.daemons[0].health))[0] == 200
        await one.barrier()
        await two.barrier()


def test_of_a_crowd_that_never_speaks_nobody_is_let_in_beyond_the_reserve(chat: Chat) -> None:
    lines = [socket.socket(socket.AF_UNIX) for _ in range(MOST + RESERVE + 1)]
    try:
        for line in lines:
            line.settimeout(SECONDS)
            line.connect(chat.daemons[0].path)
        assert lines[-1].recv(1) == b""
    finally:
        for line in lines:
            line.close()
    wait_for(lambda: chat.daemons[0].health()[0] == 200)
