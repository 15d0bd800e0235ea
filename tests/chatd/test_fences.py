"""A sender's order after a temporary refusal."""

from uuid import UUID

from chatd.fences import Fences
from shared.protocol import Delete, Send

FIRST, SECOND = Send(UUID(int=1), "one", room=7), Send(UUID(int=2), "two", room=7)


def test_nothing_waits_while_nothing_was_refused() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=False)
    assert not fences.stops("ann", SECOND)


def test_a_later_message_waits_for_the_one_that_was_refused_for_a_while() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=True)
    assert fences.stops("ann", SECOND)
    assert not fences.stops("ann", FIRST)


def test_it_waits_no_longer_when_the_refused_one_was_answered() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=True)
    fences.settled("ann", FIRST, temporary=False)
    assert not fences.stops("ann", SECOND)


def test_the_first_that_was_refused_goes_first_though_later_ones_were_refused_too() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=True)
    fences.settled("ann", SECOND, temporary=True)
    assert not fences.stops("ann", FIRST)
    assert fences.stops("ann", SECOND)


def test_other_rooms_other_senders_and_other_commands_do_not_wait() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=True)
    assert not fences.stops("ann", Send(UUID(int=3), "three", room=8))
    assert not fences.stops("ben", SECOND)
    assert not fences.stops("ann", Delete(UUID(int=4), 7, 1))


def test_a_nickname_is_one_conversation_whatever_its_capitals() -> None:
    fences = Fences()
    fences.settled("ann", Send(UUID(int=1), "one", to="Bert"), temporary=True)
    assert fences.stops("ann", Send(UUID(int=2), "two", to="bERT"))


def test_a_new_connection_begins_without_fences() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, temporary=True)
    fences.forget("ann")
    assert not fences.stops("ann", SECOND)
