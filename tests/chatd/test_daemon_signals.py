"""Typing, presence and read markers of the other: told to who is here now, on all daemons."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from chatd.presence_exchange import SILENT_SECONDS
from shared import protocol, rooms
from shared.protocol import CURSORS_MAX, WATCHED_MAX, Code
from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.chatd.presences import states_told, until_told, watch
from tests.servers import Servers
from tests.timing import best_of_tries, within


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """However busy the machine is, nobody is away for longer than the grace here."""
    servers.empty()
    yield from running(settings, presence_grace=600.0)


# -- typing


async def test_the_others_in_a_room_are_told_who_is_typing_on_every_daemon(chat: Chat) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    room = chat.room(alice, bob, eve)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as near, chat.connect(eve, 1) as far:
        await one.say(type="typing", room=room)
        for ear in (near, far):
            told = await ear.hear("typing", room=room)
            assert told["user"] == {"id": alice.id, "name": alice.name}


async def test_nobody_is_told_of_their_own_typing_and_no_stranger_of_anybody_s(chat: Chat) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    room = chat.room(alice, bob)
    async with (
        chat.connect(alice, 0) as laptop,
        chat.connect(alice, 1) as phone,
        chat.connect(bob, 1) as other,
        chat.connect(eve, 1) as stranger,
    ):
        await laptop.say(type="typing", room=room)
        await other.hear("typing", room=room)
        await laptop.send("done", room=rooms.GENERAL)
        for ear in (laptop, phone, stranger):
            await ear.hear("message", room=rooms.GENERAL, body="done")
            assert ear.heard("typing") == []


async def test_who_is_not_in_a_room_types_in_none(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room = chat.room(alice)
    async with chat.connect(alice, 0) as one, chat.connect(eve, 0) as stranger:
        for absent in (room, 4_000_000):
            await stranger.say(type="typing", room=absent)
            refusal = await stranger.hear("error", of="typing")
            assert (refusal["code"], refusal["room"]) == (Code.NOT_FOUND, absent)
        await one.barrier()
        assert one.heard("typing") == []


async def test_typing_takes_no_version_and_disturbs_no_message(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    start = chat.head(room)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        for number in range(5):
            await one.say(type="typing", room=room)
            await one.send(str(number), room=room)
        await two.hear("message", room=room, body="4")
        cursor, messages = two.follow(room, start)
        assert (cursor, [m["body"] for m in messages]) == (start + 5, ["0", "1", "2", "3", "4"])
    assert chat.head(room) == start + 5


async def test_who_says_all_the_time_that_they_type_is_passed_on_a_few_times(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as two:
        for _ in range(100):
            await one.say(type="typing", room=room)
        await one.send("done", room=room)
        await two.hear("message", room=room, body="done")
        assert 1 <= len(two.heard("typing")) < 20


# -- what is published without a version


async def test_what_the_other_has_seen_reaches_all_who_are_in_the_room(chat: Chat) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    room = chat.room(alice, bob)
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two, chat.connect(eve, 0) as stranger:
        seen = protocol.Seen(room=room, user=bob.id, number=3)
        chat.redis.publish(chat.channels.room(room), protocol.encode(seen))
        for ear in (one, two):
            assert await ear.hear("seen") == {"type": "seen", "room": room, "user": bob.id, "number": 3}
        await stranger.barrier()
        assert stranger.heard("seen") == []


async def test_a_publish_that_nobody_knows_goes_to_nobody(chat: Chat) -> None:
    chat.expected.add("unreadable publish")
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        for payload in (b'{"type": "message"}', b'{"type": "typing", "room": 1}', b"[]", b"\xff"):
            chat.redis.publish(chat.channels.room(room), payload)
            chat.redis.publish(chat.channels.presence, payload)
        await one.send("hello", room=room)
        await one.hear("message", room=room, body="hello")
        assert {frame["type"] for frame in one.everything} <= {"welcome", "ack", "message"}


# -- presence


async def test_two_daemons_tell_each_other_who_is_there(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        assert await watch(one, bob) == {str(bob.id): "offline"}
        async with chat.connect(bob, 1) as two:
            await until_told(one, bob, "online")
            await two.say(type="presence", state="away")
            await until_told(one, bob, "away")
            await two.say(type="presence", state="online")
            await until_told(one, bob, "online")
            await watch(two, alice, bob)
            for person in (alice, bob):
                await until_told(two, person, "online")


async def test_somebody_is_as_lively_as_their_liveliest_device(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 0) as laptop, chat.connect(bob, 1) as phone:
        await watch(one, bob)
        await phone.say(type="presence", state="away")
        await until_told(one, bob, "online")
        await laptop.say(type="presence", state="away")
        await until_told(one, bob, "away")
        await phone.say(type="presence", state="online")
        await until_told(one, bob, "online")


async def test_a_page_that_is_loaded_again_makes_nobody_flicker(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        async with chat.connect(bob, 0):
            await watch(one, bob)
            await until_told(one, bob, "online")
        async with chat.connect(bob, 1) as again:
            await again.say(type="presence", state="away")
            # For as long as the page that went still counts, he is not away either.
            await again.say(type="presence", state="online")
            async with chat.connect(bob, 0):
                await again.barrier()
        assert states_told(one, bob) in (["online"], ["offline", "online"])


@best_of_tries
async def test_an_idle_page_that_comes_back_wakes_nobody_up(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice, 0) as one:
        await watch(one, bob)
        async with chat.connect(bob, 0) as page:
            await until_told(one, bob, "online")
            await page.say(type="presence", state="away")
            await until_told(one, bob, "away")
        async with AsyncExitStack() as stack:
            with within(SILENT_SECONDS):
                page = await stack.enter_async_context(chat.connect(bob, 0))
                await page.say(type="presence", state="away")
                await page.barrier()
            assert states_told(one, bob)[-1] == "away"
            async with chat.connect(bob, 0):  # says nothing
                await until_told(one, bob, "online")
        assert states_told(one, bob)[-3:] == ["online", "away", "online"]


async def test_a_watch_replaces_the_one_before(chat: Chat) -> None:
    alice, bob, eve = chat.people("alice", "bobby", "evelyn")
    async with chat.connect(alice, 0) as one, chat.connect(bob, 1) as two:
        await watch(one, bob)
        await until_told(one, bob, "online")
        assert await watch(one, eve) == {str(eve.id): "offline"}
        await two.say(type="presence", state="away")
        async with chat.connect(eve, 1) as three, chat.connect(eve, 0) as four:
            await until_told(one, eve, "online")
            await watch(four, bob)
            await until_told(four, bob, "away")
            await three.barrier()
        await one.barrier()
        assert states_told(one, bob)[-1] == "online"
        assert await watch(one) == {}


async def test_many_changes_come_in_one_frame(chat: Chat) -> None:
    """What a restart of a daemon does to everybody: as many frames as people would be a flood."""
    alice = chat.person("alice")
    crowd = range(50_000, 50_000 + WATCHED_MAX)
    async with chat.connect(alice) as one:
        await one.say(type="watch", users=list(crowd))
        await one.hear("presence")
        said = {"daemon": "another", "online": list(crowd)}
        chat.redis.publish(chat.channels.presence, json.dumps(said))
        told = await one.hear("presence")
        assert told["states"] == {str(user): "online" for user in crowd}


@pytest.mark.parametrize(
    ("frame", "of"),
    [
        ({"type": "watch", "users": list(range(WATCHED_MAX + 1))}, "watch"),
        ({"type": "presence", "state": "offline"}, "presence"),
        ({"type": "typing"}, "typing"),
        ({"type": "hello", "cursors": {str(n): 1 for n in range(CURSORS_MAX + 1)}}, "hello"),
        ({"type": "hello"}, "hello"),
        ({"type": "nonsense"}, None),
        ({"type": 7}, None),
        (["typing"], None),
    ],
    ids=str,
)
async def test_a_refusal_says_what_was_refused(chat: Chat, frame: object, of: str | None) -> None:
    async with chat.connect(chat.person("alice")) as one:
        await one.socket.send(json.dumps(frame))
        refusal = await one.hear("error")
        assert (refusal["code"], refusal.get("of")) == (Code.INVALID, of)


async def test_a_command_that_is_refused_names_its_type_its_room_and_its_id(chat: Chat) -> None:
    id = str(uuid4())
    async with chat.connect(chat.person("alice")) as one:
        for type, more in (
            ("send", {"body": "hi"}),
            ("edit", {"number": 1, "base": 1, "body": "hi"}),
            ("delete", {"number": 1}),
        ):
            refusal = await one.command(type, room=4_000_000, id=id, **more)
            assert (refusal["of"], refusal["room"], refusal["id"]) == (type, 4_000_000, id)
        for type, more in (("read", {"number": 1}), ("sync", {"since": 1})):
            await one.say(type=type, room=4_000_000, **more)
            refusal = await one.hear("error", of=type)
            assert (refusal["code"], refusal["room"]) == (Code.NOT_FOUND, 4_000_000)
