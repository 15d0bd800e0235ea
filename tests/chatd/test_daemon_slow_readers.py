"""Who reads too slowly is cut off, and costs the others nothing."""

import asyncio
from collections.abc import Iterator

import pytest

from shared.settings import Settings
from tests.chatd.daemons import Chat, Person, running
from tests.chatd.raw import Raw
from tests.servers import Servers, wait_for


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """One daemon, which cuts off a slow reader early."""
    servers.empty()
    yield from running(settings, daemons=1, buffer_max=65_536)


class Stalled(Raw):
    """A client that says hello and never reads again."""

    def __init__(self, chat: Chat, person: Person) -> None:
        super().__init__(chat, person)
        assert b" 101 " in self.line.recv(13)

    def received(self) -> int:
        """How much the kernel had kept for it; returns when the connection is gone."""
        count = 0
        try:
            while part := self.line.recv(1 << 20):
                count += len(part)
        except ConnectionResetError:
            pass
        self.line.close()
        return count


async def test_who_reads_too_slowly_is_cut_off_and_the_others_get_everything(chat: Chat) -> None:
    alice, bob, slow = chat.people("alice", "bobby", "slow")
    room = chat.room(alice, bob, slow)
    start = chat.head(room)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        stalled = Stalled(chat, slow)
        await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[1]["connections"] == 3)
        sent = 0
        while chat.daemons[0].health()[1]["connections"] == 3:
            await one.send("x" * 10_000, room=room)
            sent += 1
            assert sent < 1000, "ten megabytes wait for a client that does not read"
        last = await one.send("the end", room=room)
        for ear in (one, two):
            await ear.hear("message", room=room, body="the end")
            cursor, messages = ear.follow(room, start)
            assert cursor == last["version"]
            assert len(messages) == sent + 1
    assert await asyncio.to_thread(stalled.received) < sent * 10_000
    async with chat.connect(slow, 0, cursors={room: start}) as again:
        await again.send("here again", room=room)
        await again.hear("message", room=room, body="here again")
        assert again.heard("reset", room=room) or again.heard("changes", room=room)
