"""MariaDB goes away, comes back, or may not be written to: temporary refusals, and open sockets."""

import asyncio
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from chatd.outbox import ANSWER_SECONDS
from shared.protocol import Close, Code
from shared.settings import Settings
from tests.chatd.daemons import ALERT, Chat, running
from tests.servers import Servers, wait_for
from tests.shared.people import held, read_only


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, **ALERT)


async def test_while_mariadb_is_away_commands_are_refused_as_temporary_and_all_flows_again_by_itself(
    chat: Chat, servers: Servers
) -> None:
    alice, bob = chat.people("alice", "bobby")
    room, id = chat.room(alice, bob), str(uuid4())
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await one.send("before", room=room)
        servers.kill("mariadb")
        try:
            for _ in range(2):
                error = await one.send("meanwhile", room=room, id=id)
                assert (error["code"], error["temporary"]) == (Code.UNAVAILABLE, True)
                assert error["retry_after"] > 0
                assert error["room"] == room
            for command in ({"type": "sync", "since": 0}, {"type": "read", "number": 1}):
                await two.say(**command, room=room)
                error = await two.hear("error", room=room)
                assert (error["code"], error["temporary"]) == (Code.UNAVAILABLE, True)
            async with chat.connect(bob, 0, hello=False) as late:
                await late.say(type="hello")
                assert await late.closed() == Close.TRY_AGAIN
            await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[0] == 503)
            assert chat.daemons[0].health()[1]["status"] == "away: mariadb"
            for client in (one, two):
                await client.barrier()
        finally:
            await asyncio.to_thread(servers.start, "mariadb")
        while (answer := await one.send("meanwhile", room=room, id=id))["type"] == "error":
            assert answer["temporary"]
        await two.hear("message", room=room, body="meanwhile")
        await two.send("after", room=room)
        await one.hear("message", room=room, body="after")
    assert chat.bodies(room) == ["before", "meanwhile", "after"]
    for daemon in chat.daemons:
        await asyncio.to_thread(daemon.wait)
    chat.expected.add("database can not be written to")


async def test_while_mariadb_is_frozen_commands_are_refused_before_a_client_gives_up(
    chat: Chat, servers: Servers
) -> None:
    """It takes connections and answers nothing, as a machine does that runs out of memory."""
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    chat.expected.update({"database can not be written to", "mariadb is away"})
    async with chat.connect(alice, 0) as one:
        await one.send("before", room=room)
        with servers.frozen("mariadb"):
            for _ in range(2):
                began = time.monotonic()
                error = await one.send("meanwhile", room=room, id=id)
                assert (error["code"], error["temporary"]) == (Code.UNAVAILABLE, True)
                assert time.monotonic() - began < ANSWER_SECONDS
            await one.barrier()
        await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[0] == 200)


async def test_a_read_only_database_refuses_what_writes_and_shows_what_stands_there(
    chat: Chat, servers: Servers
) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    chat.expected.add("database can not be written to")
    id = str(uuid4())
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await one.send("before", room=room)
        with read_only(chat.settings):
            error = await one.send("meanwhile", room=room, id=id)
            assert (error["code"], error["temporary"]) == (Code.UNAVAILABLE, True)
            await two.say(type="read", room=room, number=1)
            assert (await two.hear("error", room=room))["temporary"]
            await two.say(type="sync", room=room, since=0)
            assert (await two.hear("changes", room=room))["messages"][0]["body"] == "before"
            async with chat.connect(bob, 0) as late:
                await late.barrier()
        assert (await one.send("meanwhile", room=room, id=id))["type"] == "ack"
    assert chat.bodies(room) == ["before", "meanwhile"]


async def test_a_room_that_somebody_holds_for_long_is_busy_and_order_holds(chat: Chat) -> None:
    """After a temporary refusal a sender's later messages wait for its resend: else they would stand before it."""
    alice, bob = chat.people("alice", "bobby")
    room, free = chat.room(alice, bob), chat.room(alice)
    first, second = str(uuid4()), str(uuid4())
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        with held(chat.database, room):
            stuck, fine = await asyncio.gather(
                one.send("first", room=room, id=first), one.send("elsewhere", room=free)
            )
        assert (stuck["code"], stuck["temporary"]) == (Code.BUSY, True)
        assert fine["type"] == "ack"
        assert (await one.send("second", room=room, id=second))["temporary"]
        assert (await two.send("of somebody else", room=room))["type"] == "ack"
        assert (await one.send("first", room=room, id=first))["type"] == "ack"
        assert (await one.send("second", room=room, id=second))["type"] == "ack"
    assert chat.bodies(room) == ["of somebody else", "first", "second"]
