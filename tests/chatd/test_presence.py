"""How people are, by all that is said of them; the time is made up."""

import math

from hypothesis import given
from hypothesis import strategies as st

from chatd.presence import AT_ONCE, AWAY, CHANGE_SECONDS, OFFLINE, ONLINE, Table, Watchers

ALICE, BOB = 1, 2
GRACE = 10.0


def changes(table: Table, now: float) -> dict[int, str]:
    table.expire(now)
    return table.take_changes(now)


# -- one user


def test_nobody_knows_of_anybody_at_first() -> None:
    table = Table()
    assert (table.told(ALICE), table.users(), changes(table, 0)) == (OFFLINE, [], {})


def test_what_a_source_says_is_told_once() -> None:
    table = Table()
    table.say(ALICE, "laptop", ONLINE)
    assert changes(table, 0) == {ALICE: ONLINE}
    assert changes(table, 5) == {}
    assert (table.told(ALICE), table.users()) == (ONLINE, [ALICE])


def test_online_anywhere_is_online_and_away_everywhere_is_away() -> None:
    table = Table()
    for now, (source, state, expected) in enumerate(
        [
            ("laptop", AWAY, AWAY),
            ("phone", ONLINE, ONLINE),
            ("laptop", ONLINE, ONLINE),
            ("phone", AWAY, ONLINE),
            ("laptop", AWAY, AWAY),
            ("laptop", OFFLINE, AWAY),
            ("phone", OFFLINE, OFFLINE),
        ]
    ):
        table.say(ALICE, source, state)
        changes(table, now)
        assert table.told(ALICE) == expected, (source, state)


def test_what_is_said_with_an_end_is_over_then_and_saying_it_again_prolongs_it() -> None:
    table = Table()
    table.say(ALICE, "daemon", ONLINE, until=75)
    assert changes(table, 0) == {ALICE: ONLINE}
    table.say(ALICE, "daemon", ONLINE, until=105)
    assert changes(table, 75) == {}
    assert changes(table, 104.9) == {}
    assert changes(table, 105) == {ALICE: OFFLINE}


def test_who_comes_back_within_the_grace_never_was_gone() -> None:
    table = Table()
    table.say(ALICE, "page", ONLINE)
    changes(table, 0)
    table.let_go(ALICE, "page", until=20 + GRACE)
    assert changes(table, 20) == {}
    table.say(ALICE, "page again", ONLINE)
    assert changes(table, 20 + GRACE) == {}
    table.let_go(ALICE, "page again", until=40 + GRACE)
    assert changes(table, 40 + GRACE) == {ALICE: OFFLINE}


def test_a_page_that_is_loaded_again_beside_an_idle_one_makes_nobody_look_away() -> None:
    table = Table()
    table.say(ALICE, "idle page", AWAY)
    table.say(ALICE, "page", ONLINE)
    changes(table, 0)
    table.let_go(ALICE, "page", until=20 + GRACE)
    assert changes(table, 20) == {}
    table.say(ALICE, "page again", ONLINE)
    assert changes(table, 100) == {}


def test_letting_go_prolongs_nothing_and_makes_nobody() -> None:
    table = Table()
    table.say(ALICE, "daemon", ONLINE, until=5)
    table.let_go(ALICE, "daemon", until=10)
    table.let_go(ALICE, "another", until=10)
    table.let_go(BOB, "daemon", until=10)
    assert changes(table, 0) == {ALICE: ONLINE}
    assert changes(table, 5) == {ALICE: OFFLINE}


def test_a_daemon_that_stops_takes_with_it_only_who_is_nowhere_else() -> None:
    table = Table()
    for user in (ALICE, BOB):
        table.say(user, "daemon 0", ONLINE, until=75)
    table.say(ALICE, "daemon 1", AWAY, until=75)
    changes(table, 0)
    table.let_go_of_all("daemon 0", until=GRACE)
    assert changes(table, GRACE) == {ALICE: AWAY, BOB: OFFLINE}


# -- much at once


