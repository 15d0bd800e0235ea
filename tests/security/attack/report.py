"""What a run says, on the screen and in RESULTS.md."""

import platform
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as package
from pathlib import Path

from shared.settings import PROJECT
from tests.security.tools import version

PACKAGES = ("flask", "werkzeug", "gunicorn", "websockets", "msgspec", "argon2-cffi")


@dataclass(frozen=True, slots=True)
class Part:
    """Figures of one part, each a line, and its faults: what must be mended."""

    title: str
    figures: list[str]
    faults: list[str]
    details: list[str] = field(default_factory=list)  # long lists, for RESULTS.md alone

    def __str__(self) -> str:
        """As it stands on the screen."""
        lines = [self.title, *(f"  {line}" for line in self.figures)]
        return "\n".join([*lines, *(f"  FAULT {line}" for line in self.faults)])

    def markdown(self) -> str:
        """As it stands in RESULTS.md."""
        faults = [f"- **FAULT** {line}" for line in self.faults] or ["- Faults: none"]
        details = ["", "```text", *self.details, "```"] if self.details else []
        return "\n".join([f"## {self.title}", "", *(f"- {line}" for line in self.figures), *faults, *details])


def write(path: Path, command: str, parts: list[Part], seconds: float, seed: int) -> None:
    """Write RESULTS.md."""
    tools = ", ".join(
        [version("wapiti"), version("sqlmap"), *(f"{name} {package(name)}" for name in PACKAGES)]
    )
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr.strip()
    head = [
        "# What the last `make attack` found",
        "",
        "Written by the run itself; how it works stands in [README.md](README.md).",
        "",
        f"- Command: `{command}` (seed {seed}), {seconds / 60:.1f} minutes",
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- Versions: Python {platform.python_version()}, {tools}, {said.partition(': ')[2] or 'nginx'}",
        f"- Code: {_commit()}",
        f"- Outcome: {'FAULTS FOUND' if any(part.faults for part in parts) else 'nothing found'}",
        "",
    ]
    path.write_text("\n".join(head) + "\n" + "\n\n".join(part.markdown() for part in parts) + "\n")


def _commit() -> str:
    command = ["git", "log", "-1", "--format=%h of %cs"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout.strip()
