"""The table of promises names only tests that there are."""

import ast
import re
from pathlib import Path

from shared.settings import PROJECT

TABLE = Path(__file__).parent / "README.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def functions_of(path: Path) -> set[str]:
    """The names of the functions at the top of a module."""
    body = ast.parse(path.read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_the_table_names_is_there() -> None:
    named = NAMED.findall(TABLE.read_text())
    assert len(named) > 100, "the table is not read"
    files = {file for file, _ in named}
    there = {
        file: functions_of(PROJECT / file) if (PROJECT / file).exists() else set[str]() for file in files
    }
    missing = sorted({f"{file}::{name}" for file, name in named if name not in there[file]})
    assert not missing


def test_every_line_of_the_table_says_what_holds_it_or_that_nothing_does() -> None:
    rows = [
        line for line in TABLE.read_text().splitlines() if line.startswith("| ") and "Held by" not in line
    ]
    promises = [row for row in rows if not row.startswith(("| Folder", "| `"))]
    assert promises
    silent = [
        row for row in promises if not NAMED.search(row) and "**No" not in row and "**Logged" not in row
    ]
    assert not silent
