"""RESULTS.md, made from what was measured: tables, ratios, goals, plots."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench import plot
from tests.bench.case import Case, Column, Plot
from tests.bench.figures import ROUNDS_LEAST, US, Goal, Key, Spread, Table
from tests.bench.results import FOLDER, Measured

RESULTS = Path(__file__).parent / "RESULTS.md"
HEAD = """# What was measured

Written by `make bench`; what each case is, and how it is measured, stands in [README.md](README.md). Every figure is the
median of its rounds, with the least and the most in brackets. Contenders take turns within a round, and ratios are taken
round by round, for what slows the host slows all of a round: they say more than the figures themselves. What "Parley has",
"spoilt", "faults" and "bounded by the load" mean stands there too, in "How to read a table".
"""


def write(cases: Iterable[tuple[Case, Measured]]) -> None:
    """Write RESULTS.md and its plots."""
    measured = list(cases)
    parts = [HEAD, *_machines(measured)]
    for case, found in measured:
        parts += section(case, found)
        for drawing in case.plots:
            text = draw(drawing, Table(found.samples))
            if text:
                (FOLDER / f"{drawing.name}.svg").write_text(text)
    RESULTS.write_text("\n".join(parts).rstrip() + "\n")


def _machines(measured: Sequence[tuple[Case, Measured]]) -> list[str]:
    """The machine, or each with its cases where there are several; the commit stands with each case."""
    cases = defaultdict[tuple[tuple[str, str], ...], list[str]](list)
    for case, found in measured:
        cases[tuple(pair for pair in found.machine.items() if pair[0] != "Parley")].append(case.title)
    lines = []
    for machine, titles in cases.items():
        lines += ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in machine)]
        lines += [f"| measured here | {'; '.join(titles)} |"] * (len(cases) > 1) + [""]
    return lines


def section(case: Case, measured: Measured, *, needed: int = ROUNDS_LEAST) -> list[str]:
    """The lines about one case."""
    table = Table(measured.samples, needed)
    commit = measured.machine.get("Parley", "an unknown commit")
    lines = [f"## {case.title}", "", case.about, ""]
    lines += [f"Measured {measured.date} at {commit} by `{measured.command}`.", ""]
    lines += rows(case, table)
    if case.goals:
        lines += ["", "| to reach | found | |", "| --- | --- | --- |"]
        lines += [goal_row(goal, table) for goal in case.goals]
    lines += [f"\n![{drawing.title}](results/{drawing.name}.svg)" for drawing in case.plots]
    return [*lines, ""]


def rows(case: Case, table: Table) -> list[str]:
    """The table of the figures."""
    titles = ["", "at", *(column.title for column in case.columns)]
    if case.compared:
        titles.append(f"{US} has")
    lines = ["| " + " | ".join(titles) + " |", "| --- " * 2 + "| ---: " * (len(titles) - 2) + "|"]
    for key in table:
        cells = [cell(table.spread(*key, column.figure), column) for column in case.columns]
        if any(cells) or table.faults(key):
            compared = [times(case, table, key)] if case.compared else []
            lines.append("| " + " | ".join([key[0], key[1] + remarks(table, key), *cells, *compared]) + " |")
    return lines


def cell(spread: Spread | None, column: Column) -> str:
    """A figure with its range; empty where there is none."""
    if spread is None:
        return ""
    median, least, most = (
        f"{value * column.scale:,.{column.digits}f}" for value in (spread.median, spread.least, spread.most)
    )
    return median if least == most else f"{median} ({least}–{most})"


def times(case: Case, table: Table, key: Key) -> str:
    """How many times as much of the compared figure Parley has at the same, round by round."""
    who, what = key
    if who == US or what not in case.compared:
        return ""
    name = case.compared[what]
    try:
        found = table.ratio((US, what), key, name)
    except LookupError:
        return ""
    return f"{cell(found, Column(name, '', 1 if name == 'deliveries' else 2))} × its {name}"


def remarks(table: Table, key: Key) -> str:
    """What must be known of a row: faults, rounds that others spoilt, and that it was the load that could do no more."""
    unsound = "" if table.valid(key) else " **(too few sound rounds)**"
    faults = ", ".join(f"{count:,} {name}" for name, count in table.faults(key).items())
    spoilt = table.spoilt(key)
    return (
        (f" **(faults: {faults})**" if faults else "")
        + (f" (spoilt {len(spoilt)} ×)" if spoilt else "")
        + (" (bounded by the load)" if table.bounded_by_load(key) else "")
        + unsound
    )


def goal_row(goal: Goal, table: Table) -> str:
    """A figure to reach, what was found, and whether that is enough."""
    reached, found = goal.judge(table)
    if reached is None:
        return f"| {goal.text} | not measured | **not reached** |"
    digits = 0 if abs(found) >= 100 else 2
    return f"| {goal.text} | {found:,.{digits}f}{goal.unit} | {'reached' if reached else '**not reached**'} |"


def draw(drawing: Plot, table: Table) -> str:
    """The SVG of a plot; empty where nothing of it was measured."""
    series: dict[str, list[tuple[float, Spread]]] = {}
    for who, what in table:
        spread = table.spread(who, what, drawing.figure)
        size = table.size((who, what))
        if spread is not None and size > 0:
            scaled = Spread(*(value * drawing.scale for value in (spread.median, spread.least, spread.most)))
            series.setdefault(who, []).append((size, scaled))
    if not series:
        return ""
    return plot.line_chart(
        drawing.title, drawing.x_title, drawing.y_title, series, logarithmic=drawing.logarithmic
    )
