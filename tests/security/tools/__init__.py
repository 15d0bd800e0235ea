"""Tools of others, each in a venv of its own: what they need may contradict what Parley needs.

`NAME.in` says what is wanted, `NAME.txt` pins it and all that it needs, with hashes; made by

    uv pip compile --generate-hashes --no-header --no-annotate --python-version 3.11 NAME.in -o NAME.txt
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from shared.settings import PROJECT

HERE = Path(__file__).parent


def programs(name: str, *more: Path) -> Path:
    """The `bin` folder of a tool's venv, made or brought up to date if need be. `more` are further lists."""
    wanted = [HERE / f"{name}.txt", *more]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()
    venv = PROJECT / ".venv-attack" / name
    stamp = venv / "installed"
    if not stamp.exists() or stamp.read_text() != state:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        lists = [argument for path in wanted for argument in ("-r", str(path))]
        pip = [
            str(venv / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--no-deps",
            *lists,
        ]
        subprocess.run(pip, check=True)
        stamp.write_text(state)
    return venv / "bin"


def version(name: str) -> str:
    """The pinned version of a tool, as in `wapiti3 3.2.3`."""
    package = (HERE / f"{name}.in").read_text().strip()
    pinned = next(
        line for line in (HERE / f"{name}.txt").read_text().splitlines() if line.startswith(f"{package}==")
    )
    return pinned.removesuffix(" \\").replace("==", " ")
