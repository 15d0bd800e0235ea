"""What feeds the load generator: its failure must be seen, for it happens in a thread."""

import time
from collections.abc import Sequence

from tests.bench.feed import COUNT, Feeding, Item, PlainFeed


class BrokenFeed:
    def take(self, count: int) -> Sequence[Item]:
        raise OSError("the database is gone")


def test_what_is_asked_for_comes_and_its_time_on_the_core_is_known() -> None:
    with Feeding(PlainFeed([0], body=40)) as feeding:
        feeding.theirs.sendall(COUNT.pack(2))
        came = b""
        while came.count(b"PUBLISH") < 2:
            came += feeding.theirs.recv(65_536)
    assert b"~:000000:00000001" in came
    assert feeding.cpu_seconds > 0
    assert feeding.fault is None


def test_a_feed_that_fails_ends_the_connection_and_says_why() -> None:
    with Feeding(BrokenFeed()) as feeding:
        feeding.theirs.sendall(COUNT.pack(1))
        assert feeding.theirs.recv(1) == b""
        assert repr(feeding.fault) == "OSError('the database is gone')"


def test_the_end_of_the_load_generator_is_no_failure() -> None:
    class SlowFeed(PlainFeed):
        def take(self, count: int) -> Sequence[Item]:
            time.sleep(0.05)
            return super().take(count)

    with Feeding(SlowFeed([0], body=40)) as feeding:
        feeding.theirs.sendall(COUNT.pack(1))
    assert feeding.fault is None
