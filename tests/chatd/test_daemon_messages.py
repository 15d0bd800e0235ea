"""Messages between two daemons: in a room, directly, acknowledged, resent, changed, read."""

import asyncio
from uuid import uuid4

import pytest

from shared import rooms
from shared.protocol import Code
from tests.chatd.daemons import QUIET, Chat, Person
from tests.chatd.device import Client
from tests.shared.people import held
from tests.timing import best_of_tries, within

ROOM_OF_EVERYBODY = rooms.GENERAL


# -- in a room


async def test_a_message_reaches_a_reader_on_the_other_daemon_and_back(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        assert one.welcome["server"] != two.welcome["server"], "both daemons take part"
        ack = await one.send("hello", room=room)
        message = await two.hear("message", room=room)
        assert (message["body"], message["author"]) == ("hello", {"id": alice.id, "name": alice.name})
        assert (message["number"], message["version"]) == (ack["number"], ack["version"]) == (1, 3)
        assert message["at"] == ack["at"]
        await two.send("hello back", room=room)
        assert (await one.hear("message", room=room, body="hello back"))["number"] == 2


async def test_everybody_is_in_the_general_room(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await one.send("hello, all", room=ROOM_OF_EVERYBODY)
        await two.hear("message", room=ROOM_OF_EVERYBODY, body="hello, all")


async def test_all_devices_of_the_sender_see_a_message_once(chat: Chat) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with (
        chat.connect(alice, 0) as laptop,
        chat.connect(alice, 0) as tab,
        chat.connect(alice, 1) as phone,
    ):
        await laptop.send("hello", room=room, id=id)
        for device in (laptop, tab, phone):
            assert (await device.hear("message", room=room))["client_id"] == id
        await laptop.send("the end", room=room)
        for device in (laptop, tab, phone):
            await device.hear("message", room=room, body="the end")
            assert [m["body"] for m in device.heard("message", room=room)] == ["hello", "the end"]


async def test_only_the_device_that_asked_is_answered(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as laptop, chat.connect(alice, 0) as tab:
        await laptop.send("hello", room=room)
        await tab.hear("message", room=room)
        await tab.barrier()
        assert tab.heard("ack") == []


async def test_who_is_not_in_a_room_hears_nothing_of_it(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one, chat.connect(eve, 0) as two, chat.connect(eve, 1) as three:
        assert room not in [summary["room"]["id"] for summary in two.welcome["rooms"]]
        await one.send("secret", room=room)
        await one.hear("message", room=room)
        await one.send("the end", room=ROOM_OF_EVERYBODY)
        for ear in (two, three):
            await ear.hear("message", room=ROOM_OF_EVERYBODY, body="the end")
            assert ear.heard("message", room=room) == []


async def test_two_who_write_at_once_on_two_daemons_are_seen_in_one_order_by_all(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    start = chat.head(room)

    async def talk(client: Client, name: str) -> None:
        for number in range(30):
            await client.send(f"{name} {number}", room=room)

    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await asyncio.gather(talk(one, "a"), talk(two, "b"))
        seen = []
        for ear in (one, two):
            await ear.hear("message", room=room, version=start + 60)
            cursor, messages = ear.follow(room, start)
            assert cursor == start + 60
            assert [message["version"] for message in messages] == list(range(start + 1, start + 61))
            seen.append([message["body"] for message in messages])
    assert seen[0] == seen[1] == chat.bodies(room)
    assert [body for body in seen[0] if body[0] == "a"] == [f"a {number}" for number in range(30)]


async def test_many_messages_sent_without_waiting_stay_in_their_order(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        for number in range(200):
            await one.say(type="send", id=str(uuid4()), room=room, body=str(number))
        await two.hear("message", room=room, body="199")
        assert [m["body"] for m in two.heard("message", room=room)] == [str(number) for number in range(200)]


# -- directly


@best_of_tries
async def test_the_first_direct_message_opens_the_room_for_both_at_once(chat: Chat) -> None:
    alice, bob, carol = chat.people("alice", "bobby", "carol")
    await opens_for_both(chat, alice, bob)
    # Were it only found when heads are compared, the second would take a whole turn.
    with within(0.8 * QUIET["heads_poll"]):
        await opens_for_both(chat, alice, carol)


async def opens_for_both(chat: Chat, alice: Person, bob: Person) -> None:
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        ack = await one.send("psst", to=bob.name.upper())
        for ear in (one, two):
            summary = (await ear.hear("joined"))["summary"]
            assert summary["room"]["id"] == ack["room"]
            assert summary["room"]["kind"] == "direct"
            assert {person["id"] for person in summary["room"]["members"]} == {alice.id, bob.id}
            assert summary["head"] >= ack["version"] or await ear.hear("message", room=ack["room"])
        await two.send("yes?", room=ack["room"])
        for ear in (one, two):
            assert (await ear.hear("message", room=ack["room"], body="yes?"))["number"] == 2
        assert (await two.send("and by name", to=alice.name))["room"] == ack["room"]


async def test_what_was_said_to_somebody_who_is_away_is_there_when_they_come(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        ack = await one.send("psst", to=bob.name)
    async with chat.connect(bob, 1) as two:
        (summary,) = [s for s in two.welcome["rooms"] if s["room"]["id"] == ack["room"]]
        assert (summary["last_number"], summary["last_read"]) == (1, 0)
        await two.say(type="sync", room=ack["room"], since=0)
        assert (await two.hear("changes", room=ack["room"]))["messages"][0]["body"] == "psst"


async def test_one_may_write_to_oneself(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, 0) as laptop, chat.connect(alice, 1) as phone:
        ack = await laptop.send("buy milk", to=alice.name)
        summary = (await phone.hear("joined"))["summary"]
        assert summary["room"]["members"] == [{"id": alice.id, "name": alice.name}]
        await laptop.send("and bread", to=alice.name)
        assert (await phone.hear("message", room=ack["room"], body="and bread"))["number"] == 2


@pytest.mark.parametrize("name", ["nobody", "", "not a name!", "x" * 5000, "%", "\u0000"])
async def test_a_message_to_nobody_is_a_clear_error(chat: Chat, name: str) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        error = await one.send("hello", to=name)
        assert (error["code"], error["message"]) == (Code.NOT_FOUND, "Nobody has this name.")
        assert "temporary" not in error


async def test_two_who_write_to_each_other_at_once_for_the_first_time_share_one_room(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        first, second = await asyncio.gather(one.send("you", to=bob.name), two.send("no, you", to=alice.name))
        assert first["room"] == second["room"]
        assert {first["number"], second["number"]} == {1, 2}


# -- acknowledged


async def test_an_ack_means_committed_and_comes_no_sooner(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room, id = chat.room(alice, bob), str(uuid4())
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        with held(chat.database, room):
            await one.say(type="send", id=id, room=room, body="hello")
            for ear in (one, two):  # the daemon goes on meanwhile, and has nothing to say of the message
                await ear.barrier()
                assert ear.heard("ack") == ear.heard("message", room=room) == []
        assert (await one.answer(id))["type"] == "ack"
        assert chat.bodies(room) == ["hello"]
        await two.hear("message", room=room)


async def test_what_is_acknowledged_stands_in_the_log_at_that_moment(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        for number in range(10):
            ack = await one.send(str(number), room=room)
            assert chat.bodies(room)[ack["number"] - 1] == str(number)


async def test_a_resend_gets_the_first_answer_on_any_daemon_and_nobody_hears_it_twice(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room, id = chat.room(alice, bob), str(uuid4())
    async with chat.connect(alice, 0) as one, chat.connect(alice, 1) as other, chat.connect(bob, 1) as ear:
        first = await one.send("hello", room=room, id=id)
        assert await one.send("hello", room=room, id=id) == first
        assert await other.send("hello", room=room, id=id) == first
        await one.send("the end", room=room)
        await ear.hear("message", room=room, body="the end")
        assert [m["body"] for m in ear.heard("message", room=room)] == ["hello", "the end"]
    assert chat.bodies(room) == ["hello", "the end"]


async def test_the_same_command_twice_in_a_row_is_one_message_with_two_answers(chat: Chat) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice) as one:
        for _ in range(2):
            await one.say(type="send", id=id, room=room, body="hello")
        assert await one.answer(id) == await one.answer(id)
    assert chat.bodies(room) == ["hello"]
