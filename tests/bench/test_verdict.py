"""What counts in a run: disturbed rounds do not, and a mistake of Parley fails it."""

from tests.bench import rounds, verdict
from tests.bench.case import Plan, Step
from tests.bench.figures import FAILED, Goal, Sample, Table, figure, largest, smallest


def sample(value: float, *, who: str = "Parley", spoilt: str = "", **faults: int) -> Sample:
    return Sample(who, "calm", {"p99": value}, spoilt=spoilt, faults=faults)


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


def test_a_peer_that_was_not_measured_leaves_the_best_to_the_others() -> None:
    readings = [figure(who, "calm", "p99") for who in ("Node ws", "Socket.IO", "missing")]
    table = Table([sample(value, who=who) for who, value in (("Node ws", 4), ("Socket.IO", 2))], needed=1)
    assert smallest(*readings)(table) == 2
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
