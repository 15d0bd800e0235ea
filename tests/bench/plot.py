"""Line charts as SVG: cost against size. Small enough to be read, so that no library is needed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tests.bench.figures import Spread

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 190, 44, 52
# Distinguishable for those who see few colours (Okabe and Ito), on white and on black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8c6d31")
STYLE = (
    "text{font:12px sans-serif;fill:#333}.title{font-size:14px;font-weight:bold}"
    ".grid{stroke:#ddd}.axis{stroke:#888}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#444}.paper{fill:#111}}.paper{fill:#fff}"
)

Points = Sequence[tuple[float, Spread]]


@dataclass(frozen=True, slots=True)
class Axis:
    """From a value to a place between `start` and `end`, in pixels."""

    least: float
    most: float
    start: float
    end: float
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a value stands."""
        least, most, value = (
            (math.log10(each) for each in (self.least, self.most, max(value, self.least)))
            if self.logarithmic
            else (self.least, self.most, value)
        )
        return self.start + (value - least) / (most - least) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values to mark."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
            decades = [10.0**power for power in range(first, last + 1)]
            return [value for value in decades if self.least <= value <= self.most]
        step = round_step((self.most - self.least) / 5)
        return [
            step * number for number in range(math.ceil(self.least / step), math.floor(self.most / step) + 1)
        ]


def round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def line_chart(
    title: str, x_title: str, y_title: str, series: Mapping[str, Points], *, logarithmic: bool = False
) -> str:
    """An SVG with a line for each series: medians as dots, from least to most as bars. Raises `ValueError`."""
    xs = [x for points in series.values() for x, _ in points]
    tops = [spread.most for points in series.values() for _, spread in points]
    if not xs:
        raise ValueError("there is nothing to draw")
    x_axis = Axis(min(xs), max(*xs, min(xs) + 1e-9), LEFT, WIDTH - RIGHT, logarithmic and min(xs) > 0)
    y_axis = Axis(0, max(tops) * 1.05 or 1.0, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="title" x="{LEFT}" y="22">{escape(title)}</text>',
        *_grid(x_axis, y_axis, sorted(set(xs))),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>',
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_title)}</text>",
    ]
    for number, (name, points) in enumerate(series.items()):
        parts += _series(name, sorted(points, key=lambda point: point[0]), number, x_axis, y_axis)
    return "\n".join([*parts, "</svg>", ""])


def _grid(x_axis: Axis, y_axis: Axis, xs: Iterable[float]) -> list[str]:
    lines = []
    for value in y_axis.ticks():
        y = y_axis.place(value)
        lines.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>')
    for value in xs:
        x = x_axis.place(value)
        lines.append(
            f'<line class="axis" x1="{x:.1f}" y1="{HEIGHT - BOTTOM}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM + 5}"/>'
        )
        lines.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{short(value)}</text>'
        )
    lines.append(
        f'<line class="axis" x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - RIGHT}" y2="{HEIGHT - BOTTOM}"/>'
    )
    return lines


def _series(name: str, points: Points, number: int, x_axis: Axis, y_axis: Axis) -> list[str]:
    colour = COLOURS[number % len(COLOURS)]
    places = [(x_axis.place(x), y_axis.place(spread.median), spread) for x, spread in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for x, y, spread in places:
        low, high = y_axis.place(spread.least), y_axis.place(spread.most)
        parts.append(f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="{colour}"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
    y = TOP + 16 * number + 8
    parts.append(f'<circle cx="{WIDTH - RIGHT + 18}" cy="{y - 4}" r="4" fill="{colour}"/>')
    parts.append(f'<text x="{WIDTH - RIGHT + 28}" y="{y}">{escape(name)}</text>')
    return parts


def short(value: float) -> str:
    """A number for an axis: 1,500 as 1.5k, 1,000,000 as 1M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
