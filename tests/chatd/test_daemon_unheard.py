"""What nobody told a daemon it finds out: by comparing the rooms' heads, and by checking the sessions."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from shared import protocol
from shared.settings import Settings
from tests.chatd.daemons import ALERT, Chat, running
from tests.servers import Servers


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, **ALERT)


async def test_a_join_that_nobody_published_is_found(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        chat.join(room, bob, publish=False)
        assert (await two.hear("joined"))["summary"]["room"]["id"] == room
        assert (await one.hear("changes", room=room))["room_state"]["member_count"] == 2
        await one.send("welcome", room=room)
        await two.hear("message", room=room)


async def test_a_leave_that_nobody_published_is_found(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        chat.leave(room, bob, publish=False)
        await two.hear("left", room=room)
        assert (await one.hear("changes", room=room))["room_state"]["member_count"] == 1


async def test_a_message_that_nobody_published_is_found(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        head = chat.head(room)
        chat.write(alice, protocol.Send(uuid4(), "unheard", room))
        for ear in (one, two):
            assert (await ear.hear("message", room=room))["body"] == "unheard"
            assert ear.follow(room, head)[0] == head + 1
