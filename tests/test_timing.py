"""A promise about time fails where it is broken each time, and nothing else is tried again."""

import pytest

from tests.timing import TRIES, TooSlow, best_of_tries, within


def test_what_is_in_time_is_tried_once() -> None:
    tries = []

    @best_of_tries
    def test() -> None:
        with within(60):
            tries.append(1)

    test()
    assert len(tries) == 1


async def test_the_best_try_counts() -> None:
    tries = []

    @best_of_tries
    async def test() -> None:
        tries.append(1)
        with within(60 if len(tries) == TRIES else 0):
            pass

    await test()
    assert len(tries) == TRIES


def test_what_is_always_too_slow_fails() -> None:
    @best_of_tries
    def test() -> None:
        with within(0):
            pass

    with pytest.raises(TooSlow):
        test()


def test_another_failure_is_not_tried_again() -> None:
    tries = []

    @best_of_tries
    def test() -> None:
        with within(60):
            tries.append(1)
            raise KeyError("a fault")

    with pytest.raises(KeyError):
        test()
    assert len(tries) == 1


def test_what_fails_after_its_time_was_too_slow() -> None:
    with pytest.raises(TooSlow) as slow, within(0):
        raise KeyError("a fault")
    assert isinstance(slow.value.__cause__, KeyError)
