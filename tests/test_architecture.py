"""The law of the folders, read from the imports themselves; and that the documents tell the truth."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from chatd.client import ServerFrame
from shared import protocol, settings
from shared.protocol import Close, Code

PROJECT = Path(__file__).parents[1]
PACKAGES = ("shared", "chatd", "web", "deploy")

# Who may import whom, of our own packages.
MAY_IMPORT = {
    "shared": {"shared"},
    "chatd": {"chatd", "shared"},
    "web": {"web", "shared"},
    "deploy": {"deploy", "shared"},
}

# Libraries that a package knows nothing of.
FOREIGN = {
    "shared": {"flask", "flask_session", "flask_wtf", "werkzeug", "asyncio", "uvloop", "websockets", "redis"},
    "chatd": {"flask", "flask_session", "flask_wtf", "werkzeug", "gunicorn"},
    "web": {"asyncio", "uvloop", "websockets"},
    "deploy": {"flask", "asyncio", "uvloop", "websockets"},
}

# The layers of the daemon, from the bottom; each imports only what stands before it.
LAYERS = (
    {"backlog", "changes"},
    {"hub", "sequencer", "fences", "timeline", "ratelimit", "turns", "presence"},
    {"line"},
    {"peer", "handshake", "store", "wire", "writer", "together", "garbage"},
    {"fanout", "bus", "journal", "watch"},
    {"catch_up"},
    {"delivery", "presence_exchange", "keepalive"},
    {"heads", "signals"},
    {"commands"},
    {"hello"},
    {"connection"},
    {"server"},
    {"__main__"},
)
# Clients for programs stand apart: they speak the protocol, and share nothing with the daemon but the pure timeline.
CLIENTS = {"client", "client_http", "outbox", "backoff"}

# What neither waits nor speaks to anybody.
PURE = {
    "chatd": LAYERS[0] | LAYERS[1],
    "shared": {
        "log",
        "protocol",
        "mentions",
        "reactions",
        "text",
        "keys",
        "sessions",
        "events",
        "settings",
        "environment",
    },
}
IMPURE = {
    "asyncio", "socket", "ssl", "selectors", "threading", "subprocess", "http", "urllib.request", "websockets",
    "redis", "hiredis", "pymysql", "dbutils", "uvloop", "time", "random",
}  # fmt: skip


def modules(package: str) -> list[Path]:
    found = sorted(path for path in (PROJECT / package).rglob("*.py") if "__pycache__" not in path.parts)
    assert found, f"{package} is empty"
    return found


def imports(path: Path) -> Iterator[str]:
    """The full name of each module that a file imports, wherever in the file that stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports name the package, so that this test can read them"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(path: Path, package: str) -> set[str]:
    """The modules of its own package that a file imports."""
    parts = [name.split(".") for name in imports(path)]
    own = {path.stem for path in modules(package)}
    return {part[1] for part in parts if part[0] == package and len(part) > 1 and part[1] in own}


# -- imports


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_its_law_allows(package: str) -> None:
    for path in modules(package):
        ours = {name.split(".")[0] for name in imports(path)} & {*PACKAGES, "tests"}
        assert ours <= MAY_IMPORT[package], path


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_knows_nothing_of_the_others_libraries(package: str) -> None:
    for path in modules(package):
        if path.name != "gunicorn_conf.py":
            assert not {name.split(".")[0] for name in imports(path)} & FOREIGN[package], path


def test_every_module_of_the_daemon_stands_in_one_layer() -> None:
    layered = [name for layer in LAYERS for name in layer]
    assert len(layered) == len(set(layered))
    assert {path.stem for path in modules("chatd")} - {"__init__"} == {*layered, *CLIENTS}


@pytest.mark.parametrize("number", range(len(LAYERS)))
def test_a_layer_of_the_daemon_imports_only_those_below_it(number: int) -> None:
    below = set().union(*LAYERS[:number])
    for name in LAYERS[number]:
        assert within(PROJECT / "chatd" / f"{name}.py", "chatd") <= below, name


