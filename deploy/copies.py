"""Copies of the page's files in the data folder, one for each version, so that an open page goes on with its own.

nginx serves them under the address that holds their version (`shared.static_files`). A copy is there as a whole or not at
all, also after an interruption; one that has changed since, as when the machine lost its power, is made anew.
"""

import os
import shutil
from pathlib import Path

from deploy.layout import Layout
from shared import static_files

KEPT = 3  # the version of now, and those of pages that were opened before the last two upgrades
PART = "part"  # what is being copied or removed


def add(folder: Path, source: Path = static_files.FILES) -> str:
    """Copy the files as they are now, which makes their version the newest; returns it."""
    part = folder / PART
    shutil.rmtree(part, ignore_errors=True)  # an earlier run was interrupted
    for name in static_files.names(source):
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        # Without its mode: the project's folder may be read-only, and a copy has to go again.
        (part / name).write_bytes((source / name).read_bytes())
    version = static_files.version(part)  # of what was copied, whatever was written to the files meanwhile
    whole = folder / version
    if static_files.version(whole) != version:
        shutil.rmtree(whole, ignore_errors=True)
        part.rename(whole)
    os.utime(whole)
    return version


def keep_newest(folder: Path, version: str) -> None:
    """Remove old versions; `version` counts as the newest whatever the clock says."""
    others = [path for path in folder.iterdir() if path.is_dir() and path.name not in (version, PART)]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    part = folder / PART
    shutil.rmtree(part, ignore_errors=True)
    for old in others[KEPT - 1 :]:
        old.rename(part)
        shutil.rmtree(part)


def add_while_running(layout: Layout) -> str | None:
    """The same for the nginx that runs; None where that was started by code that knew of no copies, and serves none."""
    if "$static_root" in (layout.etc / "nginx.conf").read_text():
        return add(layout.static)
    shutil.rmtree(layout.static, ignore_errors=True)  # of a run before that one; web would name them
    return None
