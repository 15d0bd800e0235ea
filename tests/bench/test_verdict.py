"""What counts in a run: disturbed rounds do not, and a mistake of Parley fails it."""

import pytest

from tests.bench import rounds, verdict
from tests.bench.case import Plan, Step
from tests.bench.figures import (
    FAILED,
    Goal,
    Sample,
    Table,
    figure,
    highest,
    largest,
    lowest,
    ratio,
    worst_ratio,
)

OURS, THEIRS = ("Parley", "calm"), ("Node ws", "calm")


def sample(value: float, *, who: str = "Parley", spoilt: str = "", number: int = 0, **faults: int) -> Sample:
    return Sample(who, "calm", {"p99": value}, spoilt=spoilt, faults=faults, round=number)


def test_disturbed_rounds_do_not_count() -> None:
    table = Table([sample(1), sample(9, spoilt="others"), sample(2), sample(3)])
    assert table.value("Parley", "calm", "p99") == 2
    assert table.spoilt(("Parley", "calm")) == ["others"]


def test_no_goal_is_reached_by_too_few_sound_rounds() -> None:
    goal = Goal("p99 ≤ 5 ms", figure("Parley", "calm", "p99"), most=5)
    assert goal.judge(Table([sample(1), sample(1), sample(1)]))[0] is True
    table = Table([sample(1), sample(1), sample(1, spoilt="others")])
    assert goal.judge(table)[0] is None
    assert verdict.disturbed(table) == ["Parley, calm: only 2 sound rounds; others"]


def test_what_parley_loses_is_a_fault_and_what_a_peer_loses_only_stands_in_its_row() -> None:
    table = Table([sample(1, absent=3), sample(1, who="Django Channels", absent=7)])
    assert verdict.faults(table) == ["Parley, calm: 3 absent"]


def test_a_ratio_is_taken_within_each_round() -> None:
    """The host became slower from round to round, in the third between the two as well."""
    rounds_of_both = [(10, 2), (5, 1), (4, 2)]
    table = Table(
        sample(value, who=who, number=number)
        for number, values in enumerate(rounds_of_both, 1)
        for who, value in zip(("Parley", "Node ws"), values, strict=True)
    )
    assert ratio(OURS, THEIRS, "p99")(table) == 5
    assert table.ratio(OURS, THEIRS, "p99").least == 2


def test_a_round_in_which_one_was_disturbed_gives_no_ratio() -> None:
    ours = [sample(10, number=number) for number in (1, 2, 3)]
    theirs = [
        sample(value, who="Node ws", number=number, spoilt=spoilt)
        for value, number, spoilt in ((1, 1, "others"), (5, 1, ""), (5, 2, ""), (1, 3, "others"))
    ]
    with pytest.raises(LookupError):
        ratio(OURS, THEIRS, "p99")(Table([*ours, *theirs]))
    assert ratio(OURS, THEIRS, "p99")(Table([*ours, *theirs], needed=2)) == 2


def test_the_best_peer_must_have_been_measured_unless_it_lost_messages() -> None:
    ours, theirs = [sample(6)], [sample(2, who="Node ws")]
    reading = worst_ratio(OURS, [THEIRS, ("Socket.IO", "calm")], "p99")
    assert reading(Table([*ours, *theirs, sample(1, who="Socket.IO", absent=9)], needed=1)) == 3
    with pytest.raises(LookupError):
        reading(Table([*ours, *theirs, sample(1, who="Socket.IO", spoilt="others")], needed=1))
    with pytest.raises(LookupError):
        reading(Table([*ours, *theirs], needed=1))


def test_a_peer_is_not_excused_by_what_went_wrong_while_others_disturbed_it() -> None:
    ours, theirs = (
        [sample(6)],
        [sample(2, who="Node ws", spoilt="others", absent=9), sample(2, who="Node ws")],
    )
    assert worst_ratio(OURS, [THEIRS], "p99")(Table([*ours, *theirs], needed=1)) == 3


def test_no_goal_is_reached_beside_peers_who_all_lost_messages() -> None:
    goal = Goal("p99 no worse", worst_ratio(OURS, [THEIRS], "p99"), most=1)
    assert goal.judge(Table([sample(6), sample(9, who="Node ws", absent=1)], needed=1))[0] is None


def test_what_must_never_happen_is_looked_for_in_every_round() -> None:
    table = Table([sample(2), sample(9), sample(3), sample(99, spoilt="others")])
    assert highest("Parley", "calm", "p99")(table) == 9
    assert lowest("Parley", "calm", "p99")(table) == 2
    with pytest.raises(LookupError):
        highest("Parley", "calm", "p99")(Table([sample(2)]))


def test_how_soon_some_came_tells_nothing_where_others_never_did() -> None:
    table = Table([sample(1, who="Node ws", absent=7)], needed=1)
    assert table.spread("Node ws", "calm", "p99") is None


def test_a_server_that_is_not_full_while_the_load_is_could_have_done_more() -> None:
    def bounded(load: float, server: float) -> bool:
        cores = {"load_core": load, "server_core": server}
        return Table([Sample("Parley", "calm", cores)]).bounded_by_load(OURS)

    assert bounded(0.96, 0.9)
    assert not bounded(0.96, 0.99)
    assert not bounded(0.9, 0.9)
    assert not Table([sample(1)]).bounded_by_load(OURS)  # measured before that was looked at


def test_a_peer_that_was_not_measured_leaves_the_largest_to_the_others() -> None:
    readings = [figure(who, "calm", "p99") for who in ("Node ws", "Socket.IO", "missing")]
    table = Table([sample(value, who=who) for who, value in (("Node ws", 4), ("Socket.IO", 2))], needed=1)
    assert largest(*readings)(table) == 4


def test_a_contender_that_fails_does_not_end_the_run_of_the_others() -> None:
    def fail() -> Sample:
        raise OSError("the server did not start")

    (failed,) = rounds.measure(Step("Node ws", "calm", fail), Plan(quick=True))
    assert (failed.who, failed.faults, failed.note) == ("Node ws", {FAILED: 1}, "the server did not start")


def test_a_disturbed_round_is_measured_again() -> None:
    attempts = iter([sample(9, spoilt="others"), sample(1)])
    tried = rounds.measure(Step("Parley", "calm", lambda: next(attempts)), Plan())
    assert [attempt.figures["p99"] for attempt in tried] == [9, 1]
