"""Who comes back to a room, or asks for what it missed, misses nothing and is told nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeAlias
from unittest.mock import AsyncMock

import pytest

from chatd.peer import Peer
from chatd.store import StoreAway
from shared import protocol
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.chatd.listening import Scene, open_scene


@pytest.fixture
async def scene(settings: Settings, database: Database) -> AsyncIterator[Scene]:
    scene = open_scene(settings, database)
    yield scene
    scene.store.close()


Question: TypeAlias = Callable[[Scene, int], Coroutine[Any, Any, None]]


async def resume(scene: Scene, since: int) -> None:
    """Alice comes back with a cursor, and is brought up to date."""
    before = asyncio.all_tasks()
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=since, head=since + 1)
    (catching_up,) = asyncio.all_tasks() - before
    await catching_up


async def sync(scene: Scene, since: int) -> None:
    """Alice is in the room, and asks for what lies after a version."""
    scene.delivery.hub.enter(scene.peer, GENERAL)
    await scene.delivery.catch_up.sync(scene.peer, GENERAL, since)


async def asked(scene: Scene, question: Question, since: int) -> asyncio.Task[None]:
    """A question of Alice that the database has answered, and whose answer has not come yet."""
    scene.store.slow_for = scene.alice.id
    asking = asyncio.ensure_future(question(scene, since))
    await scene.store.asked.wait()
    return asking


async def until_it_waits_no_more(scene: Scene) -> None:
    """Alice was told all that was delivered, and it is written."""
    while scene.delivery.hub.waiting(scene.peer, GENERAL) is not None:
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


async def answer(scene: Scene, asking: asyncio.Task[None]) -> None:
    """Let the answer come, and all that is due be written."""
    scene.store.may_answer.set()
    await asking
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_was_held_and_is_in_the_answer_is_told_once(scene: Scene, question: Question) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        said += scene.say("three")
        scene.hear(said[0], protocol.Seen(GENERAL, scene.alice.id, 1), *said[1:])
        await answer(scene, asking)
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "seen", "message"]
    assert [one["body"] for one in scene.told("changes")[0]["messages"]] == ["one", "two"]
    assert scene.told("message")[0]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_was_held_before_a_reset_is_not_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, question: Question
) -> None:
    monkeypatch.setattr("shared.messages.CHANGES_ROWS", 1)
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        said += scene.say("three")
        scene.hear(*said)
        await answer(scene, asking)
    assert [frame["type"] for frame in scene.ear.heard] == ["reset", "message"]
    assert scene.told("message")[0]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
@pytest.mark.parametrize("later", [0, 1])
async def test_of_what_the_daemon_had_missed_only_what_is_not_in_the_answer_is_told(
    scene: Scene, question: Question, later: int
) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        said += scene.say(*["three"][:later])
        scene.delivery.compare([(GENERAL, said[-1].version)])
        while scene.delivery.sequencer.seen(GENERAL) != said[-1].version:
            await asyncio.sleep(0)
        await answer(scene, asking)
        await until_it_waits_no_more(scene)
    assert {frame["type"] for frame in scene.ear.heard} == {"changes"}
    assert [[one["body"] for one in frame["messages"]] for frame in scene.told("changes")] == [
        ["one", "two"],
        *[["three"]][:later],
    ]


async def test_where_no_answer_came_all_that_was_held_is_told(scene: Scene) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, sync, scene.head)
        scene.hear(*said)
        scene.store.fault = StoreAway()
        with pytest.raises(StoreAway):
            await answer(scene, asking)
        await asyncio.sleep(0.01)
    assert [frame["body"] for frame in scene.ear.heard] == ["one", "two"]


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_the_database_told_before_the_bus_did_is_told_once(
    scene: Scene, question: Question
) -> None:
    """A publish follows its commit: who asks between the two is ahead of the daemon."""
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, question, scene.head)
        await answer(scene, asking)
        scene.hear(said[0])
        said += scene.say("three")
        scene.hear(*said[1:])
        await asyncio.sleep(0.01)
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "message"]
    assert scene.told("message")[0]["body"] == "three"


async def test_who_comes_with_what_the_bus_has_not_brought_yet_is_not_told_it_again(scene: Scene) -> None:
    """The page loads the newest messages over HTTP, and says hello with their version."""
    said = scene.say("one", "two")
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=said[-1].version, head=said[-1].version)
    scene.hear(*said, protocol.Seen(GENERAL, scene.alice.id, 1), *scene.say("three"))
    await asyncio.sleep(0.01)
    assert [frame["type"] for frame in scene.ear.heard] == ["seen", "message"]


async def test_where_the_bus_never_brings_it_the_database_is_asked_and_it_is_told_once(scene: Scene) -> None:
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        asking = await asked(scene, sync, scene.head)
        await answer(scene, asking)
        scene.delivery.compare([(GENERAL, said[-1].version)])
        await until_it_waits_no_more(scene)
        scene.hear(*scene.say("three"))
        await asyncio.sleep(0.01)
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "message"]


async def test_while_a_client_asks_itself_it_gets_nothing_of_what_its_answer_tells(scene: Scene) -> None:
    """It was behind when it came, and asks again before it is brought up to date."""
    said = scene.say("one", "two")
    async with asyncio.timeout(60):
        scene.hear(*said)
        coming = await asked(scene, resume, scene.head)
        syncing = asyncio.ensure_future(scene.delivery.catch_up.sync(scene.peer, GENERAL, scene.head))
        said += scene.say("three")
        while scene.store.answers < 2:
            await asyncio.sleep(0.001)
        scene.hear(said[2])
        scene.store.may_answer.set()
        await asyncio.gather(coming, syncing)
        await until_it_waits_no_more(scene)
        scene.hear(*scene.say("four"))
        await asyncio.sleep(0.01)
    asked_for = [[one["body"] for one in frame["messages"]] for frame in scene.told("changes")]
    assert asked_for[-1] == ["one", "two", "three"], "what it asked for itself it gets whole"
    assert asked_for[:-1] in ([], [["one", "two"]])
    assert [frame["body"] for frame in scene.told("message")] == ["four"]


async def test_who_left_while_it_asked_gets_no_answer(scene: Scene) -> None:
    scene.say("one")
    async with asyncio.timeout(60):
        asking = await asked(scene, sync, scene.head)
        scene.delivery.expel(scene.alice.id, GENERAL)
        await answer(scene, asking)
    assert [frame["type"] for frame in scene.ear.heard] == ["left"]


async def test_who_is_owed_what_the_database_no_longer_has_is_told_to_come_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup was restored beneath the daemon, which has not noticed yet."""
    closed = AsyncMock()
    monkeypatch.setattr(Peer, "close", closed)
    async with asyncio.timeout(60):
        scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=scene.head - 1, head=scene.head + 1)
        while not closed.called:
            await asyncio.sleep(0.001)
    assert closed.call_args.args[0] == protocol.Close.TRY_AGAIN
    assert not scene.ear.heard


async def test_of_more_than_is_kept_for_anybody_the_database_is_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.backlog.KEPT_MAX", 100)
    said = scene.say("one")
    async with asyncio.timeout(60):
        asking = await asked(scene, resume, scene.head)
        said += scene.say("two", "three")
        scene.hear(*said)
        await answer(scene, asking)
        await until_it_waits_no_more(scene)
    assert [[one["body"] for one in frame["messages"]] for frame in scene.ear.heard] == [
        ["one"],
        ["two", "three"],
    ]
