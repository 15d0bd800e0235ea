"""The gap rule at the reader's end, in both languages."""

import json
import os
import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.chatd.timeline_cases import Case, cases
from tests.js.test_modules import node

REPLAY = Path(__file__).parents[1] / "js" / "replay.mjs"


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_whatever_a_reader_heard_it_ends_equal_to_the_log(case: Case) -> None:
    case.settle()
    held = case.timeline
    assert held.cursor == case.room.version
    assert held.rows == {
        number: row for number, row in case.room.rows.items() if number >= held.low and number <= held.high
    }
    assert held.low == 1 or held.more
    assert held.high == len(case.room.rows) or held.newer


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_rows_never_have_a_hole(case: Case) -> None:
    for state in case.states:
        numbers = [number for number, _, _ in state["rows"]]
        assert numbers == [*range(numbers[0], numbers[-1] + 1)] if numbers else True


def test_of_two_pages_asked_for_at_once_the_later_one_is_void_where_it_stands_apart() -> None:
    case = Case()
    for step, pick in [("send", 0)] * 8 + [("around", 2), ("newest", 0), ("page", 0), ("page", 0)]:
        case.step(step, pick)
    assert [*case.timeline.rows] == [2, 3, 4]
    assert case.timeline.newer


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_page_after_page_a_reader_gets_from_anywhere_to_the_end(case: Case) -> None:
    case.settle()
    for _ in range(len(case.room.rows)):
        case.step("newer", 0)
        case.step("page", 0)
    case.settle()
    assert not case.timeline.newer
    assert case.timeline.high == len(case.room.rows)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_no_row_ever_goes_back_to_an_older_version(case: Case) -> None:
    newest: dict[int, int] = {}
    for event, state in zip(case.events, case.states, strict=True):
        if event["do"] == "reset":
            newest.clear()
        for number, version, _ in state["rows"]:
            assert version >= newest.get(number, 0)
            newest[number] = version


def test_the_pages_timeline_does_the_same_in_every_case(tmp_path: Path) -> None:
    drawn: list[dict[str, object]] = []

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases())
    def draw(case: Case) -> None:
        case.settle()
        drawn.append({"events": case.events, "states": case.states})

    draw()
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(drawn))
    program = node()
    assert program is not None, "the page's modules are tested by Node"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    done = subprocess.run(
        [program, str(REPLAY), str(path)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == f"{len(drawn)} cases"
