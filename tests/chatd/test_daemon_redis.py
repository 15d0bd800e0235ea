"""Redis goes away and comes back: nothing is lost, nobody is signed out."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from shared import events, keys, protocol, rooms, sessions
from shared.protocol import Close
from shared.settings import Settings
from tests.chatd.daemons import ALERT, Chat, running
from tests.chatd.own_redis import OwnRedis
from tests.servers import Servers, wait_for

DATABASE = 3  # within Redis; others may belong to others


@pytest.fixture(scope="module")
def own_redis() -> Iterator[OwnRedis]:
    server = OwnRedis()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings, own_redis: OwnRedis) -> Iterator[Chat]:
    servers.empty()
    yield from running(replace(settings, redis_url=f"{own_redis.url}?db={DATABASE}"), **ALERT)


async def away(chat: Chat) -> None:
    """Return when every daemon knows that Redis is away."""
    for daemon in chat.daemons:
        await asyncio.to_thread(wait_for, lambda daemon=daemon: daemon.health()[0] == 503)
        assert daemon.health()[1]["status"] == "away: redis"


async def back(chat: Chat) -> None:
    for daemon in chat.daemons:
        await asyncio.to_thread(daemon.wait)


async def test_a_parley_in_another_database_of_the_same_redis_is_not_heard(chat: Chat) -> None:
    """Redis tells what is published to all its databases: its rooms and users have the same numbers as ours."""
    alice, bob = chat.people("alice", "bobby")
    room, foreign = chat.room(alice, bob), keys.Channels(DATABASE + 1)
    async with chat.connect(alice) as one:
        lie = protocol.Message(room, 9, chat.head(room) + 1, bob.user, uuid4(), "not said here", 9, 0)
        chat.redis.publish(foreign.room(room), protocol.encode(lie))
        chat.redis.publish(foreign.user(alice.id), events.revoked(sessions.digest(alice.sid)))
        marker = protocol.Marker(room=room, last_read=9, marker=9)
        chat.redis.publish(foreign.user(alice.id), protocol.encode(marker))
        await one.send("said here", room=room)
        assert (await one.hear("message", room=room))["body"] == "said here"
        await one.barrier()
        assert one.heard("read") == []


async def test_while_redis_is_away_messages_are_committed_and_reach_everybody(
    chat: Chat, own_redis: OwnRedis
) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    room = chat.room(alice, bob, eve)
    start = chat.head(room)
    async with (
        chat.connect(alice, 0) as one,
        chat.connect(bob, 0) as near,
        chat.connect(eve, 1) as far,
    ):
        own_redis.kill()
        await away(chat)
        for number in range(5):
            assert (await one.send(str(number), room=room))["type"] == "ack"
        for ear in (near, far):
            await ear.hear("message", room=room, body="4")
        async with chat.connect(eve, 1, hello=False) as late:
            assert await late.closed() == Close.TRY_AGAIN, "unknown is not signed out"
        own_redis.start()
        await back(chat)
        await far.send("back again", room=room)
        for ear in (one, near, far):
            await ear.hear("message", room=room, body="back again")
            cursor, messages = ear.follow(room, start)
            assert cursor == start + 6
            assert [m["body"] for m in messages] == ["0", "1", "2", "3", "4", "back again"]
        async with chat.connect(eve, 1) as late:
            await late.barrier()


async def test_while_redis_is_away_the_first_direct_message_arrives_and_who_leaves_is_put_out(
    chat: Chat, own_redis: OwnRedis
) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        own_redis.kill()
        await away(chat)
        direct = (await one.send("psst", to=bob.name))["room"]
        for ear in (one, two):
            assert (await ear.hear("joined"))["summary"]["room"]["id"] == direct
        chat.leave(room, bob, publish=False)
        await two.hear("left", room=room)
        await two.send("still here", room=direct)
        await one.hear("message", room=direct, body="still here")
        await two.say(type="read", room=direct, number=2)
        assert (await two.hear("read", room=direct))["last_read"] == 2
        own_redis.start()
        await back(chat)
        await one.send("and now", room=direct)
        await two.hear("message", room=direct, body="and now")


async def test_what_was_wanted_while_redis_was_away_is_heard_when_it_is_back(
    chat: Chat, own_redis: OwnRedis
) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        own_redis.kill()
        await away(chat)
        room = chat.room(alice, bob)
        for ear in (one, two):
            assert (await ear.hear("joined"))["summary"]["room"]["id"] == room
        own_redis.start()
        await back(chat)
        await asyncio.to_thread(
            wait_for, lambda: chat.redis.pubsub_numsub(chat.channels.room(room))[0][1] == 2
        )
        await one.send("hello", room=room)
        await two.hear("message", room=room)


async def test_a_redis_that_neither_answers_nor_disconnects_is_noticed(
    chat: Chat, own_redis: OwnRedis
) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        own_redis.stop()
        try:
            assert (await one.send("one", room=room))["type"] == "ack"
            await two.hear("message", room=room, body="one")
            await away(chat)
            async with chat.connect(bob, 1, hello=False) as late:
                await late.say(type="hello")
                assert await late.closed() == Close.TRY_AGAIN
        finally:
            own_redis.go_on()
        await back(chat)
        assert one.is_open
        assert two.is_open
        await one.send("two", room=room)
        await two.hear("message", room=room, body="two")


async def test_killed_pubsub_connections_lose_nothing(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    start = chat.head(room)
    killed = 0
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        for number in range(100):
            await one.send(str(number), room=room)
            if number % 25 == 12:
                killed += chat.redis.client_kill_filter(_type="pubsub")
        assert killed >= 2, "of each daemon at least one connection must have been killed"
        for ear in (one, two):
            await ear.hear("message", room=room, body="99")
            cursor, messages = ear.follow(room, start)
            assert cursor == start + 100
            assert [m["body"] for m in messages] == [str(number) for number in range(100)]
    await back(chat)


async def test_nobody_was_signed_out_by_all_this(chat: Chat) -> None:
    for daemon in chat.daemons:
        assert not [event for event in daemon.events() if event["event"] == "session ended"]
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        await one.send("hello", room=rooms.GENERAL)
