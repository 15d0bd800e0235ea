"""Which scripts a page needs at once, so that the browser asks for all of them in one go.

A module's imports are known only when it is there: a page of modules that import each other comes one layer
after the other, each with the whole way to the server and back. `modulepreload` names them all beforehand
(HTML, "Link type modulepreload").
"""

import re
from pathlib import Path

SCRIPTS = Path(__file__).parent / "static" / "js"

# `import … from "./x.js"` and `export … from "./x.js"`; an `import()` is for later, and not among them.
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([a-z-]+\.js)["'];""", re.MULTILINE)


def imported(entry: str, folder: Path = SCRIPTS) -> list[str]:
    """The names of all modules that `entry` imports, near ones first, without itself.

    Raises `FileNotFoundError` where one of them does not exist.
    """
    found = [entry]
    for name in found:
        for other in _IMPORT.findall((folder / name).read_text(encoding="utf-8")):
            if other not in found:
                found.append(other)
    return found[1:]
