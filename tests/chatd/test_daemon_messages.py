"""Messages between two daemons: in a room, directly, acknowledged, resent, changed, read."""

import asyncio
import threading
from uuid import uuid4

import pytest

from shared import rooms
from shared.protocol import Code
from tests.chatd.daemons import Chat, Client

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


async def test_the_first_direct_message_opens_the_room_for_both_at_once(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
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
    room = chat.room(alice, bob)
    locked, release = threading.Event(), threading.Event()

    def hold() -> None:
        with chat.database.transaction() as cursor:
            rooms.lock(cursor, room)
            locked.set()
            release.wait(10)

    holding = threading.Thread(target=hold)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        holding.start()
        await asyncio.to_thread(locked.wait, 10)
        id = str(uuid4())
        await one.say(type="send", id=id, room=room, body="hello")
        for ear in (one, two):  # the daemon goes on meanwhile, and has nothing to say of the message
            await ear.barrier()
            assert ear.heard("ack") == ear.heard("message", room=room) == []
        release.set()
        assert (await one.answer(id))["type"] == "ack"
        assert chat.bodies(room) == ["hello"]
        await two.hear("message", room=room)
    holding.join()


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


# -- refused


@pytest.mark.parametrize(
    ("body", "code"),
    [("", Code.EMPTY), (" \n ", Code.EMPTY), ("x" * 10_001, Code.TOO_LONG), ("a\x00b", Code.CHARACTERS)],
)
async def test_a_text_at_fault_is_refused_for_good_and_with_words(chat: Chat, body: str, code: str) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        error = await one.send(body, room=room)
        assert (error["type"], error["code"], error["room"]) == ("error", code, room)
        assert len(error["message"]) > 10
        assert "temporary" not in error
    assert chat.bodies(room) == []


async def test_the_longest_text_of_the_widest_characters_is_stored_as_it_is(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        await one.socket.send(
            f'{{"type": "send", "id": "{uuid4()}", "room": {room}, "body": "{"🙂" * 10_000}"}}'
        )
        assert (await one.hear("message", room=room))["body"] == "🙂" * 10_000


async def test_a_room_that_one_is_not_in_and_one_that_does_not_exist_are_answered_alike(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice) as owner, chat.connect(eve) as one:
        await owner.send("secret", room=room)
        for command in (
            {"type": "send", "body": "x"},
            {"type": "edit", "number": 1, "base": 2, "body": "x"},
            {"type": "delete", "number": 1},
            {"type": "read", "number": 1},
            {"type": "sync", "since": 0},
        ):
            about = {"id": id} if command["type"] in ("send", "edit", "delete") else {}
            answers = []
            for asked in (room, 4_000_000_000):
                await one.say(**command, **about, room=asked)
                answers.append(await one.hear("error", room=asked, code=Code.NOT_FOUND) | {"room": 0})
            assert answers[0] == answers[1]
        assert chat.bodies(room) == ["secret"]


@pytest.mark.parametrize("target", [{}, {"room": 1, "to": "somebody"}])
async def test_a_message_goes_either_to_a_room_or_to_a_user(chat: Chat, target: dict[str, object]) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        error = await one.command("send", body="x", **target)
        assert error["code"] == Code.INVALID
        await one.barrier()


async def test_a_refusal_harms_nobody_elses_message_in_the_same_moment(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        answers = await asyncio.gather(
            *(
                client.send(body, room=where)
                for client, body, where in [
                    (one, "one", room),
                    (two, "", room),
                    (one, "x", 999_999),
                    (two, "two", room),
                ]
            )
        )
    assert [answer["type"] for answer in answers] == ["ack", "error", "error", "ack"]
    assert sorted(chat.bodies(room)) == ["one", "two"]


# -- changed


async def test_edits_and_deletions_reach_the_other_daemon(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        sent = await one.send("helo", room=room)
        edited = await one.command("edit", room=room, number=1, base=sent["version"], body="hello")
        assert (edited["type"], edited["number"], edited["version"]) == ("ack", 1, sent["version"] + 1)
        message = await two.hear("message", room=room, version=edited["version"])
        assert (message["body"], message["number"], message["body_version"]) == (
            "hello",
            1,
            edited["version"],
        )
        assert message["edited_at"] == edited["at"] >= message["at"]
        deleted = await one.command("delete", room=room, number=1)
        gone = await two.hear("message", room=room, version=deleted["version"])
        assert (gone["body"], gone["deleted"]) == ("", True)
    assert chat.bodies(room) == [""]


async def test_an_edit_of_a_text_that_changed_meanwhile_is_a_conflict(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as laptop, chat.connect(alice, 1) as phone:
        base = (await laptop.send("one", room=room))["version"]
        assert (await laptop.command("edit", room=room, number=1, base=base, body="two"))["type"] == "ack"
        error = await phone.command("edit", room=room, number=1, base=base, body="three")
        assert error["code"] == Code.CONFLICT
    assert chat.bodies(room) == ["two"]


async def test_only_the_author_changes_a_message(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        base = (await one.send("mine", room=room))["version"]
        for error in (
            await two.command("edit", room=room, number=1, base=base, body="yours"),
            await two.command("delete", room=room, number=1),
        ):
            assert error["code"] == Code.NOT_YOURS
    assert chat.bodies(room) == ["mine"]


# -- read


async def test_what_was_read_on_one_device_is_read_on_all(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob, 0) as laptop, chat.connect(bob, 1) as phone:
        await one.send("hello", room=room)
        await laptop.hear("message", room=room)
        await laptop.say(type="read", room=room, number=2**53 - 1)
        for device in (laptop, phone):
            marker = await device.hear("read", room=room)
            assert (marker["last_read"], marker["marker"]) == (1, 1)
        await one.barrier()
        assert one.heard("read") == [], "nobody else learns it"
    async with chat.connect(bob) as again:
        (summary,) = [s for s in again.welcome["rooms"] if s["room"]["id"] == room]
        assert (summary["last_number"], summary["last_read"]) == (1, 1)


async def test_a_marker_that_somebody_holds_is_a_temporary_refusal_and_no_end(chat: Chat) -> None:
    """Another daemon's batch may hold the row; the wait for it ends after a second."""
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        await one.send("hello", room=room)
        with chat.database.transaction() as cursor:
            cursor.execute("UPDATE members SET last_read = 0 WHERE room_id = %s", (room,))
            await one.say(type="read", room=room, number=1)
            error = await one.hear("error", room=room)
            assert (error["code"], error["temporary"]) == (Code.BUSY, True)
        await one.barrier()


# -- asked for


async def test_a_client_may_ask_for_what_it_missed(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        for number in range(3):
            await one.send(str(number), room=room)
        await one.say(type="sync", room=room, since=2)
        changes = await one.hear("changes", room=room)
        assert (changes["from"], changes["to"]) == (2, 4)
        assert [m["body"] for m in changes["messages"]] == ["1", "2"]
        await one.say(type="sync", room=room, since=4)
        assert (await one.hear("changes", room=room)) == {"type": "changes", "room": room, "from": 4, "to": 4}


async def test_a_cursor_that_the_room_never_had_is_reset(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        await one.say(type="sync", room=room, since=1000)
        assert (await one.hear("reset", room=room))["version"] == 1


async def test_a_ping_is_answered(chat: Chat) -> None:
    async with chat.connect(chat.person("alice")) as one:
        await one.barrier()
