"""What the rows of RESULTS.md say."""

from tests.bench import report, results
from tests.bench.case import Case, Column
from tests.bench.cases import CASES
from tests.bench.figures import Sample, Table

FAST, CALM, HIGH = "as many as it takes", "50 messages/s", "600 messages/s"
CASE = Case(
    "fan-out",
    "Fan-out",
    "",
    lambda _: None,  # type: ignore[arg-type, return-value] # nothing is measured here
    (Column("deliveries", "deliveries/s"), Column("p99", "p99 ms", 1), Column("load_core", "load's core", 2)),
    compared={FAST: "deliveries", CALM: "p99"},
)


def sample(who: str, what: str, *, deliveries: float = 50_000, p99: float = 10, **more: float) -> Sample:
    return Sample(who, what, {"deliveries": deliveries, "p99": p99, **more}, round=1)


def rows(*samples: Sample) -> list[str]:
    return report.rows(CASE, Table(samples, needed=1))[2:]


def test_at_full_speed_deliveries_are_compared_and_at_a_rate_latencies() -> None:
    shown = rows(
        sample("Parley", FAST, deliveries=300_000),
        sample("Node ws", FAST, deliveries=100_000),
        sample("Parley", CALM, p99=6),
        sample("Node ws", CALM, p99=8),
        sample("Parley", HIGH),
        sample("Node ws", HIGH),
    )
    assert [row.split(" | ")[-1] for row in shown] == [
        " |",
        "3.0 × its deliveries |",
        " |",
        "0.75 × its p99 |",
        " |",
        " |",
    ]


def test_the_latency_of_who_lost_deliveries_is_not_shown() -> None:
    lost = Sample("Django Channels", CALM, {"deliveries": 3_700, "p99": 39_000}, faults={"absent": 5})
    assert rows(lost) == [f"| Django Channels | {CALM} **(faults: 5 absent)** | 3,700 |  |  |  |"]


def test_who_failed_has_a_row_that_says_so() -> None:
    failed = Sample("Node ws", FAST, {}, faults={"failed": 5})
    assert rows(failed) == [
        f"| Node ws | {FAST} **(faults: 5 failed)** **(too few sound rounds)** |  |  |  |  |"
    ]


def test_a_row_says_that_the_load_could_do_no_more() -> None:
    (row,) = rows(sample("Parley", FAST, load_core=0.98, server_core=0.9))
    assert row == f"| Parley | {FAST} (bounded by the load) | 50,000 | 10.0 | 0.98 |  |"


def test_what_was_measured_before_is_still_shown() -> None:
    for case in CASES:
        if measured := results.read(case.name):
            assert case.title in "\n".join(report.section(case, measured))
