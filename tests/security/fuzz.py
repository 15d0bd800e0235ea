"""`make fuzz`: every target of `fuzz_targets`, one after the other, each for so many seconds.

    make fuzz A='--seconds 600 --only frame'

A finding is written to `var/fuzz/found-TARGET-…` and told with its traceback; the corpus stays in
`var/fuzz`, so that the next run goes on where this one stopped. Exits 1 where something was found.
"""

import argparse
import re
import subprocess
import sys

from shared.settings import PROJECT
from tests.security.tools import programs

TARGETS = ("frame", "session", "cookie", "origin", "form", "next", "text")


def main() -> int:
    """Run the targets; the exit code."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--only", default="", help="these targets, by comma")
    options = parser.parse_args()
    python = programs("fuzz", PROJECT / "requirements.txt") / "python"
    failed = 0
    for name in options.only.split(",") if options.only else TARGETS:
        command = [python, "-m", "tests.security.fuzz_targets", name, f"-max_total_time={options.seconds}"]
        ended = subprocess.run(
            command, cwd=PROJECT, capture_output=True, text=True, errors="replace", check=False
        )
        done = re.findall(r"^Done (\d+) runs", ended.stderr, re.MULTILINE)
        reached = re.findall(r"cov: (\d+)", ended.stderr)
        print(
            f"{name:8} {done[-1] if done else 'stopped':>12} runs   {reached[-1] if reached else 0:>4} branches",
            flush=True,
        )
        if ended.returncode:
            failed = 1
            print(ended.stdout[-1500:] + ended.stderr[-1500:])
    return failed


if __name__ == "__main__":
    sys.exit(main())
