"""What rounds add up to: median, least and most of each figure, and ratios between contenders."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

Key = tuple[str, str]  # who, and at what

US = "Parley"
FAILED = "failed"  # the fault of a sample that was not measured to its end
NOT_COME = ("absent", "missing")  # the faults of deliveries that never came
LATENCIES = frozenset(("mean", "p50", "p90", "p99", "p999", "max"))  # of deliveries
ROUNDS_LEAST = 3  # sound ones, for a figure that a goal may be held against
# Shares of a core: where what is not the server fills its own, and the server does not, the server could do more.
LOAD_FULL, SERVER_FULL = 0.95, 0.97


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """The spread of at least one value."""
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1])


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round found out of one contender. `faults` must not happen; `spoilt` says why it does not count.

    `round` counts from 1.
    """

    who: str
    what: str
    figures: Mapping[str, float]
    size: float = 0.0  # what `what` says, as a number: where figures are drawn against it
    faults: Mapping[str, int] = field(default_factory=dict)
    spoilt: str = ""
    note: str = ""
    round: int = 0

    @property
    def key(self) -> Key:
        return self.who, self.what

    def value(self, name: str) -> float | None:
        """A figure; None where it was not measured: how soon came what did come tells nothing where something did not."""
        if name in LATENCIES and any(self.faults.get(fault) for fault in NOT_COME):
            return None
        return self.figures.get(name)


class Table:
    """All samples of a case. `needed`: so many sound rounds of a figure count; with 0, spoilt ones do too."""

    def __init__(self, samples: Iterable[Sample], needed: int = ROUNDS_LEAST) -> None:
        self._needed = needed
        self._by_key: dict[Key, list[Sample]] = {}
        for sample in samples:
            self._by_key.setdefault(sample.key, []).append(sample)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._by_key)

    def __contains__(self, key: Key) -> bool:
        return key in self._by_key

    def size(self, key: Key) -> float:
        """The size that a row stands for."""
        return self._by_key[key][0].size

    def spread(self, who: str, what: str, figure: str) -> Spread | None:
        """A figure over the rounds, as it is shown; None where it was not measured.

        Spoilt samples are in it only where all are, which the row says: see `sound`.
        """
        samples = self._by_key.get((who, what), [])
        sound = [sample for sample in samples if not sample.spoilt] or samples
        values = [value for sample in sound if (value := sample.value(figure)) is not None]
        return Spread.of(values) if values else None

    def counted(self, who: str, what: str, figure: str) -> Spread:
        """A figure that a goal may be held against. Raises `LookupError` where too few sound rounds have measured it."""
        found = self.spread(who, what, figure)
        if found is None or self.sound((who, what)) < self._needed:
            raise LookupError(f"{figure} of {who} at {what}")
        return found

    def value(self, who: str, what: str, figure: str) -> float:
        """The median of a figure that a goal may be held against. Raises `LookupError` as `counted`."""
        return self.counted(who, what, figure).median

    def ratio(self, one: Key, other: Key, figure: str) -> Spread:
        """How many times as large a figure is in one row as in another, over the rounds that measured both.

        Round by round, since what slows the host slows all of a round. Raises `LookupError` where there are too few.
        """
        ours, theirs = self._by_round(one, figure), self._by_round(other, figure)
        ratios = [ours[number] / theirs[number] for number in ours if theirs.get(number)]
        if not ratios or len(ratios) < self._needed:
            raise LookupError(f"{figure} of {one} beside {other}")
        return Spread.of(ratios)

    def _by_round(self, key: Key, figure: str) -> dict[int, float]:
        samples = self._by_key.get(key, [])
        sound = samples if not self._needed else filter(_is_sound, samples)
        return {sample.round: value for sample in sound if (value := sample.value(figure)) is not None}

    def sound(self, key: Key) -> int:
        """How many rounds of a row went to their end without a disturbance."""
        return sum(map(_is_sound, self._by_key[key]))

    def valid(self, key: Key) -> bool:
        """Whether a row has the rounds that it needs."""
        return self.sound(key) >= self._needed

    def faults(self, key: Key) -> dict[str, int]:
        """What must not happen and did, in all attempts."""
        return _sum_of_faults(self._by_key[key])

    def competes(self, key: Key) -> bool:
        """Whether a row has no fault in a sound round. What happens where others disturb it is held against nobody."""
        return not _sum_of_faults(filter(_is_sound, self._by_key.get(key, [])))

    def bounded_by_load(self, key: Key) -> bool:
        """Whether the load's core was full while the server's was not: the server could have done more."""
        load, server = self.spread(*key, "load_core"), self.spread(*key, "server_core")
        if load is None or server is None:
            return False
        return load.median > LOAD_FULL and server.median < SERVER_FULL

    def spoilt(self, key: Key) -> list[str]:
        """Why samples of a row do not count."""
        return [sample.spoilt for sample in self._by_key[key] if sample.spoilt]


def _is_sound(sample: Sample) -> bool:
    return not sample.spoilt and FAILED not in sample.faults


def _sum_of_faults(samples: Iterable[Sample]) -> dict[str, int]:
    found: dict[str, int] = {}
    for sample in samples:
        for name, count in sample.faults.items():
            found[name] = found.get(name, 0) + count
    return found


Reading = Callable[[Table], float]


def figure(who: str, what: str, name: str) -> Reading:
    """Reads the median of a figure."""
    return lambda table: table.value(who, what, name)


def highest(who: str, what: str, name: str) -> Reading:
    """Reads the most of a figure in any round: for what must never happen."""
    return lambda table: table.counted(who, what, name).most


def lowest(who: str, what: str, name: str) -> Reading:
    """Reads the least of a figure in any round: for what must always happen."""
    return lambda table: table.counted(who, what, name).least


def ratio(one: Key, other: Key, name: str) -> Reading:
    """Reads how many times as large a figure is in one row as in another: the median of the rounds' ratios."""
    return lambda table: table.ratio(one, other, name).median


def worst_ratio(one: Key, others: Iterable[Key], name: str) -> Reading:
    """Reads the largest ratio to any of several rows; those that lost messages in a sound round do not compete.

    Raises `LookupError` where one of the others has too few sound rounds, or nobody is left.
    """
    rows = [*others]

    def read(table: Table) -> float:
        left = [other for other in rows if table.competes(other)]
        if not left:
            raise LookupError(f"nobody is left to compare the {name} of {one} with")
        return max(table.ratio(one, other, name).median for other in left)

    return read


def largest(*readings: Reading) -> Reading:
    """The largest of several figures, of those that were measured. Raises `LookupError` where none was."""
    return lambda table: max(_measured(readings, table))


def _measured(readings: Iterable[Reading], table: Table) -> list[float]:
    found = []
    for reading in readings:
        with suppress(LookupError):
            found.append(reading(table))
    if not found:
        raise LookupError("none of them was measured")
    return found


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach: `reading` must be at least `least` and at most `most`."""

    text: str
    reading: Reading
    least: float = float("-inf")
    most: float = float("inf")
    unit: str = ""

    def judge(self, table: Table) -> tuple[bool | None, float]:
        """Whether it is reached, and the figure; None where it was not measured."""
        try:
            found = self.reading(table)
        except (LookupError, ZeroDivisionError):
            return None, float("nan")
        return self.least <= found <= self.most, found