def test_the_client_shares_nothing_with_the_daemon_but_the_pure_timeline() -> None:
    for name in CLIENTS:
        assert within(PROJECT / "chatd" / f"{name}.py", "chatd") <= {"timeline", *CLIENTS}, name


@pytest.mark.parametrize("package", sorted(PURE))
def test_the_pure_modules_neither_wait_nor_speak_to_anybody(package: str) -> None:
    for name in PURE[package]:
        path = PROJECT / package / f"{name}.py"
        names = set(imports(path))
        assert not (names | {found.split(".")[0] for found in names}) & IMPURE, path
        own = within(path, package) - {name}
        assert own <= PURE[package], f"{path} imports {own}"


def test_every_statement_stands_in_shared() -> None:
    for package in ("chatd", "web"):
        for path in modules(package):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    assert not node.value.startswith(("SELECT ", "INSERT ", "UPDATE ", "DELETE ")), path


# -- size


def every_module() -> list[Path]:
    return [path for package in (*PACKAGES, "tests") for path in modules(package)]


def test_a_file_is_read_in_one_sitting() -> None:
    assert {str(path): n for path in every_module() if (n := len(path.read_text().splitlines())) >= 400} == {}


def test_a_function_fits_on_two_screens() -> None:
    long = {
        f"{path}:{node.name}": length
        for path in every_module()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) >= 55
    }
    assert long == {}


# -- documents


@pytest.mark.parametrize("package", ["shared", "chatd", "web"])
def test_a_package_states_its_law(package: str) -> None:
    text = ast.get_docstring(ast.parse((PROJECT / package / "__init__.py").read_text())) or ""
    assert "The law of this folder" in text
    assert (PROJECT / package / "README.md").exists()


@pytest.mark.parametrize("path", [path for package in PACKAGES for path in modules(package)], ids=str)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    if path.name != "__init__.py" or path.read_text().strip():
        assert ast.get_docstring(ast.parse(path.read_text())), path


def test_every_setting_stands_in_the_readme_as_it_is() -> None:
    """`python -m shared.settings` prints the table."""
    readme = (PROJECT / "README.md").read_text()
    missing = [row for row in settings.markdown_table().splitlines() if row not in readme]
    assert missing == []


def document() -> str:
    return (PROJECT / "chatd" / "PROTOCOL.md").read_text()


def types(base: type) -> list[type]:
    found = [kind for kind in vars(protocol).values() if isinstance(kind, type) and issubclass(kind, base)]
    return [kind for kind in found if kind is not base]


@pytest.mark.parametrize("kind", types(protocol.ClientMessage) + types(protocol.ServerMessage))
def test_every_message_is_documented_with_an_example_and_all_its_fields(kind: type[msgspec.Struct]) -> None:
    text = document()
    tag = kind.__struct_config__.tag
    assert f'{{"type": "{tag}"' in text, f"no example of {tag}"
    for field in msgspec.structs.fields(kind):
        assert f'"{field.encode_name}"' in text or f"`{field.encode_name}`" in text, (
            f"{tag}.{field.encode_name}"
        )


def test_every_example_is_a_valid_message() -> None:
    """What a client sends passes the daemon's decoder; what a daemon sends says nothing that it would not."""
    seen: set[type] = set()
    for line in document().splitlines():
        if line.startswith('{"type": "'):
            try:
                seen.add(type(protocol.decode(line)))
            except protocol.InvalidFrame:
                message = msgspec.json.decode(line, type=ServerFrame)
                assert json.loads(protocol.encode(message)) == json.loads(line)
                seen.add(type(message))
    assert seen == {*get_args(protocol.ClientFrame), *get_args(ServerFrame)}


def test_every_code_is_documented() -> None:
    text = document()
    for table in (Code, Close):
        for name, value in vars(table).items():
            if name.isupper():
                assert f"| `{value}` |" in text, name
