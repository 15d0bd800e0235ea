"""Cycles are looked for when connections have ended, not when they come; freed memory goes back to the system."""

import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd import garbage
from chatd.garbage import Garbage


class Knot:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[Garbage]:
    """One that has begun; Python's own rules come back at the end."""
    before = gc.get_threshold()
    collector = Garbage()
    collector.begin()
    yield collector
    gc.unfreeze()
    gc.set_threshold(*before)


def test_what_ended_connections_leave_is_freed_when_as_many_have_ended_as_there_are(
    collector: Garbage,
) -> None:
    old = Knot()
    gc.collect(1)
    gc.collect(1)  # it is among the oldest now, as a connection is after a while
    knot = weakref.ref(old)
    del old
    collector.look(ended=garbage.LEAST + 500, alive=garbage.LEAST + 500)
    assert knot() is not None
    collector.look(ended=garbage.LEAST + 501, alive=garbage.LEAST + 500)
    assert knot() is None


def test_a_collection_is_not_repeated_for_the_same_connections(
    collector: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    collections: list[int] = []
    monkeypatch.setattr("chatd.garbage.gc.collect", lambda: collections.append(1))
    for _ in range(3):
        collector.look(ended=garbage.LEAST + 1, alive=10)
    assert len(collections) == 1


def test_no_full_collection_comes_by_itself(collector: Garbage) -> None:
    before = gc.get_stats()[2]["collections"]
    kept = [Knot() for _ in range(200_000)]
    assert gc.get_stats()[2]["collections"] == before
    assert len(kept) == 200_000


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(garbage._trim is None, reason="only glibc can be told to")
def test_memory_between_what_lives_on_goes_back_to_the_system() -> None:
    blocks = [bytes(2_000) for _ in range(50_000)]
    kept = blocks[::50]
    before = resident_bytes()
    del blocks
    garbage.release()
    assert resident_bytes() < before - 50_000_000
    assert len(kept) == 1_000


def test_memory_goes_back_when_much_less_waits_for_readers_than_did(
    collector: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases: list[int] = []
    monkeypatch.setattr("chatd.garbage.release", lambda: releases.append(1))
    most = 2 * garbage.WORTH_BYTES
    for size in (0, most, most, most - garbage.WORTH_BYTES, most):
        collector.note_waiting(size)
    assert releases == []
    for size in (0, 0, garbage.WORTH_BYTES, 0):
        collector.note_waiting(size)
    assert len(releases) == 1


def test_memory_is_not_given_back_again_and_again(
    collector: Garbage, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases: list[int] = []
    now = 100.0
    monkeypatch.setattr("chatd.garbage.release", lambda: releases.append(1))
    monkeypatch.setattr("chatd.garbage.time.monotonic", lambda: now)
    for size in (2 * garbage.WORTH_BYTES, 0) * 3:
        collector.note_waiting(size)
    assert len(releases) == 1
    now += garbage.PAUSE_SECONDS + 1
    collector.note_waiting(0)
    assert len(releases) == 2, "what came meanwhile is made up for"
