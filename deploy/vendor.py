"""Copy the browser's libraries from npm into the project: `make vendor`, or `python -m deploy.vendor`.

`deploy/libraries/package-lock.json` pins every package by its hash and names no registry. The files that
a browser or a test needs are copied as they were published, beside their licences and a table of what they are.
With `--update` the lock first moves to the newest versions that `package.json` allows; with `--check`
nothing is written, and what differs from the packages is listed.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
LOCK_FOLDER = PROJECT / "deploy" / "libraries"
NPM_OPTIONS = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--omit-lockfile-registry-resolved")
HEAD = """# Libraries of others

Copied from npm by `make vendor` as they were published, and never edited here.

| file | package | version | licence | SHA-256 |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Library:
    """One published file and where it goes; `folder` and `name` are of the project, `source` of the package."""

    package: str
    source: str
    folder: str
    name: str
    licence: str = "LICENSE"


PAGE, TESTS = "web/static/vendor", "tests/browser/vendor"
LIBRARIES = (
    Library("markdown-it", "dist/browser/markdown-it.esm.min.mjs", PAGE, "markdown-it.js"),
    Library("@highlightjs/cdn-assets", "es/highlight.min.js", PAGE, "highlight.js"),
    Library("markdown-it-emoji", "lib/data/full.mjs", PAGE, "emoji.js"),
    Library("axe-core", "axe.min.js", TESTS, "axe.js"),
)


def npm(folder: Path, *arguments: str) -> None:
    """Run npm in a folder; a failure ends the program with what npm said."""
    program = shutil.which("npm")
    if program is None:
        raise SystemExit("npm is missing (package npm); only this command needs it.")
    subprocess.run([program, *arguments, *NPM_OPTIONS], cwd=folder, check=True)


def table(folder: str, packages: Path) -> str:
    """The README of a folder of copies."""
    lines = []
    for library in (one for one in LIBRARIES if one.folder == folder):
        about = json.loads((packages / library.package / "package.json").read_text())
        digest = hashlib.sha256((packages / library.package / library.source).read_bytes()).hexdigest()
        lines.append(
            f"| `{library.name}` | [{library.package}](https://www.npmjs.com/package/{library.package}) "
            f"| {about['version']} | {about['license']} | `{digest}` |\n"
        )
    return HEAD + "".join(lines)


def copies(packages: Path) -> dict[Path, bytes]:
    """Every file that the project should hold, and its content."""
    wanted: dict[Path, bytes] = {}
    for library in LIBRARIES:
        folder = PROJECT / library.folder
        package = packages / library.package
        wanted[folder / library.name] = (package / library.source).read_bytes()
        wanted[folder / f"{library.name}.LICENSE"] = (package / library.licence).read_bytes()
    for folder_name in (PAGE, TESTS):
        wanted[PROJECT / folder_name / "README.md"] = table(folder_name, packages).encode()
    return wanted


def main() -> int:
    """Copy, or with `--check` compare; 1 where something differs."""
    parser = argparse.ArgumentParser(prog="python -m deploy.vendor", description="Copy libraries from npm.")
    parser.add_argument("--update", action="store_true", help="move to the newest versions allowed first")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a copy differs")
    options = parser.parse_args()
    if options.update:
        npm(LOCK_FOLDER, "update", "--package-lock-only", "--save")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(LOCK_FOLDER / file, place)
        npm(place, "ci")
        wanted = copies(place / "node_modules")
    different = [
        path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content
    ]
    for path in different:
        sys.stdout.write(f"{path.relative_to(PROJECT)}: {'differs' if options.check else 'written'}\n")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[path])
    return 1 if options.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
