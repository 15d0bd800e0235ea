"""Everybody is served in turn, each in their own order."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.turns import Turns


def turns(*items: tuple[str, int], weight: int = 1) -> Turns[tuple[str, int]]:
    queue: Turns[tuple[str, int]] = Turns()
    for item in items:
        queue.put(item[0], item, weight)
    return queue


def test_who_has_much_waiting_delays_another_by_one() -> None:
    queue = turns(*(("a", number) for number in range(100)), ("b", 0))
    assert [queue.take() for _ in range(3)] == [("a", 0), ("b", 0), ("a", 1)]


def test_who_was_served_goes_to_the_end() -> None:
    queue = turns(("a", 0), ("a", 1), ("b", 0))
    assert queue.take() == ("a", 0)
    queue.put("c", ("c", 0), 1)
    assert [queue.take() for _ in range(3)] == [("b", 0), ("a", 1), ("c", 0)]


def test_the_next_one_is_the_one_that_is_taken() -> None:
    queue = turns(("a", 0), ("b", 0))
    while queue:
        assert queue.next() == queue.take()


def test_nothing_can_not_be_taken() -> None:
    with pytest.raises(IndexError):
        turns().take()
    with pytest.raises(IndexError):
        turns().next()


def test_the_weight_is_of_what_waits() -> None:
    queue = turns(("a", 0), ("a", 1), ("b", 0), weight=10)
    assert (queue.weight("a"), queue.weight("b"), queue.weight("c")) == (20, 10, 0)
    queue.take()
    assert queue.weight("a") == 10
    queue.take()
    queue.take()
    assert (queue.weight("a"), queue.weight("b"), len(queue)) == (0, 0, 0)


@given(st.lists(st.one_of(st.sampled_from("abcd"), st.none()), max_size=200))
def test_each_key_s_items_come_out_in_their_order_and_nobody_is_passed_twice(steps: list[str | None]) -> None:
    """A letter puts an item of that key, None takes one."""
    queue: Turns[tuple[str, int]] = Turns()
    waiting: dict[str, deque[int]] = {key: deque() for key in "abcd"}
    passed: dict[str, list[str]] = {key: [] for key in "abcd"}  # who was served since, while this key waited
    for number, key in enumerate(steps):
        if key is not None:
            queue.put(key, (key, number), number)
            waiting[key].append(number)
        elif queue:
            served, taken = queue.take()
            assert waiting[served].popleft() == taken
            passed[served] = []
            for other, items in waiting.items():
                if other != served and items:
                    assert served not in passed[other], f"{served} was served twice while {other} waited"
                    passed[other].append(served)
        assert len(queue) == sum(len(items) for items in waiting.values())
        assert all(queue.weight(key) == sum(items) for key, items in waiting.items())
