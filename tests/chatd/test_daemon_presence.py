"""Presence ends by itself, whatever happens to those who told of it. Its times are short here."""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.chatd.own_redis import OwnRedis
from tests.chatd.presences import until_told, watch
from tests.servers import Servers, wait_for


@pytest.fixture(scope="module")
def own_redis() -> Iterator[OwnRedis]:
    server = OwnRedis()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings, own_redis: OwnRedis) -> Iterator[Chat]:
    servers.empty()
    yield from running(replace(settings, redis_url=own_redis.url), presence_interval=1.0, presence_grace=0.5)


async def test_who_closes_the_last_page_goes_offline(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        await watch(one, bob)
        async with chat.connect(bob, 1):
            await until_told(one, bob, "online")
        await until_told(one, bob, "offline")


async def test_the_users_of_a_killed_daemon_go_offline_and_come_back_on_another(chat: Chat) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    async with chat.connect(alice, 0) as one:
        await watch(one, bob, eve)
        async with chat.connect(bob, 1), chat.connect(eve, 1):
            for person in (bob, eve):
                await until_told(one, person, "online")
            chat.daemons[1].signal(signal.SIGKILL)
            await asyncio.to_thread(chat.daemons[1].ended)
            async with chat.connect(eve, 0):
                await until_told(one, bob, "offline")
                await until_told(one, eve, "online")
    await asyncio.to_thread(chat.start)


async def test_the_users_of_a_daemon_that_stops_go_offline_unless_they_come_back(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        await watch(one, bob)
        async with chat.connect(bob, 1):
            await until_told(one, bob, "online")
            assert await asyncio.to_thread(chat.daemons[1].stop) == 0
            await until_told(one, bob, "offline")
    await asyncio.to_thread(chat.start)


async def test_a_daemon_that_starts_learns_who_is_there(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(bob, 0) as two:
        await two.say(type="presence", state="away")
        assert await asyncio.to_thread(chat.daemons[1].stop) == 0
        await asyncio.to_thread(chat.start)
        async with chat.connect(alice, 1) as one:
            await watch(one, bob)
            await until_told(one, bob, "away")


async def test_what_happens_while_redis_is_away_is_told_when_it_is_back(
    chat: Chat, own_redis: OwnRedis
) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    room = chat.room(alice, bob, eve)
    async with chat.connect(alice, 0) as one, chat.connect(eve, 0) as near, chat.connect(bob, 1) as two:
        await watch(one, bob)
        await until_told(one, bob, "online")
        own_redis.kill()
        for daemon in chat.daemons:
            await asyncio.to_thread(wait_for, lambda daemon=daemon: daemon.health()[0] == 503)
        await two.say(type="presence", state="away")
        await near.say(type="typing", room=room)
        await one.hear("typing", room=room)
        own_redis.start()
        for daemon in chat.daemons:
            await asyncio.to_thread(daemon.wait)
        await until_told(one, bob, "away")
