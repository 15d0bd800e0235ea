"""A sender's order after a temporary refusal."""

from uuid import UUID

import pytest

from chatd.fences import Fences
from shared.protocol import Command, Delete, Edit, Send

LAPTOP, PHONE = "laptop", "phone"


def send(id: int, room: int | None = 1, to: str | None = None) -> Send:
    return Send(UUID(int=id), "x", room, to)


def refused(id: int, **where: object) -> Fences:
    fences = Fences()
    fences.settled(LAPTOP, send(id, **where), temporary=True)  # type: ignore[arg-type]
    return fences


def test_without_a_refusal_nothing_is_stopped() -> None:
    fences = Fences()
    fences.settled(LAPTOP, send(1), temporary=False)
    assert not fences.stops(LAPTOP, send(2))


def test_after_a_refusal_the_later_messages_wait_and_the_refused_one_passes() -> None:
    fences = refused(1)
    assert fences.stops(LAPTOP, send(2))
    assert not fences.stops(LAPTOP, send(1))


@pytest.mark.parametrize("temporary", [True, False])
def test_the_fence_falls_with_the_final_answer_and_only_with_that(temporary: bool) -> None:
    fences = refused(1)
    fences.settled(LAPTOP, send(1), temporary=temporary)
    assert fences.stops(LAPTOP, send(2)) is temporary


def test_of_several_refused_ones_the_first_comes_first() -> None:
    fences = refused(1)
    fences.settled(LAPTOP, send(2), temporary=True)
    assert fences.stops(LAPTOP, send(2))
    fences.settled(LAPTOP, send(1), temporary=False)
    assert not fences.stops(LAPTOP, send(2))


def test_other_rooms_people_and_devices_go_on() -> None:
    fences = refused(1)
    assert not fences.stops(LAPTOP, send(2, room=2))
    assert not fences.stops(LAPTOP, send(2, room=None, to="bobby"))
    assert not fences.stops(PHONE, send(2))


def test_a_nickname_is_one_conversation_whatever_its_capitals() -> None:
    assert refused(1, room=None, to="Bobby").stops(LAPTOP, send(2, room=None, to="bOBBY"))


@pytest.mark.parametrize(
    "command", [Edit(UUID(int=2), 1, 1, 1, "x"), Delete(UUID(int=2), 1, 1)], ids=["edit", "delete"]
)
def test_edits_and_deletions_neither_wait_nor_stop_others(command: Command) -> None:
    fences = refused(1)
    assert not fences.stops(LAPTOP, command)
    fences = Fences()
    fences.settled(LAPTOP, command, temporary=True)
    assert not fences.stops(LAPTOP, send(3))


def test_a_connection_that_is_gone_stops_nothing() -> None:
    fences = refused(1)
    fences.settled(PHONE, send(1), temporary=True)
    fences.forget(LAPTOP)
    assert not fences.stops(LAPTOP, send(2))
    assert fences.stops(PHONE, send(2))
