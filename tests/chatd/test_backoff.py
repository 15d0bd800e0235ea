"""How long a client waits before it connects again; its luck is made up."""

import random

import pytest

from chatd.backoff import MOST_SECONDS, Backoff


@pytest.fixture(autouse=True)
def unlucky(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wait is the longest that it may be."""
    monkeypatch.setattr(random, "uniform", lambda _, most: most)


def waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next() for _ in range(count)]


def test_the_waits_double_up_to_the_longest() -> None:
    assert waits(Backoff(), 8) == [0.5, 1, 2, 4, 8, 16, MOST_SECONDS, MOST_SECONDS]


def test_after_a_success_that_lasted_they_begin_anew() -> None:
    backoff = Backoff()
    waits(backoff, 8)
    backoff.reset()
    assert backoff.next() == 0.5


@pytest.mark.parametrize(("what", "longest"), [("told", 4), ("welcomed", 2)])
def test_a_server_that_is_there_is_not_waited_for_long(what: str, longest: float) -> None:
    backoff = Backoff()
    waits(backoff, 8)
    for _ in range(3):
        getattr(backoff, what)()
        assert backoff.next() == longest


def test_who_was_told_of_too_many_waits_longer_each_time_also_after_a_success() -> None:
    backoff, found = Backoff(), []
    backoff.reset()
    for _ in range(4):
        backoff.too_many()
        found.append(backoff.next())
    assert found == [8, 16, MOST_SECONDS, MOST_SECONDS]
