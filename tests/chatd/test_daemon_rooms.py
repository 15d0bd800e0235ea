"""Joining and leaving while connected: told by the web service, or found without being told."""

import asyncio
from uuid import uuid4

from shared import events, protocol, rooms
from tests.chatd.daemons import QUIET, Chat
from tests.timing import best_of_tries, within


async def test_who_joins_is_let_in_and_the_others_are_told(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        chat.join(room, bob)
        summary = (await two.hear("joined"))["summary"]
        assert (summary["room"]["id"], summary["room"]["member_count"], summary["role"]) == (
            room,
            2,
            "member",
        )
        change = await one.hear("room", room=room)
        assert (change["joined"], change["version"]) == ([{"id": bob.id, "name": bob.name}], 2)
        assert change["state"]["member_count"] == 2
        await one.send("welcome", room=room)
        assert (await two.hear("message", room=room))["version"] == 3
        assert (await two.send("thanks", room=room))["type"] == "ack"
        await two.hear("message", room=room, body="thanks")
        assert two.follow(room, summary["head"])[0] == 4


async def test_who_leaves_is_put_out_and_the_others_are_told(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as laptop, chat.connect(bob, 1) as phone:
        chat.leave(room, bob)
        for device in (laptop, phone):
            await device.hear("left", room=room)
        change = await one.hear("room", room=room)
        assert change["left"] == [{"id": bob.id, "name": bob.name}]
        await one.send("he is gone", room=room)
        await one.hear("message", room=room)
        for device in (laptop, phone):
            await one.send("the end", room=rooms.GENERAL)
            await device.hear("message", room=rooms.GENERAL, author={"id": alice.id, "name": alice.name})
            assert device.heard("message", room=room) == []
            assert (await device.send("let me in", room=room))["code"] == protocol.Code.NOT_FOUND


async def test_who_comes_back_is_let_in_again(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        for _ in range(3):
            chat.leave(room, bob)
            await two.hear("left", room=room)
            chat.join(room, bob)
            await two.hear("joined")
        await one.send("again", room=room)
        await two.hear("message", room=room, body="again")


async def test_a_publish_that_came_before_the_one_it_follows_waits_for_it(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(bob, 0) as ear:
        head = chat.head(room)
        written = [chat.write(alice, protocol.Send(uuid4(), str(n), room))[0] for n in range(4)]
        for message in [written[1], written[3], written[0], written[0], written[2]]:
            chat.redis.publish(chat.channels.room(room), protocol.encode(message))
        await ear.hear("message", room=room, body="3")
        cursor, messages = ear.follow(room, head)
        assert cursor == head + 4
        assert [message["body"] for message in messages] == ["0", "1", "2", "3"]


@best_of_tries
async def test_a_lost_publish_is_fetched_when_the_next_one_comes(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        start = chat.head(room)

        async def a_lost_one() -> None:
            chat.write(alice, protocol.Send(uuid4(), "unheard", room))
            version = (await one.send("heard", room=room))["version"]
            await two.hear("message", room=room, version=version)
            assert [message["body"] for message in two.follow(room, start)[1]][-2:] == ["unheard", "heard"]

        await a_lost_one()
        # Were it only fetched when heads are compared, the second would take a whole turn.
        with within(0.8 * QUIET["heads_poll"]):
            await a_lost_one()


async def test_a_publish_that_says_what_is_not_so_puts_nobody_out(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        chat.redis.publish(chat.channels.user(alice.id), events.left(room))
        chat.redis.publish(chat.channels.user(alice.id), events.joined(4_000_000))
        assert (await one.send("still here", room=room))["type"] == "ack"
        await one.hear("message", room=room)
        assert one.heard("left") == one.heard("joined") == []


async def test_a_publish_that_the_database_knows_nothing_of_is_told_to_nobody(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        head = chat.head(room)
        foreign = chat.write(alice, protocol.Send(uuid4(), "foreign", chat.room(alice)))[0]
        foreign.room, foreign.version = room, head + 50
        chat.redis.publish(chat.channels.room(room), protocol.encode(foreign))
        for number in range(3):
            ack = await one.send(str(number), room=room)
            await two.hear("message", room=room, version=ack["version"])
        assert [message["body"] for message in two.follow(room, head)[1]] == ["0", "1", "2"]
        assert all(frame.get("messages") for frame in two.frames if frame["type"] == "changes")


async def test_the_first_message_after_joining_is_not_lost_between_the_two(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        for _ in range(10):
            room = chat.room(alice)
            chat.publish_joined(room, alice)
            await one.hear("joined")
            chat.join(room, bob)
            ack = await one.send("welcome", room=room)
            head = (await two.hear("joined"))["summary"]["head"]
            if head < ack["version"]:
                await two.hear("message", room=room)
            assert two.follow(room, head)[0] == ack["version"]


async def test_who_joins_while_much_is_said_misses_nothing_from_then_on(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:

        async def talk() -> int:
            for number in range(60):
                ack = await one.send(str(number), room=room)
            return int(ack["version"])

        talking = asyncio.create_task(talk())
        await one.hear("message", room=room, body="10")
        await asyncio.to_thread(chat.join, room, bob)
        head = (await two.hear("joined"))["summary"]["head"]
        last = await talking
        await two.hear("message", room=room, body="59")
        cursor, messages = two.follow(room, head)
        assert cursor == last
        bodies = [message["body"] for message in messages]
        assert bodies == [str(number) for number in range(60)][-len(bodies) :]
