"""What rounds add up to: median, least and most of each figure, and ratios between contenders."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

Key = tuple[str, str]  # who, and at what


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


US = "Parley"
FAILED = "failed"  # the fault of a sample that was not measured to its end
ROUNDS_LEAST = 3  # sound ones, for a figure that a goal may be held against


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
        values = [sample.figures[figure] for sample in sound if figure in sample.figures]
        return Spread.of(values) if values else None

    def value(self, who: str, what: str, figure: str) -> float:
        """The median of a figure. Raises `LookupError` where too few sound rounds have measured it."""
        found = self.spread(who, what, figure)
        if found is None or self.sound((who, what)) < self._needed:
            raise LookupError(f"{figure} of {who} at {what}")
        return found.median

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
        return {sample.round: sample.figures[figure] for sample in sound if figure in sample.figures}

    def sound(self, key: Key) -> int:
        """How many rounds of a row went to their end without a disturbance."""
        return sum(map(_is_sound, self._by_key[key]))

    def valid(self, key: Key) -> bool:
        """Whether a row has the rounds that it needs."""
        return self.sound(key) >= self._needed

    def faults(self, key: Key) -> dict[str, int]:
        """What must not happen and did, of all rounds."""
        found: dict[str, int] = {}
        for sample in self._by_key[key]:
            for name, count in sample.faults.items():
                found[name] = found.get(name, 0) + count
        return found

    def spoilt(self, key: Key) -> list[str]:
        """Why samples of a row do not count."""
        return [sample.spoilt for sample in self._by_key[key] if sample.spoilt]


def _is_sound(sample: Sample) -> bool:
    return not sample.spoilt and FAILED not in sample.faults


Reading = Callable[[Table], float]


def figure(who: str, what: str, name: str) -> Reading:
    """Reads the median of a figure."""
    return lambda table: table.value(who, what, name)


def ratio(one: Key, other: Key, name: str) -> Reading:
    """Reads how many times as large a figure is in one row as in another: the median of the rounds' ratios."""
    return lambda table: table.ratio(one, other, name).median


def worst_ratio(one: Key, others: Iterable[Key], name: str) -> Reading:
    """Reads the largest ratio to any of several rows; those that lost messages do not compete.

    Raises `LookupError` where one of the others has too few sound rounds.
    """
    rows = [*others]
    return lambda table: max(
        table.ratio(one, other, name).median
        for other in rows
        if other not in table or not table.faults(other)
    )


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
