"""Asks whether a pinned package has a known weakness: `python -m deploy.audit`, which `make audit` calls.

pip-audit, which does it, passes over a package about which it could learn nothing, as where there is no
way to its database. That is not "no weakness is known", so it is said here.
"""

import json
import subprocess
import sys
from typing import Any

from shared.settings import PROJECT

SECONDS = 15  # for the database to answer
SERVICES = ("pypi", "osv")


def main() -> int:
    """Audit both lock files; 1 where a weakness is known."""
    known = 0
    for lock in ("requirements.txt", "requirements-dev.txt"):
        packages, reason = _asked(lock)
        weak = [package for package in packages if package.get("vulns")]
        unknown = len(packages) - _audited(packages)
        for package in weak:
            names = ", ".join(found["id"] for found in package["vulns"])
            sys.stdout.write(f"{lock}: {package['name']} {package['version']}: {names}\n")
        if not packages or unknown:
            count = f"{unknown} of {len(packages)} packages" if packages else "no package at all"
            sys.stdout.write(f"{lock}: NOT AUDITED, {count}: {reason}\n")
        else:
            sys.stdout.write(f"{lock}: {len(packages)} packages, {len(weak)} with a known weakness\n")
        known += len(weak)
    return 1 if known else 0


def _asked(lock: str) -> tuple[list[dict[str, Any]], str]:
    """What is known of each package, by the first service that knows of all; else of as many as one does, and why."""
    best: list[dict[str, Any]] = []
    reason = "its database can not be reached"
    for service in SERVICES:
        command = ["-m", "pip_audit", "--format=json", "--progress-spinner=off", f"--timeout={SECONDS}"]
        lines = ["--require-hashes", "--disable-pip", f"--vulnerability-service={service}", "--requirement"]
        done = subprocess.run(
            [sys.executable, *command, *lines, str(PROJECT / lock)],
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            packages = json.loads(done.stdout)["dependencies"]
        except (ValueError, KeyError):
            continue
        if packages and all("skip_reason" not in package for package in packages):
            return packages, ""
        best = max(best, packages, key=lambda found: (_audited(found), len(found)))
        reason = "its database can not be reached, or does not know them"
    return best, reason


def _audited(packages: list[dict[str, Any]]) -> int:
    return sum("skip_reason" not in package for package in packages)


if __name__ == "__main__":
    sys.exit(main())
