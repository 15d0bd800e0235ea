"""Whether a run may be believed, and whether Parley did what it is to do."""

from tests.bench.case import Case
from tests.bench.figures import US, Table


def faults(table: Table) -> list[str]:
    """What Parley must never do: lose, double or mix up messages, or fail. Peers may: their rows say so."""
    return [
        f"{who}, {what}: {count:,} {name}"
        for who, what in table
        if who.startswith(US)
        for name, count in table.faults((who, what)).items()
    ]


def disturbed(table: Table) -> list[str]:
    """Rows of Parley with too few rounds in which nobody else used the cores."""
    return [
        f"{key[0]}, {key[1]}: only {table.sound(key)} sound rounds; {', '.join(table.spoilt(key))}"
        for key in table
        if key[0].startswith(US) and not table.valid(key)
    ]


def goals(case: Case, table: Table) -> list[str]:
    """The goals that are not reached, or that were not measured."""
    return [f"not reached: {goal.text}" for goal in case.goals if not goal.judge(table)[0]]
