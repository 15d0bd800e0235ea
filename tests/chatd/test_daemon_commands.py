"""What a client may ask a daemon for, and what it may not: refusals, edits, read markers, questions."""

import asyncio
from uuid import uuid4

import pytest

from shared import protocol
from shared.protocol import Code
from tests.chatd.daemons import Chat

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
            {"type": "react", "number": 1, "emoji": "👍", "on": True},
            {"type": "read", "number": 1},
            {"type": "unread", "number": 1},
            {"type": "typing"},
            {"type": "sync", "since": 0},
        ):
            about = {"id": id} if command["type"] in ("send", "edit", "delete", "react") else {}
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


async def test_a_marker_that_did_not_move_is_told_to_nobody_but_who_asked(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as laptop, chat.connect(alice, 1) as phone:
        for body in ("one", "two"):
            await laptop.send(body, room=room)
        await laptop.say(type="read", room=room, number=1)
        assert (await laptop.hear("read", room=room))["last_read"] == 2
        # What is published on one channel comes in order: this would come behind that.
        chat.redis.publish(chat.channels.user(alice.id), protocol.encode(protocol.Marker(room, 0, 0)))
        await phone.hear("read", marker=0)
        assert len(phone.heard("read")) == 1


async def test_a_marker_that_somebody_holds_is_a_temporary_refusal_and_no_end(chat: Chat) -> None:
    """Another daemon's batch may hold the row; the wait for it ends after a second."""
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    chat.write(bob, protocol.Send(uuid4(), "hello", room))
    async with chat.connect(alice) as one:
        with chat.database.transaction() as cursor:
            cursor.execute("UPDATE members SET marker = marker + 1 WHERE room_id = %s", (room,))
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
