"""A short fault run with a fixed seed; `make chaos` is the long one."""

import subprocess
import sys

from shared.settings import PROJECT


def test_clients_see_no_broken_promise_while_processes_are_killed() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.chaos",
        "--seed",
        "20261122",
        "--seconds",
        "15",
        "--clients",
        "12",
        "--heal",  # how long it takes is judged by the long run, on a machine that does nothing else
        "60",
        "--resume",
        "60",
        "--verbose",
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "violations             0" in done.stdout
    assert "process kills          0" not in done.stdout
