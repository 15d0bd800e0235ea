"""How much anybody may ask for; the time is made up."""

import heapq

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.backoff import Backoff
from chatd.ratelimit import ADDRESS_FACTORS, DEBT_SECONDS, SWEEP_LEAST, Buckets, Kind, Limits, Quota, Rate
from chatd.server import MOVES_PER_SECOND
from shared.settings import Settings

NONE = dict.fromkeys(Kind, 0.0)
TEAM = 2000

rates = st.builds(Rate, per_second=st.floats(0.01, 10_000), burst=st.integers(1, 1000).map(float))
moments = st.floats(0, 1e9)
pauses = st.lists(st.floats(0, 30), max_size=200)


def limits(**per_second: float) -> Limits:
    return Limits(NONE | {Kind(kind): rate for kind, rate in per_second.items()})


# -- buckets


def test_a_burst_passes_at_once_and_then_one_after_the_other() -> None:
    buckets = Buckets(Rate(per_second=2, burst=3))
    for _ in range(3):
        assert buckets.wait("a", 0) == 0
        buckets.take("a", 0)
    assert buckets.wait("a", 0) == 0.5
    assert buckets.wait("a", 0.25) == 0.25
    assert buckets.wait("a", 0.5) == 0
    buckets.take("a", 0.5)
    assert buckets.wait("a", 0.5) == 0.5


def test_after_a_pause_the_whole_burst_is_there_again_and_no_more() -> None:
    buckets = Buckets(Rate(per_second=1, burst=2))
    for now in (0.0, 1000.0):
        for _ in range(2):
            assert buckets.wait("a", now) == 0
            buckets.take("a", now)
        assert buckets.wait("a", now) == 1


def test_one_s_bucket_is_not_another_s() -> None:
    buckets = Buckets(Rate(per_second=1, burst=1))
    buckets.take("a", 0)
    assert (buckets.wait("a", 0), buckets.wait("b", 0)) == (1, 0)


def test_a_rate_of_nothing_is_no_limit_and_costs_no_memory() -> None:
    buckets = Buckets(Rate.of(0))
    for _ in range(1000):
        assert buckets.wait("a", 0) == 0
        buckets.take("a", 0)
    assert len(buckets) == 0


def test_a_slow_rate_lets_one_through_all_the_same() -> None:
    assert Rate.of(0.001).burst == 1


def test_who_asked_long_ago_is_forgotten() -> None:
    buckets = Buckets(Rate(per_second=1, burst=10))
    for number in range(100 * SWEEP_LEAST):
        buckets.take(number, now=float(number))
        assert len(buckets) <= SWEEP_LEAST


def test_who_asked_just_now_is_not_forgotten_however_many_they_are() -> None:
    buckets = Buckets(Rate(per_second=0.001, burst=1))
    for number in range(5 * SWEEP_LEAST):
        buckets.take(number, 0)
    assert all(buckets.wait(number, 0) for number in range(5 * SWEEP_LEAST))


@given(rates, moments, pauses)
def test_never_more_than_the_burst_and_the_rate_allow(rate: Rate, now: float, pauses: list[float]) -> None:
    buckets, began, taken = Buckets(rate), now, 0
    for pause in pauses:
        now += pause
        while not buckets.wait("a", now) and taken < 2000:
            buckets.take("a", now)
            taken += 1
        # Times of a billion seconds are rounded to a tenth of a microsecond.
        assert taken <= rate.burst + rate.per_second * (now - began + 1e-5 * (taken + 1)) + 1


@given(rates, moments, pauses)
def test_who_waits_as_long_as_was_said_passes(rate: Rate, now: float, pauses: list[float]) -> None:
    buckets = Buckets(rate)
    for pause in pauses:
        now += pause
        wait = buckets.wait("a", now)
        assert wait <= 1 / rate.per_second + 1e-5
        now += wait
        assert buckets.wait("a", now) == 0
        buckets.take("a", now)


@given(rates, pauses)
def test_who_comes_no_faster_than_the_rate_is_never_told_to_wait(rate: Rate, pauses: list[float]) -> None:
    buckets, now = Buckets(rate), 0.0
    for pause in pauses:
        now += 1 / rate.per_second + pause
        assert buckets.wait("a", now) == 0
        buckets.take("a", now)


def test_who_took_more_than_there_was_waits_for_it_but_not_for_ever() -> None:
    buckets = Buckets(Rate(per_second=10, burst=10))
    buckets.take("a", 0, count=60)
    assert buckets.wait("a", 0) == pytest.approx(5.1)
    buckets.take("a", 0, count=1_000_000)
    assert buckets.wait("a", 0) == pytest.approx(DEBT_SECONDS + 0.1)


# -- limits


