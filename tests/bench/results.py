"""What was measured, kept as JSON in `results/`: the report is made from that, also of cases measured before."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench.figures import Sample

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Measured:
    """A case's samples, and when, where and by which command they were taken."""

    case: str
    date: str
    command: str
    machine: Mapping[str, str]
    samples: list[Sample]


def keep(case: str, command: str, machine: Mapping[str, str], samples: Iterable[Sample]) -> Measured:
    """Write a case's samples down, in place of older ones."""
    measured = Measured(
        case, time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), command, machine, [*samples]
    )
    FOLDER.mkdir(exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(measured), indent=1)
    (FOLDER / f"{case}.json").write_bytes(text + b"\n")
    return measured


def read(case: str) -> Measured | None:
    """What was measured of a case; None where nothing was."""
    try:
        return msgspec.json.decode((FOLDER / f"{case}.json").read_bytes(), type=Measured)
    except FileNotFoundError:
        return None
