"""ParleyClient keeps its promise on a bad network; web, daemons and nginx are the real ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import cast

import pytest
import redis
from websockets.asyncio.client import ClientConnection

from chatd.client import ParleyClient
from chatd.outbox import Refused
from chatd.timeline import Timeline
from shared.protocol import Ack, Message, Reaction
from tests.chaos.proxy import Proxy
from tests.system.stack import Stack

PASSWORD = "correct horse battery"
WAIT_SECONDS = 60.0


@pytest.fixture
async def proxy(stack: Stack) -> AsyncIterator[Proxy]:
    network = Proxy(stack.port)
    yield network
    await network.close()


async def until(condition: object, what: str) -> None:
    """Wait until `condition()` is true."""
    assert callable(condition)
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)
    assert condition(), what


async def online(clients: AsyncExitStack, url: str, name: str) -> ParleyClient:
    """A registered client that is connected."""
    client = ParleyClient(url, name, PASSWORD)
    await client.register()
    await client.start()
    clients.push_async_callback(client.close)
    await asyncio.wait_for(client.connected.wait(), WAIT_SECONDS)
    return client


def texts(client: ParleyClient, room: int) -> list[str]:
    """What a client holds of a room."""
    return [message.body for _, message in sorted(client.timelines[room].rows.items())]


async def test_with_a_cut_as_soon_as_it_is_connected_again_everything_arrives_once_and_in_order(
    stack: Stack, proxy: Proxy
) -> None:
    async with AsyncExitStack() as clients:
        bad = f"http://127.0.0.1:{await proxy.start()}"
        sender, reader = await online(clients, bad, "cut_sender"), await online(clients, bad, "cut_reader")
        room = (await asyncio.to_thread(sender.http.create_room, "cuts")).room.id
        await asyncio.to_thread(reader.http.join, room)
        for client in (sender, reader):
            await until(lambda client=client: room in client.rooms, "in the room")
            await client.open_room(room)
        said: list[str] = []
        answers: list[asyncio.Future[Ack]] = []
        for cut in range(5):
            for number in range(60):
                said.append(f"{cut}.{number}")
                answers.append(sender.send(said[-1], room=room).answer)
                await asyncio.sleep(0.03)
            for client in (sender, reader):
                await until(lambda client=client: client.connections > cut, "connected again")  # noqa: B023
            proxy.cut()
        acks = await asyncio.wait_for(asyncio.gather(*answers), WAIT_SECONDS)
        await until(lambda: len(texts(reader, room)) == len(said), "the reader has everything")
        assert texts(reader, room) == said == texts(sender, room)
        assert [ack.number for ack in acks] == list(range(1, len(said) + 1))
        assert sender.connections >= 5


async def test_edits_and_deletions_reach_a_reader_who_was_away(stack: Stack) -> None:
    async with AsyncExitStack() as clients:
        writer, reader = (
            await online(clients, stack.url, "edit_writer"),
            await online(clients, stack.url, "edit_reader"),
        )
        await writer.send("first", to="edit_reader").answer
        await until(lambda: len(reader.rooms) == 2, "the direct room is there")
        room = max(reader.rooms)
        await writer.open_room(room)
        timeline = await reader.open_room(room)
        reader.kill()
        second = await writer.send("second", room=room).answer
        await until(lambda: second.number in writer.timelines[room].rows, "the writer sees its own")
        held = writer.timelines[room].rows
        await writer.edit(held[1], "first, better").answer
        await writer.delete(held[2]).answer
        await until(
            lambda: timeline.rows.get(2) is not None and timeline.rows[2].deleted, "the deletion arrived"
        )
        assert texts(reader, room) == ["first, better", ""]


async def test_a_reply_and_a_reaction_reach_a_reader(stack: Stack) -> None:
    async with AsyncExitStack() as clients:
        writer, reader = (
            await online(clients, stack.url, "reply_writer"),
            await online(clients, stack.url, "reply_reader"),
        )
        room = (await writer.send("Tea?", to="reply_reader").answer).room
        await until(lambda: room in reader.rooms, "the direct room is there")
        timeline = await reader.open_room(room)
        reply = await reader.send("Yes.", room=room, reply_to=1).answer
        await reader.react(timeline.rows[1], "👍").answer
        await until(lambda: timeline.rows[1].reactions != [], "the reaction arrived")
        assert reader.user is not None
        assert timeline.rows[1].reactions == [Reaction("👍", [reader.user.id])]
        await until(lambda: reply.number in timeline.rows, "the reply arrived")
        assert timeline.rows[reply.number].reply_to == 1
        await reader.react(timeline.rows[1], "👍", on=False).answer
        await until(lambda: timeline.rows[1].reactions == [], "it is taken away again")


async def test_an_edit_on_an_old_version_is_refused_for_good(stack: Stack) -> None:
    async with AsyncExitStack() as clients:
        writer = await online(clients, stack.url, "old_editor")
        ack = await writer.send("one", to="old_editor").answer
        timeline = await writer.open_room(ack.room)
        held: Message = timeline.rows[ack.number]
        await writer.edit(held, "two").answer
        with pytest.raises(Refused, match="changed meanwhile"):
            await writer.edit(held, "three").answer


async def test_a_client_whose_session_ended_signs_in_again(stack: Stack) -> None:
    async with AsyncExitStack() as clients:
        client = await online(clients, stack.url, "signed_out")
        url, password = stack.settings.redis_address()
        with redis.Redis.from_url(url, password=password) as store:
            store.delete(*store.keys("session:*"))
        client.kill()
        await until(lambda: client.connections == 2, "connected again, with a new session")
        assert (await client.send("back again", to="signed_out").answer).number == 1


async def test_a_client_that_is_told_to_move_goes_on_at_another_daemon(stack: Stack) -> None:
    async with AsyncExitStack() as clients:
        client = await online(clients, stack.url, "moving_one")
        before = client.server
        name = f"chatd:chatd-{before.rpartition(':')[2]}"
        restart = asyncio.create_task(asyncio.to_thread(stack.supervisorctl, "restart", name))
        answers: list[asyncio.Future[Ack]] = []
        while not restart.done():
            answers.append(client.send(f"during the restart {len(answers)}", to="moving_one").answer)
            await asyncio.sleep(0.02)
        await restart
        acks = await asyncio.wait_for(asyncio.gather(*answers), WAIT_SECONDS)
        assert [ack.number for ack in acks] == list(range(1, len(acks) + 1))
        assert client.connections >= 2


@pytest.mark.parametrize("leaves", [True, False])
async def test_an_answer_is_waited_for_unless_the_room_was_left_meanwhile(
    monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    """Who is expelled while a `sync` is open hears `left`, and nothing more of the room."""
    monkeypatch.setattr("chatd.client.ANSWER_SECONDS", 0.01)
    monkeypatch.setattr(ParleyClient, "_say", lambda *_: None)
    client = ParleyClient("http://chat.test", "alice", PASSWORD)
    given_up = asyncio.Event()
    socket = cast(ClientConnection, SimpleNamespace(transport=SimpleNamespace(abort=given_up.set)))
    client._socket = socket
    client.timelines[7] = Timeline(cursor=1)
    client._want(7, lambda timeline: timeline.heard(3))
    assert client.timelines[7].asked == 1
    if leaves:
        client._receive(socket, '{"type": "left", "room": 7}', {})
    await asyncio.sleep(0.05)
    assert given_up.is_set() is not leaves
