"""How a daemon ends: drained, killed, or because the database was restored."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from uuid import uuid4

import pymysql
import pytest
from websockets.exceptions import ConnectionClosed

from shared.protocol import Close
from shared.settings import Settings
from tests.chatd.daemons import ALERT, Chat, running
from tests.chatd.device import Client
from tests.servers import Servers, wait_for


@pytest.fixture(scope="module")
def daemons(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """They look often for what was not published."""
    servers.empty()
    yield from running(settings, **ALERT)


@pytest.fixture
def chat(daemons: Chat) -> Chat:
    """Every test here ends a daemon: those that do not run are started again."""
    daemons.start()
    return daemons


# -- drained


async def test_a_daemon_that_is_told_to_stop_answers_what_was_sent_and_says_where_to_go(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        ids = [str(uuid4()) for _ in range(100)]
        for id in ids:
            await one.say(type="send", id=id, room=room, body=id)
        chat.daemons[0].signal(signal.SIGTERM)
        drain = await one.hear("drain")
        assert 0 < drain["within"] <= chat.settings.drain_seconds
        for id in ids:
            assert (await one.answer(id))["type"] == "ack"
        assert await one.closed() == Close.RESTART
        assert await asyncio.to_thread(chat.daemons[0].ended) == 0
        await two.hear("message", room=room, body=ids[-1])
        assert two.heard("drain") == []
    assert chat.bodies(room) == ids


async def test_a_daemon_ends_though_its_clients_go_on_sending(chat: Chat) -> None:
    alice, bob, carol = chat.people("alice", "bobby", "carol")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two, chat.connect(carol, 0) as silent:

        async def chatter(device: Client) -> None:
            with suppress(ConnectionClosed):
                while True:
                    await device.say(type="send", id=str(uuid4()), room=room, body="on and on")
                    await asyncio.sleep(0)

        talking = asyncio.gather(chatter(one), chatter(two))
        await one.hear("ack")
        chat.daemons[0].signal(signal.SIGTERM)
        assert await silent.closed() == Close.RESTART
        assert await asyncio.to_thread(chat.daemons[0].ended) == 0
        await talking
    # Not what those two heard: who writes to a line that has ended may learn of that before it reads why.
    assert {
        event["user"]: event["code"]
        for event in chat.daemons[0].events()
        if event["event"] == "disconnected" and event["user"] in (alice.id, bob.id)
    } == {alice.id: Close.RESTART, bob.id: Close.RESTART}


async def test_when_all_clients_have_moved_the_daemon_ends_without_waiting(chat: Chat) -> None:
    patient = replace(chat.settings, drain_seconds=300.0)
    chat.daemons[0].stop()
    chat.daemons[0].settings = patient
    chat.start()
    async with chat.connect(chat.person("alice"), 0) as one:
        chat.daemons[0].signal(signal.SIGTERM)
        await one.hear("drain")
    assert await asyncio.to_thread(chat.daemons[0].ended) == 0
    chat.daemons[0].settings = chat.settings


async def test_a_draining_daemon_takes_nobody_in(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, 0) as one:
        chat.daemons[0].signal(signal.SIGTERM)
        await one.hear("drain")
        with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
            async with chat.connect(alice, 0):
                pass
        assert await one.closed() == Close.RESTART
    assert await asyncio.to_thread(chat.daemons[0].ended) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_without_clients_ends_at_once_and_well(chat: Chat, number: signal.Signals) -> None:
    chat.daemons[0].signal(number)
    assert chat.daemons[0].ended() == 0
    assert chat.daemons[0].events()[-1]["event"] == "stopped"


# -- killed


async def test_after_a_kill_one_goes_on_at_the_other_daemon_and_the_first_comes_back(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        cursor = (await one.send("before", room=room))["version"]
        chat.daemons[0].signal(signal.SIGKILL)
        assert await one.closed() is None
        await two.send("meanwhile", room=room)
    chat.daemons[0].ended()
    chat.start()  # its socket still lies there
    for daemon in (0, 1):
        async with chat.connect(alice, daemon, cursors={room: cursor}) as one:
            assert (await one.hear("changes", room=room))["messages"][0]["body"] == "meanwhile"


async def test_a_message_whose_answer_went_down_with_the_daemon_is_sent_again_and_stands_once(
    chat: Chat,
) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice, 0) as one:
        await one.say(type="send", id=id, room=room, body="hello")
        chat.daemons[0].signal(signal.SIGKILL)
        await one.closed()
    chat.daemons[0].ended()
    async with chat.connect(alice, 1) as one:
        assert (await one.send("hello", room=room, id=id))["number"] == 1
    assert chat.bodies(room) == ["hello"]


async def test_a_daemon_that_was_stopped_for_a_while_catches_up(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        start = chat.head(room)
        chat.daemons[1].signal(signal.SIGSTOP)
        for number in range(20):
            await one.send(str(number), room=room)
        chat.redis.client_kill_filter(_type="pubsub")
        chat.daemons[1].signal(signal.SIGCONT)
        await two.hear("message", room=room, body="19")
        assert two.follow(room, start)[0] == start + 20


# -- a restored database


async def test_an_answer_of_the_database_that_was_not_foreseen_ends_nobodys_connection(chat: Chat) -> None:
    """A table is gone for a while, as when a backup is restored."""
    chat.expected.update({"unexpected answer of the database", "mariadb is away"})
    admin = pymysql.connect(**chat.settings.database_address(admin=True))
    async with chat.connect(chat.person("alice"), 0) as one:
        with closing(admin), admin.cursor() as cursor:
            cursor.execute("RENAME TABLE instance TO instance_elsewhere")
            await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[0] == 503)
            cursor.execute("RENAME TABLE instance_elsewhere TO instance")
        await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[0] == 200)
        await one.barrier()


async def test_another_epoch_ends_the_daemon_so_that_all_compare_their_cursors_anew(chat: Chat) -> None:
    chat.expected.add("the database was restored: starting again")
    async with chat.connect(chat.person("alice"), 0) as one:
        with chat.database.cursor() as cursor:
            cursor.execute("UPDATE instance SET epoch = epoch + 1")
        await one.closed()
        for daemon in chat.daemons:
            assert await asyncio.to_thread(daemon.ended) == 1
    chat.start()
    async with chat.connect(chat.person("alice"), 0) as one:
        await one.barrier()


async def test_a_room_that_went_back_ends_the_daemon_too(chat: Chat) -> None:
    """Somebody restored a backup and did not change the epoch."""
    chat.expected.add("the database was restored: starting again")
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one:
        await one.send("hello", room=room)
        await one.hear("message", room=room)
        with chat.database.cursor() as cursor:
            cursor.execute("UPDATE rooms SET version = version - 1 WHERE id = %s", (room,))
        chat.redis.client_kill_filter(_type="pubsub")  # then all is compared
        await one.closed()
    assert await asyncio.to_thread(chat.daemons[0].ended) == 1


async def test_a_room_that_went_back_and_was_written_to_ends_the_daemon_by_the_next_poll(chat: Chat) -> None:
    """Not only when all is compared, a minute later."""
    chat.expected.add("the database was restored: starting again")
    chat.start()
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one:
        for body in ("one", "two", "three"):
            await one.send(body, room=room)
        await one.hear("message", room=room, body="three")
        with chat.database.cursor() as cursor:
            cursor.execute("UPDATE rooms SET version = version - 2, touched = NOW(3) WHERE id = %s", (room,))
        await one.closed()
    assert await asyncio.to_thread(chat.daemons[0].ended) == 1
