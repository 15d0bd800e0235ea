"""Runs a case: round after round, the contenders in turn (A B, B A, A B), and again what was spoilt."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from tests.bench.case import Case, Plan, Step
from tests.bench.figures import FAILED, US, Sample

TRIES = 5  # of a step that others spoil


def say(text: str) -> None:
    """Tell who waits for it how it goes."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def run(case: Case, plan: Plan) -> list[Sample]:
    """Every sample of a case, also the spoilt ones, of which each says so."""
    samples: list[Sample] = []
    try:
        with case.steps(plan) as steps:
            for number in range(plan.rounds):
                say(f"{case.name}: round {number + 1} of {plan.rounds}")
                for step in in_turn([step for step in steps if plan.includes(step.who)], number, plan.rounds):
                    samples += [replace(sample, round=number + 1) for sample in measure(step, plan)]
    except Exception as fault:  # what all rounds share did not start or did not end; the other cases go on
        say(f"    failed: {fault}")
        samples.append(Sample(US, "what all rounds share", {}, faults={FAILED: 1}, note=str(fault)))
    return samples


def in_turn(steps: Sequence[Step], number: int, rounds: int) -> list[Step]:
    """The steps of a round, counted from 0: who begins moves on, so that nobody is always measured first.

    Those who do the same stay one after the other. Where one contender does all, its steps move on.
    """
    groups = [list(group) for _, group in groupby(steps, key=lambda step: step.what)]
    if len(groups) == len(steps):
        groups = [[*steps]]
    return [step for group in groups for step in _moved_on(group, number, rounds)]


def _moved_on(group: list[Step], number: int, rounds: int) -> list[Step]:
    first = number * max(1, len(group) // rounds) % max(1, len(group))
    return group[first:] + group[:first]


def measure(step: Step, plan: Plan) -> Sequence[Sample]:
    """A step, again while it is spoilt or fails; the last attempt comes last."""
    tried: list[Sample] = []
    while len(tried) < (1 if plan.quick else TRIES):
        tried.append(_attempt(step))
        say(_line(tried[-1]))
        if not tried[-1].spoilt and FAILED not in tried[-1].faults:
            break
    return tried


def _attempt(step: Step) -> Sample:
    """One attempt. A contender that does not start or loses its clients must not end the run of all others."""
    try:
        return step.measure()
    except Exception as fault:
        return Sample(step.who, step.what, {}, faults={FAILED: 1}, note=str(fault))


def _line(sample: Sample) -> str:
    shown = ", ".join(
        f"{name} {sample.figures[name]:,.1f}"
        for name in ("deliveries", "p50", "p99", "acks", "ack_p50", "ack_p99", "churn", "usable")
        if sample.figures.get(name)
    )
    faults = f"  FAULTS {dict(sample.faults)} {sample.note}" if sample.faults else ""
    return f"    {sample.who}, {sample.what}: {shown}{faults}" + (
        f"  spoilt: {sample.spoilt}" if sample.spoilt else ""
    )
