"""Who comes back to a room, or asks for what it missed, misses nothing and is told nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias, cast

import pytest
from websockets.protocol import State

from chatd.peer import Peer
from chatd.store import StoreAway
from shared import protocol
from shared.database import Database
from shared.rooms import GENERAL
from shared.settings import Settings
from tests.chatd.listening import Scene, open_scene
from tests.shared.people import person


@pytest.fixture
async def scene(settings: Settings, database: Database) -> AsyncIterator[Scene]:
    scene = open_scene(settings, database)
    yield scene
    scene.store.close()


Question: TypeAlias = Callable[[Scene, int], Awaitable[None]]


async def resume(scene: Scene, since: int) -> None:
    """Alice comes back with a cursor, and is behind."""
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=since, head=since + 1)


async def sync(scene: Scene, since: int) -> None:
    """Alice is in the room, and asks for what lies after a version."""
    scene.delivery.hub.enter(scene.peer, GENERAL)
    await scene.delivery.catch_up.sync(scene.peer, GENERAL, since)


async def asked(scene: Scene, question: Question, since: int) -> "asyncio.Task[None]":
    """A question of Alice that the database has answered, and whose answer has not come yet."""
    scene.store.slow_for = scene.alice.id
    asking = asyncio.ensure_future(question(scene, since))
    await scene.store.until_asked()
    return asking


async def answer(scene: Scene, number: int = 0) -> None:
    """Let an answer come, and all be told that follows."""
    scene.store.answers[number].set()
    await scene.all_is_told()


def bodies(found: dict[str, Any]) -> list[str]:
    return [message["body"] for message in found["messages"]]


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_is_in_the_answer_is_told_once_and_what_happened_meanwhile_after_it(
    scene: Scene, question: Question
) -> None:
    said = scene.say("one", "two")
    await asked(scene, question, scene.head)
    said += scene.say("three")
    scene.hear(said[0], protocol.Seen(GENERAL, scene.alice.id, 1), *said[1:])
    await answer(scene)
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "seen", "message"]
    assert bodies(scene.ear.heard[0]) == ["one", "two"]
    assert scene.ear.heard[2]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_happened_before_a_reset_is_not_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, question: Question
) -> None:
    monkeypatch.setattr("shared.messages.CHANGES_ROWS", 1)
    said = scene.say("one", "two")
    await asked(scene, question, scene.head)
    said += scene.say("three")
    scene.hear(*said)
    await answer(scene)
    assert [frame["type"] for frame in scene.ear.heard] == ["reset", "message"]
    assert scene.ear.heard[1]["body"] == "three"


@pytest.mark.parametrize("question", [resume, sync])
@pytest.mark.parametrize("later", [0, 1])
async def test_of_what_the_daemon_had_missed_only_what_is_not_in_the_answer_is_told(
    scene: Scene, question: Question, later: int
) -> None:
    said = scene.say("one", "two")
    await asked(scene, question, scene.head)
    said += scene.say(*["three"][:later])
    scene.delivery.compare([(GENERAL, said[-1].version)])
    async with asyncio.timeout(60):
        while scene.delivery.delivered(GENERAL) != said[-1].version:
            await asyncio.sleep(0)
    await answer(scene)
    assert {frame["type"] for frame in scene.ear.heard} == {"changes"}
    assert [bodies(frame) for frame in scene.ear.heard] == [["one", "two"], *[["three"]][:later]]


async def test_where_no_answer_came_all_that_happened_is_told(scene: Scene) -> None:
    said = scene.say("one", "two")
    asking = await asked(scene, sync, scene.head)
    scene.hear(*said)
    scene.store.fault = StoreAway()
    await answer(scene)
    assert isinstance(asking.exception(), StoreAway)
    assert [frame["body"] for frame in scene.ear.heard] == ["one", "two"]


@pytest.mark.parametrize("question", [resume, sync])
async def test_what_the_database_told_before_the_bus_did_is_told_once(
    scene: Scene, question: Question
) -> None:
    """A publish follows its commit: who asks between the two is ahead of the daemon."""
    said = scene.say("one", "two")
    await asked(scene, question, scene.head)
    scene.store.answers[0].set()
    async with asyncio.timeout(60):
        while not scene.told("changes"):
            await asyncio.sleep(0)
    scene.hear(said[0])
    said += scene.say("three")
    scene.hear(*said[1:])
    await scene.all_is_told()
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "message"]
    assert scene.ear.heard[1]["body"] == "three"


async def test_who_comes_with_what_the_bus_has_not_brought_yet_is_not_told_it_again(scene: Scene) -> None:
    """The page loads the newest messages over HTTP, and says hello with their version."""
    said = scene.say("one", "two")
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=said[-1].version, head=said[-1].version)
    scene.hear(*said, protocol.Seen(GENERAL, scene.alice.id, 1), *scene.say("three"))
    await scene.all_is_told()
    assert [frame["type"] for frame in scene.ear.heard] == ["seen", "message"]


async def test_what_the_bus_never_brings_all_are_told_when_somebody_asks(
    scene: Scene, database: Database
) -> None:
    """Whoever committed it was killed before it was published."""
    bobs, bobs_ear = scene.comes(person(database, "bobby"))
    scene.delivery.hub.enter(bobs, GENERAL)
    scene.say("one", "two")
    await asked(scene, sync, scene.head)
    await answer(scene)
    scene.hear(*scene.say("three"))
    await scene.all_is_told()
    for ear in (scene.ear, bobs_ear):
        assert [frame["type"] for frame in ear.heard] == ["changes", "message"]
        assert bodies(ear.heard[0]) == ["one", "two"]


@pytest.mark.parametrize("first", [0, 1], ids=["the daemon's question first", "the client's first"])
async def test_who_asks_itself_while_the_daemon_asks_for_it_is_told_nothing_by_the_bus_that_an_answer_has(
    scene: Scene, first: int
) -> None:
    said = scene.say("one", "two")
    scene.hear(*said)
    await asked(scene, resume, scene.head)
    syncing = asyncio.ensure_future(scene.delivery.catch_up.sync(scene.peer, GENERAL, scene.head))
    said += scene.say("three")
    await scene.store.until_asked(2)
    scene.store.answers[first].set()
    async with asyncio.timeout(60):
        while not scene.told("changes"):
            await asyncio.sleep(0)
    scene.hear(said[2])
    await answer(scene, 1 - first)
    scene.hear(*scene.say("four"))
    await scene.all_is_told()
    assert syncing.done()
    # What it asked for itself it gets whole.
    own, the_daemons = ["one", "two", "three"], ["one", "two"]
    assert [bodies(frame) for frame in scene.told("changes")] == ([own] if first else [the_daemons, own])
    assert [frame["body"] for frame in scene.told("message")] == ["four"]


async def test_who_asks_itself_in_vain_is_brought_up_to_date_by_the_daemon(scene: Scene) -> None:
    """Its turn passed while its own question was open."""
    said = scene.say("one")
    scene.hear(*said)
    scene.store.slow_for = scene.alice.id
    scene.store.fault = StoreAway()
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=scene.head, head=scene.head + 1)
    syncing = asyncio.ensure_future(scene.delivery.catch_up.sync(scene.peer, GENERAL, scene.head))
    await scene.store.until_asked()
    await asyncio.sleep(0.01)
    assert len(scene.store.answers) == 1, "one question at a time is enough"
    scene.store.answers[0].set()
    with pytest.raises(StoreAway):
        await syncing
    scene.store.fault = scene.store.slow_for = None
    await scene.all_is_told()
    assert [bodies(frame) for frame in scene.ear.heard] == [["one"]]


async def test_who_left_while_it_asked_gets_no_answer(scene: Scene) -> None:
    scene.say("one")
    await asked(scene, sync, scene.head)
    scene.delivery.expel(scene.alice.id, GENERAL)
    await answer(scene)
    assert [frame["type"] for frame in scene.ear.heard] == ["left"]


async def test_who_is_no_member_any_more_is_told_so_instead(scene: Scene, database: Database) -> None:
    """Nobody heard of it, and the database is the first to say it."""
    with database.transaction() as cursor:
        cursor.execute("DELETE FROM members WHERE user_id = %s", (scene.alice.id,))
    await resume(scene, scene.head - 1)
    await scene.all_is_told()
    assert [frame["type"] for frame in scene.ear.heard] == ["left"]


async def test_who_is_owed_what_the_database_no_longer_has_is_told_to_come_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup was restored beneath the daemon, which has not noticed yet."""

    async def close(peer: Peer, code: int, reason: str) -> None:
        closed.append(code)
        cast(Any, peer.ws).state = State.CLOSED

    closed: list[int] = []
    monkeypatch.setattr(Peer, "close", close)
    scene.delivery.catch_up.enter(scene.peer, GENERAL, cursor=scene.head - 1, head=scene.head + 1)
    await scene.all_is_told()
    assert closed == [protocol.Close.TRY_AGAIN]
    assert not scene.ear.heard


async def test_where_more_happened_than_is_kept_the_client_begins_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking again could go on for ever, and the database would not tell so much either."""
    monkeypatch.setattr("chatd.backlog.KEPT_MAX", 100)
    said = scene.say("one")
    await asked(scene, resume, scene.head)
    said += scene.say("two", "three")
    scene.hear(*said)
    await answer(scene)
    scene.hear(*scene.say("four"))
    await scene.all_is_told()
    assert [frame["type"] for frame in scene.ear.heard] == ["changes", "reset", "message"]
    assert scene.ear.heard[1]["version"] == said[-1].version
    assert scene.ear.heard[2]["body"] == "four"
