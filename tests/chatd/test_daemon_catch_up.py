"""Somebody who was away for long comes back by a slow line, and is behind in many rooms."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from websockets.asyncio.client import unix_connect
from websockets.typing import Origin, Subprotocol

from shared import protocol, sessions
from shared.protocol import Send
from shared.settings import Settings
from tests.chatd.daemons import HOST, Chat, running
from tests.chatd.device import SECONDS
from tests.servers import Servers

ROOMS = 20  # as many as `hello` may name
MESSAGES, BODY = 210, "x" * 1_000  # of each room nearly as much as comes as `changes`: 5 MB of all of them


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """Who has 2 MiB waiting is cut off at once."""
    servers.empty()
    yield from running(settings, daemons=1, buffer_max=512 * 1024)


async def test_who_is_far_behind_in_many_rooms_is_told_no_faster_than_they_read(chat: Chat) -> None:
    alice = chat.person("alice")
    rooms = [chat.room(alice) for _ in range(ROOMS)]
    for room in rooms:
        chat.write(alice, *(Send(uuid4(), BODY, room) for _ in range(MESSAGES)))
    async with (
        unix_connect(
            chat.daemons[0].path,
            f"ws://{HOST}/ws",
            origin=Origin(f"http://{HOST}"),
            subprotocols=[Subprotocol(protocol.SUBPROTOCOL)],
            additional_headers={"Cookie": f"{sessions.COOKIE}={alice.sid}"},
            compression=None,
            open_timeout=SECONDS,
            ping_interval=None,
            max_size=None,
            max_queue=1,  # what is not asked for is not read
        ) as slow,
        chat.connect(alice) as other,
    ):
        hello = {"type": "hello", "epoch": other.welcome["epoch"], "cursors": dict.fromkeys(rooms, 1)}
        await slow.send(json.dumps(hello))
        assert json.loads(await slow.recv())["type"] == "welcome"
        # Whatever was asked before these was asked long ago.
        for room in rooms:
            await other.say(type="sync", room=room, since=1)
            await other.hear("changes", room=room)
        told = [json.loads(await slow.recv()) for _ in rooms]
    assert {frame["type"] for frame in told} == {"changes"}
    assert sorted(frame["room"] for frame in told) == sorted(rooms)
    assert [len(frame["messages"]) for frame in told] == [MESSAGES] * ROOMS
