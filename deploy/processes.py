"""What runs on this machine, read from /proc: which processes are ours, their memory, and how to end them.

supervisord is started as the leader of a session of its own, and none of its programs leaves
that session (setsid(2)), also when their parent is killed. So a process is ours if it is in
that session and works in the project's or the data folder; the second keeps us from ending
strangers should the kernel have given the session's number to somebody else since.
"""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its numbers, its name (at most 15 characters) and the folder that it works in."""

    pid: int
    parent: int
    group: int
    session: int
    started: int  # clock ticks since the machine's start; tells a process from a later one of the same number
    name: str
    folder: str


def read(pid: int) -> Process | None:
    """The process with this number; None where there is none, or it has ended already (a zombie)."""
    try:
        before, _, after = (PROC / str(pid) / "stat").read_text().rpartition(")")
        folder = str((PROC / str(pid) / "cwd").readlink())
    except OSError:  # it ended meanwhile, or is another user's
        return None
    fields = after.split()
    if fields[0] in "ZX":
        return None
    parent, group, session = (int(field) for field in fields[1:4])
    return Process(pid, parent, group, session, int(fields[19]), before.partition("(")[2], folder)


def session(number: int, folders: Iterable[Path]) -> list[Process]:
    """The processes of a session that work in one of the folders or below."""
    roots = tuple(f"{folder}" for folder in folders)
    found = []
    for entry in PROC.iterdir():
        process = read(int(entry.name)) if entry.name.isdigit() else None
        if process is None or process.session != number:
            continue
        if any(process.folder == root or process.folder.startswith(root + "/") for root in roots):
            found.append(process)
    return found


def left_behind(number: int, folders: Iterable[Path]) -> list[Process]:
    """Of a session's processes those whose group has lost its leader.

    supervisord makes each program the leader of a group of its own, so these are the children of
    one that was killed, as nginx's workers, which then would keep the port for ever.
    """
    found = session(number, folders)
    leaders = {process.pid for process in found}
    return [process for process in found if process.group not in leaders]


def end(processes: Iterable[Process], seconds: float) -> None:
    """SIGTERM, and SIGKILL to what still runs after so many seconds. Returns when all have ended."""
    waiting = list(processes)
    for process in waiting:
        _signal(process, signal.SIGTERM)
    until = time.monotonic() + seconds
    while waiting := [process for process in waiting if _lives(process)]:
        if time.monotonic() > until:
            for process in waiting:
                _signal(process, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _lives(process: Process) -> bool:
    now = read(process.pid)
    return now is not None and now.started == process.started


def _signal(process: Process, number: signal.Signals) -> None:
    if _lives(process):
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def memory(pid: int) -> int:
    """The proportional set size of a process in bytes: shared pages count by their share. 0 where unknown."""
    try:
        text = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:")), 0)


def boot() -> str:
    """What tells this run of the machine from every other."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()
