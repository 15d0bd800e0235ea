"""Hello: what a client that comes back is told."""

import asyncio
from uuid import uuid4

import pytest

from shared import rooms
from shared.messages import CHANGES_ROWS
from shared.protocol import Close, Code, Delete, Edit, Send
from tests.chatd.daemons import Chat


async def test_the_welcome_tells_who_one_is_and_all_ones_rooms(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(bob, alice)
    chat.write(bob, Send(uuid4(), "hello", room))
    async with chat.connect(alice) as one:
        assert one.welcome["user"] == {"id": alice.id, "name": alice.name}
        with chat.database.cursor() as cursor:
            assert one.welcome["epoch"] == rooms.epoch(cursor)
        found = {summary["room"]["id"]: summary for summary in one.welcome["rooms"]}
        assert found.keys() == {rooms.GENERAL, room}
        assert found[room]["head"] == 3
        assert (found[room]["last_number"], found[room]["last_read"]) == (1, 0)
        await one.barrier()
        assert [frame["type"] for frame in one.frames] == ["welcome", "pong"]


async def test_a_client_that_is_behind_gets_what_it_missed_and_nothing_else(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    first = chat.write(alice, *(Send(uuid4(), str(number), room) for number in range(5)))
    chat.write(alice, Edit(uuid4(), room, 1, first[0].version, "better"), Delete(uuid4(), room, 5))
    async with chat.connect(alice, cursors={room: first[3].version}) as one:
        changes = await one.hear("changes", room=room)
        assert (changes["from"], changes["to"]) == (first[3].version, chat.head(room))
        assert [(m["number"], m["body"], m.get("deleted", False)) for m in changes["messages"]] == [
            (1, "better", False),
            (5, "", True),
        ]


async def test_a_client_that_is_up_to_date_gets_nothing(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    chat.write(alice, Send(uuid4(), "hello", room))
    async with chat.connect(alice, cursors={room: chat.head(room)}) as one:
        await one.barrier()
        assert one.heard("changes") == one.heard("reset") == []
        await one.send("more", room=room)
        await one.hear("message", room=room)


async def test_a_client_that_is_far_behind_is_reset_and_goes_on_from_there(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    chat.write(alice, *(Send(uuid4(), "x", room) for _ in range(CHANGES_ROWS + 1)))
    head = chat.head(room)
    async with chat.connect(alice, cursors={room: 1}) as one:
        assert (await one.hear("reset", room=room))["version"] == head
        await one.send("more", room=room)
        assert (await one.hear("message", room=room))["version"] == head + 1


async def test_cursors_of_another_epoch_are_void(chat: Chat) -> None:
    alice = chat.person("alice")
    room, other = chat.room(alice), chat.room(alice)
    async with chat.connect(alice, epoch=1, cursors={room: 1}) as one:
        assert one.welcome["epoch"] != 1
        assert (await one.hear("reset", room=room))["version"] == 1
        await one.barrier()
        assert one.heard("reset", room=other) == [], "only loaded rooms are thrown away"


async def test_a_cursor_above_the_head_is_void(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, cursors={room: 50}) as one:
        assert (await one.hear("reset", room=room))["version"] == 1
        await one.send("more", room=room)
        assert (await one.hear("message", room=room))["version"] == 2


async def test_a_room_that_one_left_meanwhile_is_told_and_looks_like_one_that_never_was(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(bob, alice)
    chat.leave(room, alice)
    async with chat.connect(alice, cursors={room: 1, 4_000_000: 1}) as one:
        await one.hear("left", room=room)
        await one.hear("left", room=4_000_000)
        await one.barrier()
        assert one.heard("changes") == []


async def test_a_deleted_text_is_told_to_nobody_who_comes_back(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    chat.write(alice, Send(uuid4(), "secret", room), Delete(uuid4(), room, 1))
    async with chat.connect(alice, cursors={room: 1}) as one:
        await one.hear("changes", room=room)
        assert "secret" not in str(one.everything)


@pytest.mark.parametrize("daemon", [0, 1])
async def test_who_comes_back_while_much_is_said_misses_nothing(chat: Chat, daemon: int) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    cursor = chat.head(room)
    async with chat.connect(alice, 0) as one:

        async def talk() -> None:
            for number in range(150):
                await one.send(str(number), room=room)

        talking = asyncio.create_task(talk())
        for _ in range(6):
            async with chat.connect(bob, daemon, cursors={room: cursor}) as two:
                await two.hear("message", room=room)
                await two.barrier()
                cursor, _ = two.follow(room, cursor)
        await talking
        async with chat.connect(bob, daemon, cursors={room: 2}) as two:
            await two.hear("message", room=room, body="149")
            cursor, messages = two.follow(room, 2)
    assert cursor == chat.head(room)
    assert [message["body"] for message in messages] == [str(number) for number in range(150)]


async def test_who_comes_new_while_much_is_said_misses_nothing_from_the_welcome_on(chat: Chat) -> None:
    """What is delivered between the reading of the rooms and the welcome belongs to whoever is welcomed."""
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one:
        for _ in range(40):
            async with chat.connect(bob, 0, hello=False) as two:
                await two.say(type="hello", epoch=one.welcome["epoch"], cursors={})
                for number in range(8):
                    await one.say(type="send", id=str(uuid4()), room=room, body=str(number))
                welcome = await two.hear("welcome")
                (head,) = [s["head"] for s in welcome["rooms"] if s["room"]["id"] == room]
                last = await one.send("the end", room=room)
                if head < last["version"]:
                    await two.hear("message", room=room, body="the end")
                assert two.follow(room, head)[0] == last["version"]


# -- hello is the first message, and only that


async def test_before_hello_nothing_else_is_answered(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, hello=False) as one:
        await one.say(type="send", id=str(uuid4()), room=room, body="too soon")
        error = await one.hear("error")
        assert (error["code"], error["message"]) == (Code.INVALID, "the first message is hello")
        await one.say(type="hello")
        await one.hear("welcome")
    assert chat.bodies(room) == []


async def test_before_hello_nothing_is_heard(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, hello=False) as silent, chat.connect(alice) as one:
        await one.send("hello", room=room)
        await one.hear("message", room=room)
        await silent.say(type="nothing")
        await silent.hear("error")
        assert [frame["type"] for frame in silent.frames] == ["error"]


async def test_hello_comes_once(chat: Chat) -> None:
    async with chat.connect(chat.person("alice")) as one:
        await one.say(type="hello")
        assert (await one.hear("error"))["code"] == Code.INVALID
        await one.barrier()


async def test_a_hello_without_anything_in_it_is_fine(chat: Chat) -> None:
    async with chat.connect(chat.person("alice"), hello=False) as one:
        await one.say(type="hello")
        assert (await one.hear("welcome"))["rooms"]


async def test_a_hello_with_too_many_cursors_is_refused_and_the_next_one_is_welcome(chat: Chat) -> None:
    async with chat.connect(chat.person("alice"), hello=False) as one:
        await one.say(type="hello", cursors=dict.fromkeys(range(1, 22), 1))
        error = await one.hear("error")
        assert error["code"] == Code.INVALID
        assert "length <= 20 - at `$.cursors`" in error["message"]
        await one.say(type="hello", cursors=dict.fromkeys(range(1, 21), 1))
        await one.hear("welcome")


async def test_an_account_that_is_gone_is_signed_out(chat: Chat) -> None:
    async with chat.connect(None, hello=False, cookie=f"parley_session={chat.sign_in(4_000_000)}") as one:
        await one.say(type="hello")
        assert await one.closed() == Close.SIGNED_OUT
