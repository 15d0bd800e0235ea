"""What a case of the benchmark is: what it runs, which figures it shows, and which of them it is to reach."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.bench import cores, load
from tests.bench.figures import ROUNDS_LEAST, Goal, Sample

# How long after their time messages may go out (the 99th percentile), though latency counts from that time: where
# few are sent, contenders are told apart by a few milliseconds.
LATE_MOST_MS = 25.0
CALM_RATE = 50.0
LATE_MOST_CALM_MS = 2.0
RATE_LEAST = 0.98  # of the messages that were to be published
MEASURED = ("chatd", "server")  # the roles of what is measured, which has a core for itself
# What is said of memory, by the event at which it was looked at.
WHEN = {"ready": "ready", "begin": "begin", "end": "end", "result": "after"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `quick`: a look at whether it all works, whose figures mean nothing."""

    quick: bool = False
    rounds: int = 3
    who: tuple[str, ...] = ()  # parts of the names of those that take part; empty: all do

    def includes(self, who: str) -> bool:
        """Whether this contender takes part."""
        return not self.who or any(part.lower() in who.lower() for part in self.who)

    def count(self, number: int) -> int:
        """So many people, rooms or messages, or a tenth."""
        return max(2, number // 10) if self.quick else number

    def seconds(self, number: float) -> float:
        """So long, or 2 s."""
        return min(2.0, number) if self.quick else number

    @property
    def is_a_look(self) -> bool:
        """Whether it is too little to be kept."""
        return self.quick or self.rounds < ROUNDS_LEAST or bool(self.who)

    @property
    def needed(self) -> int:
        """Sound rounds, for a figure to count; when it is only a look, disturbed ones are good enough."""
        return 0 if self.quick else ROUNDS_LEAST

    @property
    def warm(self) -> float:
        """Seconds before it is measured."""
        return 1.0 if self.quick else 3.0


@dataclass(frozen=True, slots=True)
class Column:
    """A figure as the table shows it. `scale` is what its value is multiplied by."""

    figure: str
    title: str
    digits: int = 0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure drawn against the size, a line each contender."""

    name: str  # of the file, without its ending
    title: str
    figure: str
    x_title: str
    y_title: str
    scale: float = 1.0
    logarithmic: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One contender at one thing; `measure` does it once."""

    who: str
    what: str
    measure: Callable[[], Sample]


Steps = Callable[[Plan], AbstractContextManager[Sequence[Step]]]


@dataclass(frozen=True, slots=True)
class Case:
    """A case. `steps` starts what all its rounds share, and gives the steps of one round, in their order.

    `compared` is, by what is done, the figure whose ratio to Parley's is shown.
    """

    name: str
    title: str
    about: str
    steps: Steps
    columns: Sequence[Column]
    goals: Sequence[Goal] = ()
    compared: Mapping[str, str] = field(default_factory=dict)
    plots: Sequence[Plot] = field(default_factory=tuple)


def sample_of(
    who: str,
    what: str,
    ran: load.Run,
    options: load.Options,
    *,
    size: float = 0.0,
    more: Mapping[str, float] | None = None,
) -> Sample:
    """A run of the load as a sample, with `more` figures."""
    figures = {**figures_of(ran), **(more or {})}
    spoilt = (ran.usage.spoilt if ran.usage else "") or lateness(figures, options)
    # A run in which nothing happened shows nothing, however orderly it was.
    happened = "churn" if options.churn else "connected_max" if options.probe else "sent"
    silent = {"silent": 1} if not figures.get(happened) else {}
    return Sample(who, what, figures, size, ran.faults() | silent, spoilt, ran.result["fault"])


def lateness(figures: Mapping[str, float], options: load.Options) -> str:
    """Why the load was too late for the run to count; empty where it was not. Only a set rate has times to keep."""
    if not options.rate:
        return ""
    late, most = (
        figures.get("late_p99", 0.0),
        LATE_MOST_CALM_MS if options.rate <= CALM_RATE else LATE_MOST_MS,
    )
    # Senders who wait for their answers send less than they are to: that is the server's doing.
    few = not options.senders and figures["sent"] < RATE_LEAST * options.rate
    if late <= most and not few:
        return ""
    return f"the load was late: {figures['sent']:.0f} of {options.rate:.0f} messages/s, p99 {late:.1f} ms"


def figures_of(ran: load.Run) -> dict[str, float]:
    """The figures of a run: rates a second, times in ms, CPU in seconds a second by role, memory in bytes."""
    result = ran.result
    found = {
        "deliveries": result["deliveries_per_second"],
        "sent": result["sent_per_second"],
        "acks": result["acks_per_second"],
        "churn": result["churn_per_second"],
        "connect_rate": _rate(result["connections"], result["connect_seconds"]),
        "all_back": result["all_back_seconds"],
        "changes": result["changes"],
        "cut": result["cut"],
        "stalled": result["stalled"],
    }
    prefixes = {
        "latency": "",
        "acks": "ack_",
        "late": "late_",
        "handshakes": "handshake_",
        "connecting": "connecting_",
        "connected": "connected_",
        "back": "back_",
    }
    for name, prefix in prefixes.items():
        if result[name]["count"]:
            found |= {
                prefix + part: result[name][part] for part in ("mean", "p50", "p90", "p99", "p999", "max")
            }
    if ran.usage is not None:
        found |= {f"cpu_{role}": used / ran.usage.wall for role, used in ran.usage.by_role.items()}
        found |= ran.usage.shares(MEASURED, len(cores.cores()[1]))
        # Of all that it takes but the receivers: also who commits and publishes, in the feed's thread or an emitter.
        servers = sum(used for role, used in ran.usage.by_role.items() if role not in ("load", "bench"))
        if found["deliveries"]:
            found["cpu_per_million"] = servers / ran.usage.wall / found["deliveries"] * 1e6
    for event, sizes in ran.resident.items():
        found |= {f"rss_{role}_{WHEN[event]}": size for role, size in sizes.items()}
    for role, size in ran.peaks.items():
        found[f"rss_{role}_peak"] = size
    return found


def _rate(count: float, seconds: float) -> float:
    return count / seconds if seconds else 0.0
