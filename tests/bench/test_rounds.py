"""The order of a round: nobody is always first, and who is compared is measured one after the other."""

from tests.bench import rounds
from tests.bench.case import Step
from tests.bench.figures import Sample


def step(who: str, what: str) -> Step:
    return Step(who, what, lambda: Sample(who, what, {}))


def orders(steps: list[Step], count: int = 3) -> list[str]:
    return [
        " ".join(step.who + step.what for step in rounds.in_turn(steps, number, count))
        for number in range(count)
    ]


def test_each_of_two_is_the_first_in_turn() -> None:
    assert orders([step("P", "1"), step("N", "1")]) == ["P1 N1", "N1 P1", "P1 N1"]


def test_those_who_do_the_same_stay_together_and_begin_elsewhere_in_each_round() -> None:
    steps = [step(who, what) for what in "12" for who in "PNSFCB"] + [step("P", "3")]
    assert orders(steps) == [
        "P1 N1 S1 F1 C1 B1 P2 N2 S2 F2 C2 B2 P3",
        "S1 F1 C1 B1 P1 N1 S2 F2 C2 B2 P2 N2 P3",
        "C1 B1 P1 N1 S1 F1 C2 B2 P2 N2 S2 F2 P3",
    ]


def test_where_one_contender_does_all_its_steps_take_turns() -> None:
    assert orders([step("P", "1"), step("P", "2"), step("P", "4")]) == ["P1 P2 P4", "P2 P4 P1", "P4 P1 P2"]


def test_more_rounds_than_contenders_begin_anew() -> None:
    assert orders([step("P", "1")], 2) == ["P1", "P1"]
    assert orders([step("P", "1"), step("N", "1")], 5)[4] == "P1 N1"
    assert orders([], 1) == [""]
