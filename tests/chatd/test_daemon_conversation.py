"""Replies, reactions, mentions and what is one's own in a room, between two daemons."""

from uuid import uuid4

import pytest

from shared import markers, protocol
from shared.protocol import Code
from tests.chatd.daemons import Chat
from tests.chatd.device import Client, Frame


def summary(device: Client, room: int) -> Frame:
    (found,) = [one for one in device.welcome["rooms"] if one["room"]["id"] == room]
    return found  # type: ignore[no-any-return]


# -- replies


async def test_a_reply_names_what_it_answers(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await one.send("Tea?", room=room)
        await two.command("send", room=room, body="Yes.", reply_to=1)
        assert (await one.hear("message", room=room, body="Yes."))["reply_to"] == 1


async def test_a_reply_to_nothing_is_refused(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        error = await one.command("send", room=room, body="Yes.", reply_to=1)
        assert (error["code"], error["of"]) == (Code.NOT_FOUND, "send")
        error = await one.command("send", to=bob.name, body="Yes.", reply_to=1)
        assert error["code"] == Code.INVALID
    assert chat.bodies(room) == []


# -- reactions


async def test_a_reaction_reaches_the_other_daemon_and_is_taken_away_again(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        sent = await one.send("Tea?", room=room)
        put = await two.command("react", room=room, number=1, emoji="👍", on=True)
        assert (put["type"], put["number"], put["version"]) == ("ack", 1, sent["version"] + 1)
        seen = await one.hear("message", room=room, version=put["version"])
        assert seen["reactions"] == [{"emoji": "👍", "users": [bob.id]}]
        assert (seen["body"], seen["body_version"]) == ("Tea?", sent["version"])
        taken = await two.command("react", room=room, number=1, emoji="👍", on=False)
        assert "reactions" not in await one.hear("message", room=room, version=taken["version"])


async def test_a_reaction_sent_again_on_another_daemon_gets_its_first_answer(chat: Chat) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice, 0) as laptop, chat.connect(alice, 1) as phone:
        await laptop.send("Tea?", room=room)
        command = {"room": room, "number": 1, "emoji": "👍", "id": id}
        first = await laptop.command("react", **command, on=True)
        await laptop.command("react", room=room, number=1, emoji="👍", on=False)
        assert await phone.command("react", **command, on=True) == first
        await laptop.command("delete", room=room, number=1)
        assert await phone.command("react", **command, on=True) == first
        error = await phone.command("react", room=room, number=1, emoji="👍", on=True)
        assert (error["code"], error["of"]) == (Code.DELETED, "react")


@pytest.mark.parametrize("emoji", ["x", "👍👍", "", "<b>"])
async def test_what_is_no_emoji_is_refused(chat: Chat, emoji: str) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        await one.send("Tea?", room=room)
        await one.say(type="react", id=str(uuid4()), room=room, number=1, emoji=emoji, on=True)
        assert (await one.hear("error", of="react"))["code"] == Code.INVALID


# -- mentions


async def test_a_mention_is_told_live_and_counted_for_who_comes_later(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await one.send(f"Tea, @{bob.name.upper()}?", room=room)
        assert (await two.hear("message", room=room))["mentions"] == [bob.id]
        await one.send("@room", room=room)
        assert (await two.hear("message", room=room, body="@room"))["everyone"]
    async with chat.connect(bob, 0) as later:
        assert summary(later, room)["mentions"] == [1, 2]
        await later.say(type="read", room=room, number=1)
        assert (await later.hear("read", room=room))["mentions"] == [2]
    async with chat.connect(alice) as one:
        assert summary(one, room)["mentions"] == []


# -- one's own state


async def test_what_is_marked_unread_is_unread_on_all_devices(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob, 0) as laptop, chat.connect(bob, 1) as phone:
        for body in ("one", "two", f"@{bob.name}"):
            await one.send(body, room=room)
        await laptop.say(type="read", room=room, number=3)
        await phone.hear("read", room=room, last_read=3)
        await laptop.say(type="unread", room=room, number=2)
        for device in (laptop, phone):
            marker = await device.hear("read", room=room, last_read=1)
            assert (marker["marker"], marker["mentions"], marker["level"]) == (2, [3], "mentions")


async def test_a_level_that_was_set_elsewhere_is_told(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        assert summary(one, room)["level"] == "mentions"
        with chat.database.cursor() as cursor:
            change = markers.set_level(cursor, room=room, user=alice.id, level="muted")
        chat.redis.publish(chat.channels.user(alice.id), protocol.encode(change.marker))
        assert (await one.hear("read", room=room))["level"] == "muted"
    async with chat.connect(alice) as again:
        assert summary(again, room)["level"] == "muted"


async def test_in_a_direct_room_the_other_hears_how_far_one_has_read(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        room = (await one.send("one", to=bob.name))["room"]
        await one.hear("joined")
        await one.send("two", room=room)
        await two.hear("message", room=room, body="two")
        await two.say(type="read", room=room, number=1)
        assert (await one.hear("seen", room=room))["number"] == 1
        await two.say(type="unread", room=room, number=1)
        await two.hear("read", room=room, last_read=0)
        await two.say(type="read", room=room, number=2)
        seen = await one.hear("seen", room=room)
        assert (seen["user"], seen["number"]) == (bob.id, 2)
        assert len(one.heard("seen")) == 2, "what was seen once is not unseen"
    async with chat.connect(alice) as again:
        assert summary(again, room)["seen"] == 2


async def test_in_a_public_room_nobody_hears_who_has_read(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        await one.send("one", room=room)
        await two.hear("message", room=room)
        await two.say(type="read", room=room, number=1)
        await two.hear("read", room=room)
        await two.send("the end", room=room)
        await one.hear("message", room=room, body="the end")
        assert one.heard("seen") == []
