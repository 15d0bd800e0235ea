"""The page's pure modules, tested where they run without a page: `node --test`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
NODE_MIN = 18


def node() -> str | None:
    """The program, where there is one that is young enough."""
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None:
        return None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)", version)
    return program if found and int(found[1]) >= NODE_MIN else None


@pytest.mark.skipif(node() is None, reason=f"needs Node {NODE_MIN} or later")
@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test.js")), ids=lambda path: path.name)
def test_module(path: Path) -> None:
    program = node()
    assert program is not None
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    done = subprocess.run(
        [program, "--test", str(path)],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