def test_a_user_who_changes_all_the_time_is_told_of_once_a_second_and_the_last_of_it_in_the_end() -> None:
    table, told = Table(), []
    for tick in range(100):
        table.say(ALICE, "page", ONLINE if tick % 2 else AWAY)
        told += list(changes(table, tick / 10).values())
    assert len(told) <= 10 / CHANGE_SECONDS
    told += list(changes(table, 20).values())
    assert told[-1] == ONLINE


def test_what_is_taken_back_before_it_was_told_is_told_to_nobody() -> None:
    table = Table()
    table.say(ALICE, "page", ONLINE)
    changes(table, 0)
    table.say(ALICE, "page", AWAY)
    assert changes(table, 0.5) == {}
    assert table.told(ALICE) == ONLINE, "who asks now would never hear that it was taken back"
    table.say(ALICE, "page", ONLINE)
    assert changes(table, 5) == {}


def test_one_who_changes_all_the_time_delays_nobody_else() -> None:
    table = Table()
    table.say(ALICE, "page", ONLINE)
    changes(table, 0)
    table.say(ALICE, "page", AWAY)
    table.say(BOB, "page", ONLINE)
    assert changes(table, 0.1) == {BOB: ONLINE}


def test_of_a_crowd_a_bounded_number_is_told_at_once_and_all_in_the_end() -> None:
    table, crowd = Table(), range(5 * AT_ONCE)
    for start, state in ((0.0, ONLINE), (100.0, OFFLINE)):
        for user in crowd:
            table.say(user, "daemon", state)
        told: dict[int, str] = {}
        for tick in range(10):
            some = changes(table, start + tick)
            assert len(some) <= AT_ONCE
            told |= some
        assert told == dict.fromkeys(crowd, state)


def test_who_is_gone_costs_no_memory() -> None:
    table = Table()
    for user in range(1000):
        table.say(user, "page", ONLINE)
        table.let_go(user, "page", until=user + 1.0)
        changes(table, float(user))
    for now in (5000.0, 6000.0):
        changes(table, now)
    held = [value for value in vars(table).values() if isinstance(value, dict | list)]
    assert [len(value) for value in held] == [0] * len(held)


steps = st.lists(
    st.tuples(
        st.sampled_from([ALICE, BOB]),
        st.sampled_from(["one", "two"]),
        st.sampled_from([ONLINE, AWAY, OFFLINE]),
        st.one_of(st.just(math.inf), st.floats(0, 20)),
        st.floats(0, 3),
    ),
    max_size=60,
)


@given(steps)
def test_in_the_end_everybody_was_told_how_people_are(
    steps: list[tuple[int, str, str, float, float]],
) -> None:
    table, now = Table(), 0.0
    words: dict[tuple[int, str], tuple[str, float]] = {}
    told = {ALICE: OFFLINE, BOB: OFFLINE}
    for user, source, state, lasts, pause in steps:
        words[user, source] = (state, now + lasts)
        table.say(user, source, state, now + lasts)
        now += pause
        told |= changes(table, now)
    for _ in range(2):
        now += CHANGE_SECONDS
        told |= changes(table, now)
    for user in told:
        states = {state for (who, _), (state, until) in words.items() if who == user and until > now}
        expected = next((state for state in (ONLINE, AWAY) if state in states), OFFLINE)
        assert told[user] == table.told(user) == expected


# -- watchers


def test_a_watcher_is_told_of_those_whom_it_named_last() -> None:
    watchers: Watchers[str] = Watchers()
    watchers.watch("page", [ALICE, BOB])
    watchers.watch("other", [ALICE])
    assert (set(watchers.of(ALICE)), set(watchers.of(BOB))) == ({"page", "other"}, {"page"})
    watchers.watch("page", [BOB])
    assert (set(watchers.of(ALICE)), set(watchers.of(BOB))) == ({"other"}, {"page"})


def test_a_watcher_that_is_gone_or_watches_nobody_costs_no_memory() -> None:
    watchers: Watchers[str] = Watchers()
    watchers.watch("page", [ALICE, BOB])
    watchers.watch("other", [ALICE])
    watchers.watch("other", [])
    watchers.forget("page")
    watchers.forget("a stranger")
    assert [len(table) for table in vars(watchers).values()] == [0, 0]
