"""The page's files, `web/static`, and the address that holds their version.

What lies under such an address never changes: browsers keep it and do not ask for it again, and a page that was
opened before an upgrade goes on with the files that it began with. `deploy` copies the files into the data folder, from
where nginx serves them; `web` names them in its pages.
"""

import hashlib
from pathlib import Path

from shared.settings import PROJECT

FILES = PROJECT / "web" / "static"
ADDRESS = "/static"
DIGITS = 12  # of a version; nginx.conf knows a version by them


def names(folder: Path = FILES) -> list[str]:
    """Every file that is served, by its name within the folder; not what is for developers, nor what editors leave."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md" and not path.name.startswith(".")
    )


def version(folder: Path = FILES) -> str:
    """A hash of the names and contents of all files; a few milliseconds."""
    digest = hashlib.sha256()
    for name in names(folder):
        content = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:DIGITS]


def copies(var: str | Path) -> Path:
    """Where in the data folder the copies lie, each in a folder that is called by its version."""
    return Path(var) / "static"


def address(var: str | Path) -> str:
    """Where the files of now are found: under their version where there is a copy of it, or as they are.

    There is none where nothing was started yet, as in tests, and for a worker that comes between `git pull` and
    `make restart`: its pages are of the new code, and need the new files.
    """
    now = version()
    return f"{ADDRESS}/{now}" if (copies(var) / now).is_dir() else ADDRESS
