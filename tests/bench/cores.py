"""Which processes run on which core, what they used of it, and whether strangers took part.

The measured server gets the first core for itself; everything else, the load too, shares the others.
"""

import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
# CPU seconds of others per second of measuring, on all our cores together. The kernel's own threads, which
# write to the disk what our databases sync, need up to half of that.
STRANGERS_MOST = 0.06
PEAK_SECONDS = 0.2
# Of the same, by the machine's host: what it takes makes nobody's figures better, Parley's or a peer's.
STOLEN_MOST = 0.10

Roles = Mapping[str, Iterable[int]]


def cores() -> tuple[int, set[int]]:
    """The core of the measured server, and those of everything else. Raises `RuntimeError` on a single core."""
    first, *others = sorted(os.sched_getaffinity(0) | _whole_affinity)
    if not others:
        raise RuntimeError("this needs two cores: one for the server, one for the load")
    return first, set(others)


_whole_affinity = os.sched_getaffinity(0)  # before this process binds itself


def bind(pid: int, to: Iterable[int]) -> None:
    """Let all threads of a process, and those that they start, run on these cores only."""
    for thread in (PROC / str(pid) / "task").iterdir():
        with suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(int(thread.name), to)


def family(pid: int) -> list[int]:
    """A process and its children and theirs, as the workers of gunicorn."""
    found = [pid]
    for thread in (PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):  # it ended meanwhile
            found += [member for child in thread.read_text().split() for member in family(int(child))]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and of its children that ended; 0 where there is none."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(value) for value in fields[11:15]) / TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM (VmRSS); 0 where there is none."""
    try:
        text = (PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("VmRSS:")), 0)


def resident_by_role(roles: Roles) -> dict[str, int]:
    """Memory of all processes of each role."""
    return {role: sum(resident_bytes(pid) for pid in pids) for role, pids in roles.items()}


class Peaks:
    """Looks at the memory of our processes five times a second, from `start` to `stop`."""

    def __init__(self, roles: Callable[[], Roles]) -> None:
        self._roles = roles
        self._peaks: dict[str, int] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Peaks":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """From here on."""
        self._thread.start()

    def stop(self) -> dict[str, int]:
        """The most bytes of each role since `start`."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        return self._peaks

    def _watch(self) -> None:
        roles = {role: [*pids] for role, pids in self._roles().items()}
        while not self._ended.wait(PEAK_SECONDS):
            for role, size in resident_by_role(roles).items():
                self._peaks[role] = max(size, self._peaks.get(role, 0))


@dataclass(frozen=True, slots=True)
class Usage:
    """What the cores did while something was measured; all in CPU seconds but `wall`, which the clock says."""

    wall: float
    by_role: dict[str, float]
    strangers: float
    stolen: float
    culprits: list[str] = field(default_factory=list)

    @property
    def spoilt(self) -> str:
        """Why this can not be trusted; empty where it can."""
        if self.strangers > STRANGERS_MOST * self.wall:
            return f"others used {self.strangers / self.wall:.0%} of a core: {', '.join(self.culprits) or 'short-lived'}"
        if self.stolen > STOLEN_MOST * self.wall:
            return f"the host took {self.stolen / self.wall:.0%} of a core"
        return ""

    def shares(self, measured: Collection[str], others: int) -> dict[str, float]:
        """The shares in use: of the core of the `measured` roles, and of the `others` cores, which the rest has.

        The load generator has one thread: with more than two cores it may be full alone.
        """
        server = sum(used for role, used in self.by_role.items() if role in measured)
        rest = sum(self.by_role.values()) - server
        load = max(rest / others, self.by_role.get("load", 0.0))
        return {"server_core": server / self.wall, "load_core": load / self.wall}

    def tell_apart(self, role: str, seconds: float, *, of: str = "bench") -> None:
        """A part of what a role used, as a role of its own: a thread."""
        self.by_role[role] = seconds
        self.by_role[of] -= seconds


@dataclass(slots=True)
class _Sight:
    at: float
    busy: float
    stolen: float
    processes: dict[int, tuple[str, float]]


class Meter:
    """Reads the CPU times at `begin` and at `end`. `roles` names our processes, when it is called."""

    def __init__(self, roles: Callable[[], Roles]) -> None:
        self._roles = roles
        self._begun: _Sight | None = None

    def begin(self) -> None:
        """From here on."""
        self._begun = _look()

    def end(self) -> Usage:
        """What was used since `begin`."""
        assert self._begun is not None
        before, after = self._begun, _look()
        used = {
            pid: seconds - before.processes.get(pid, ("", 0.0))[1]
            for pid, (_, seconds) in after.processes.items()
        }
        ours = {role: [*pids] for role, pids in self._roles().items()} | {"bench": [os.getpid()]}
        by_role = {role: sum(used.get(pid, 0.0) for pid in pids) for role, pids in ours.items()}
        known = {pid for pids in ours.values() for pid in pids}
        strangers = sorted(
            ((seconds, after.processes[pid][0]) for pid, seconds in used.items() if pid not in known),
            reverse=True,
        )
        return Usage(
            wall=after.at - before.at,
            by_role=by_role,
            strangers=max(0.0, after.busy - before.busy - sum(by_role.values())),
            stolen=after.stolen - before.stolen,
            culprits=[f"{name} {seconds:.2f} s" for seconds, name in strangers[:3] if seconds > 0.02],
        )


def _look() -> _Sight:
    busy = stolen = 0.0
    ours = {f"cpu{number}" for number in _whole_affinity}
    for line in (PROC / "stat").read_text().splitlines():
        name, *values = line.split()
        if name in ours:
            # user, nice, system; interrupts are nobody's, and idle is idle (proc(5)).
            busy += sum(int(value) for value in values[:3]) / TICKS
            stolen += int(values[7]) / TICKS
    processes = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                processes[int(entry.name)] = (
                    (entry / "comm").read_text().strip(),
                    cpu_seconds(int(entry.name)),
                )
    return _Sight(time.monotonic(), busy, stolen, processes)
