"""A sender's order after a temporary refusal."""

from uuid import UUID

from chatd.fences import FENCE_SECONDS, Fences
from shared.protocol import Delete, Send

NOW = 100.0
FIRST, SECOND = Send(UUID(int=1), "one", room=7), Send(UUID(int=2), "two", room=7)


def test_nothing_waits_while_nothing_was_refused() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=False)
    assert not fences.stops("ann", SECOND, NOW)


def test_a_later_message_waits_for_the_one_that_was_refused_for_a_while() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    assert fences.stops("ann", SECOND, NOW)
    assert not fences.stops("ann", FIRST, NOW)


def test_it_waits_no_longer_when_the_refused_one_was_answered() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    fences.settled("ann", FIRST, NOW, temporary=False)
    assert not fences.stops("ann", SECOND, NOW)


def test_the_first_that_was_refused_goes_first_though_later_ones_were_refused_too() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    fences.settled("ann", SECOND, NOW, temporary=True)
    assert not fences.stops("ann", FIRST, NOW)
    assert fences.stops("ann", SECOND, NOW)


def test_other_rooms_other_senders_and_other_commands_do_not_wait() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    assert not fences.stops("ann", Send(UUID(int=3), "three", room=8), NOW)
    assert not fences.stops("ben", SECOND, NOW)
    assert not fences.stops("ann", Delete(UUID(int=4), 7, 1), NOW)


def test_a_nickname_is_one_conversation_whatever_its_capitals() -> None:
    fences = Fences()
    fences.settled("ann", Send(UUID(int=1), "one", to="Bert"), NOW, temporary=True)
    assert fences.stops("ann", Send(UUID(int=2), "two", to="bERT"), NOW)


def test_a_new_connection_begins_without_fences() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    fences.forget("ann")
    assert not fences.stops("ann", SECOND, NOW)


def test_a_sender_who_gave_the_refused_one_up_is_mute_for_a_minute_only() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    assert fences.stops("ann", SECOND, NOW + FENCE_SECONDS - 1)
    assert not fences.stops("ann", SECOND, NOW + FENCE_SECONDS)


def test_a_refused_one_that_comes_again_and_again_keeps_its_place() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    fences.settled("ann", FIRST, NOW + FENCE_SECONDS - 1, temporary=True)
    assert fences.stops("ann", SECOND, NOW + FENCE_SECONDS)


def test_those_that_wait_behind_a_refused_one_do_not_prolong_it() -> None:
    fences = Fences()
    fences.settled("ann", FIRST, NOW, temporary=True)
    fences.settled("ann", SECOND, NOW + FENCE_SECONDS - 1, temporary=True)
    assert not fences.stops("ann", SECOND, NOW + FENCE_SECONDS)