def test_a_user_is_limited_whatever_the_address() -> None:
    of_all = limits(message=0.1)
    assert of_all.take(Kind.MESSAGE, 0, user=1, address="a") == 0
    assert of_all.take(Kind.MESSAGE, 0, user=1, address="b") == 10
    assert of_all.take(Kind.MESSAGE, 0, user=2, address="a") == 0


@pytest.mark.parametrize(("kind", "factor"), ADDRESS_FACTORS.items())
def test_an_address_may_ask_for_as_much_as_several_users(kind: Kind, factor: float) -> None:
    of_all = Limits(NONE | {kind: 0.1})
    for user in range(int(factor)):
        assert of_all.take(kind, 0, user=user, address="a") == 0
    assert of_all.take(kind, 0, user=1000, address="a") == pytest.approx(10 / factor)


def handshakes() -> tuple[Settings, Limits]:
    """The settings as they are by themselves, and their limits."""
    default = Settings.load({}, dotenv=None)
    rates = NONE | {Kind.HANDSHAKE: default.handshake_rate}
    return default, Limits(rates, handshakes_of_address=default.handshake_rate_per_address)


@pytest.mark.parametrize(("pages", "most_within", "all_within"), [(1, 1, 1), (2, 5, 30)])
def test_after_a_restart_a_team_behind_one_address_is_back_within_seconds(
    pages: int, most_within: float, all_within: float
) -> None:
    """A single daemon has to take them all, each page by the back-off of clients."""
    _, of_all = handshakes()
    waits = [Backoff() for _ in range(pages * TEAM)]
    attempts = sorted((wait.next(), page) for page, wait in enumerate(waits))
    back: list[float] = []
    while attempts:
        now, page = heapq.heappop(attempts)
        if of_all.take(Kind.HANDSHAKE, now, address="office"):
            heapq.heappush(attempts, (now + waits[page].next(), page))
        else:
            assert of_all.take(Kind.HANDSHAKE, now, user=page % TEAM) == 0
            back.append(now)
    assert back[int(0.9 * len(back))] < most_within
    assert back[-1] < all_within


def test_a_flood_of_handshakes_from_one_address_leaves_most_of_a_daemon_to_others() -> None:
    default, of_all = handshakes()
    taken = sum(of_all.take(Kind.HANDSHAKE, ms / 1000, address="elsewhere") == 0 for ms in range(60_000))
    assert taken <= 70 * default.handshake_rate_per_address
    assert default.handshake_rate_per_address * 4 < MOVES_PER_SECOND
    assert default.sockets_per_address >= 2 * TEAM
    assert default.sockets_per_address * 4 <= default.sockets_max


def test_what_is_refused_is_not_counted() -> None:
    of_all = limits(message=0.1)
    for _ in range(5):
        of_all.take(Kind.MESSAGE, 0, user=1, address="a")
    for user in range(2, 2 + int(ADDRESS_FACTORS[Kind.MESSAGE]) - 1):
        assert of_all.take(Kind.MESSAGE, 0, user=user, address="a") == 0
    assert of_all.take(Kind.MESSAGE, 10, user=1, address="a") == 0


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_is_counted_for_itself(kind: Kind) -> None:
    of_all = Limits(dict.fromkeys(Kind, 0.1))
    assert of_all.take(kind, 0, user=1) == 0
    assert of_all.take(kind, 0, user=1) == 10
    assert all(of_all.take(other, 0, user=1) == 0 for other in Kind if other is not kind)


def test_a_program_of_this_machine_has_no_address_to_be_limited_by() -> None:
    of_all = Limits(NONE | {Kind.HANDSHAKE: 0.001}, handshakes_of_address=0.001)
    assert [of_all.take(Kind.HANDSHAKE, 0) for _ in range(100)] == [0] * 100


def test_the_log_hears_of_the_same_thing_once_a_minute() -> None:
    of_all = limits()
    assert [of_all.worth_a_line("a", now) for now in (0, 1, 59, 61, 62)] == [True, False, False, True, False]
    assert of_all.worth_a_line("b", 62)


# -- quotas


def test_a_quota_holds_so_many_and_one_more_after_one_left() -> None:
    quota = Quota(2)
    assert [quota.enter("a") for _ in range(3)] == [True, True, False]
    assert quota.enter("b")
    quota.leave("a")
    assert [quota.enter("a") for _ in range(2)] == [True, False]


def test_a_quota_of_nothing_is_no_limit() -> None:
    quota = Quota(0)
    assert all(quota.enter("a") for _ in range(1000))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans())), st.integers(1, 5))
def test_a_quota_counts_right_and_forgets_who_holds_nothing(steps: list[tuple[str, bool]], most: int) -> None:
    quota, held = Quota(most), {"a": 0, "b": 0}
    for key, entering in steps:
        if entering:
            assert quota.enter(key) is (held[key] < most)
            held[key] = min(most, held[key] + 1)
        elif held[key]:
            quota.leave(key)
            held[key] -= 1
        assert len(quota) == sum(count > 0 for count in held.values())
