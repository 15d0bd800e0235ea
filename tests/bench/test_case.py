"""What a run of the load amounts to: whose CPU counts, when memory was looked at, and that anything happened."""

from typing import Any

from tests.bench import load
from tests.bench.case import figures_of, sample_of
from tests.bench.cores import Usage

NOTHING = {"count": 0, "mean": 0, "p50": 0, "p90": 0, "p99": 0, "p999": 0, "max": 0}
RATES = ("deliveries_per_second", "sent_per_second", "acks_per_second", "churn_per_second")


def ran(usage: Usage | None = None, **said: Any) -> load.Run:
    result: dict[str, Any] = dict.fromkeys((*RATES, "connections", "connect_seconds", "all_back_seconds"), 0)
    result |= {"changes": 0, "cut": 0, "stalled": 0, "faults": {}, "fault": ""}
    result |= dict.fromkeys(
        ("latency", "acks", "late", "handshakes", "connecting", "connected", "back"), NOTHING
    )
    return load.Run(result | said, usage)


def usage(**by_role: float) -> Usage:
    return Usage(10.0, by_role, strangers=0.0, stolen=0.0)


def test_all_that_a_delivery_takes_counts_but_the_receivers() -> None:
    took = usage(chatd=9.0, mariadb=1.0, load=5.0, bench=2.0)
    took.tell_apart("feed", 1.5)
    assert took.by_role["bench"] == 0.5
    figures = figures_of(ran(took, deliveries_per_second=1e6))
    assert figures["cpu_per_million"] == 1.15  # chatd, mariadb and the feed


def test_the_share_of_the_load_is_that_of_all_but_the_server() -> None:
    took = usage(chatd=9.0, mariadb=2.0, load=6.0, bench=1.0)
    assert took.shares(("chatd", "server"), 1) == {"server_core": 0.9, "load_core": 0.9}
    assert took.shares(("chatd",), 3)["load_core"] == 0.6  # of three cores its one thread fills one


def test_memory_is_named_by_the_event_at_which_it_was_looked_at() -> None:
    run = ran()
    run.resident = {
        "begin": {"chatd": 1},
        "end": {"chatd": 2},
        "result": {"chatd": 3},
    }  # --churn has no ready
    figures = {name: size for name, size in figures_of(run).items() if name.startswith("rss")}
    assert figures == {"rss_chatd_begin": 1, "rss_chatd_end": 2, "rss_chatd_after": 3}


def test_a_run_in_which_nothing_happened_has_a_fault() -> None:
    def silent(run: load.Run, options: load.Options) -> bool:
        return "silent" in sample_of("Parley", "calm", run, options).faults

    assert silent(ran(), load.Options())
    assert not silent(ran(sent_per_second=1), load.Options())
    assert silent(ran(), load.Options(churn="welcome"))
    assert not silent(ran(churn_per_second=1), load.Options(churn="welcome"))
    assert silent(ran(), load.Options(probe=20))
    assert not silent(ran(connected=NOTHING | {"count": 1, "max": 2}), load.Options(probe=20))
