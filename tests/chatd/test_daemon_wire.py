"""Bad input over a real socket: a clear error, and nothing changes."""

from uuid import uuid4

import pytest

from shared.protocol import Close, Code
from tests.chatd.daemons import Chat

ID = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("no JSON", "hello?"),
        ("nothing", ""),
        ("no object", "[1]"),
        ("no type", "{}"),
        ("an unknown type", '{"type": "shout"}'),
        ("an unknown field", '{"type": "ping", "loud": true}'),
        ("a doubled field", f'{{"type": "send", "id": "{ID}", "room": 1, "body": "a", "body": "b"}}'),
        ("not a number", '{"type": "sync", "room": 1, "since": NaN}'),
        ("a number as text", '{"type": "sync", "room": "1", "since": 0}'),
        ("half a character", f'{{"type": "send", "id": "{ID}", "room": 1, "body": "\\ud800"}}'),
        ("a nesting bomb", "[" * 60_000),
        ("a nesting bomb within", '{"type":"hello","cursors":' + '{"1":' * 10_000),
        ("a message of the server", '{"type": "pong"}'),
        ("binary", b'{"type": "ping"}'),
        ("binary that is no text", b"\xff\xfe\x00"),
    ],
)
async def test_a_bad_frame_is_told_and_the_connection_stays(
    chat: Chat, kind: str, frame: str | bytes
) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        await one.socket.send(frame)
        error = await one.hear("error")
        assert error["code"] == Code.INVALID, kind
        assert len(error["message"]) > 5
        assert "temporary" not in error
        await one.barrier()


async def test_a_frame_of_the_largest_size_is_read(chat: Chat) -> None:
    async with chat.connect(chat.person("alice")) as one:
        await one.socket.send("x" * chat.settings.frame_max)
        assert (await one.hear("error"))["code"] == Code.INVALID


async def test_a_larger_frame_closes_the_connection(chat: Chat) -> None:
    """RFC 6455 §7.4.1: 1009, a message that is too big to process."""
    async with chat.connect(chat.person("alice")) as one:
        await one.socket.send("x" * (chat.settings.frame_max + 1))
        assert await one.closed() == 1009


async def test_invalid_utf_8_closes_the_connection(chat: Chat) -> None:
    """RFC 6455 §8.1: an endpoint must fail the connection; 1007 says why."""
    async with chat.connect(chat.person("alice")) as one:
        await one.socket.send(b"\xff\xff", text=True)
        assert await one.closed() == 1007


async def test_a_message_in_fragments_is_one_message(chat: Chat) -> None:
    async with chat.connect(chat.person("alice")) as one:
        await one.socket.send(['{"type"', ': "pi', 'ng"}'])
        await one.hear("pong")


async def test_who_sends_nothing_but_rubbish_is_closed(chat: Chat) -> None:
    async with chat.connect(chat.person("alice")) as one:
        for _ in range(51):
            await one.socket.send("rubbish")
        assert await one.closed() == Close.TOO_MANY
        assert len(one.heard("error")) <= 50


async def test_rubbish_of_one_harms_nobody_else(chat: Chat) -> None:
    alice, eve = chat.people("alice", "evelyn")
    room = chat.room(alice)
    async with chat.connect(alice) as one, chat.connect(eve) as two:
        for number in range(40):
            await two.socket.send("[" * 10_000)
            assert (await one.send(str(number), room=room))["type"] == "ack"


async def test_who_sends_more_than_is_answered_waits_and_loses_nothing(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        ids = [str(uuid4()) for _ in range(500)]
        for id in ids:
            await one.say(type="send", id=id, room=room, body=id)
        answers = [await one.answer(id) for id in ids]
    assert [answer["number"] for answer in answers] == list(range(1, 501))
    assert chat.bodies(room) == ids
