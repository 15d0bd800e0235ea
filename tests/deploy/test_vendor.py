"""The copies of other people's libraries are those that their tables name."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from deploy.vendor import LIBRARIES, LOCK_FOLDER, PROJECT, Library

ROW = re.compile(
    r"\| `(?P<file>[^`]+)` \| \[(?P<package>[^\]]+)\].*?\| (?P<version>[\d.]+) \|.*`(?P<digest>\w{64})` \|"
)


def rows(folder: str) -> dict[str, re.Match[str]]:
    return {row["file"]: row for row in ROW.finditer((PROJECT / folder / "README.md").read_text())}


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
def test_a_copy_is_the_version_of_the_lock_and_has_the_checksum_of_its_table(library: Library) -> None:
    row = rows(library.folder)[library.name]
    content = (PROJECT / library.folder / library.name).read_bytes()
    assert row["digest"] == hashlib.sha256(content).hexdigest()
    lock = json.loads((LOCK_FOLDER / "package-lock.json").read_text())
    assert row["package"] == library.package
    assert row["version"] == lock["packages"][f"node_modules/{library.package}"]["version"]
    assert (PROJECT / library.folder / f"{library.name}.LICENSE").stat().st_size > 500


@pytest.mark.parametrize("folder", sorted({library.folder for library in LIBRARIES}))
def test_nothing_else_stands_beside_the_copies(folder: str) -> None:
    names = {library.name for library in LIBRARIES if library.folder == folder}
    wanted = {"README.md"} | names | {f"{name}.LICENSE" for name in names}
    assert {path.name for path in (PROJECT / folder).iterdir()} == wanted


def test_the_lock_names_no_registry() -> None:
    lock = (LOCK_FOLDER / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') >= len(LIBRARIES)
    assert not Path(LOCK_FOLDER / "node_modules").exists()
