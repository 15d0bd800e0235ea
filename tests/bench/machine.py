"""What was measured on: the machine, and the version of everything that takes part."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from shared.settings import PROJECT
from tests.bench.contenders import PEERS, VENV

OURS = ("websockets", "uvloop", "msgspec", "hiredis", "redis", "pymysql", "flask", "gunicorn")
THEIRS = (
    "flask-socketio",
    "python-socketio",
    "gevent",
    "channels",
    "channels-redis",
    "django",
    "uvicorn",
    "websockets",
)
NODE = ("ws", "socket.io", "@socket.io/redis-adapter", "redis")


def describe() -> dict[str, str]:
    """Names and values, in the order in which they are shown."""
    return {
        "processor": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "Parley": _commit(),
        "servers": ", ".join(_first_number(name, *command) for name, command in SERVERS.items()),
        "Python": f"{platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in OURS),
        "peers in Python": _peers_in_python(),
        "peers on Node": _peers_on_node(),
    }


SERVERS = {
    "MariaDB": ("mariadbd", "--version"),
    "Redis": ("redis-server", "--version"),
    "nginx": ("nginx", "-v"),
    "wrk": ("wrk", "-v"),
    "gcc": ("gcc", "--version"),
}


# Written by the measuring itself, case by case.
RESULTS = (":!tests/bench/results", ":!tests/bench/RESULTS.md")


def _commit() -> str:
    """What is measured; "-dirty" where more than the results differs from it."""
    git = ("git", "-C", str(PROJECT))
    commit = _output(*git, "describe", "--always")
    changed = _output(*git, "status", "--porcelain", "--untracked-files=no", "--", str(PROJECT), *RESULTS)
    return f"{commit}-dirty" if changed else commit


def _cpu() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _distribution() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "")


def _output(*command: str) -> str:
    """The first line that a command says; empty where there is no such program."""
    try:
        said = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        ).stdout
    except FileNotFoundError:
        return ""
    return said.strip().partition("\n")[0]


def _first_number(name: str, *command: str) -> str:
    found = re.search(r"\d+(\.\d+)+", _output(*command))
    return f"{name} {found[0] if found else 'missing'}"


def _peers_in_python() -> str:
    lines = _output(
        str(VENV / "bin/python"),
        "-c",
        "import importlib.metadata as m; print(', '.join(f'{n} {m.version(n)}' for n in "
        + repr(THEIRS)
        + "))",
    )
    return lines or "not installed"


def _peers_on_node() -> str:
    packages = ", ".join(
        f"{name} {_output('node', '-p', f'require(`{PEERS}/node_modules/{name}/package.json`).version')}"
        for name in NODE
    )
    return f"Node {_output('node', '--version')}; {packages}"
