"""The whole product, started as an operator starts it, in a folder and on a port of its own."""

import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from deploy.instance import Instance
from deploy.layout import Layout
from deploy.processes import Process
from deploy.supervisor import Program, Supervisor
from shared.environment import as_text
from shared.settings import PREFIX, PROJECT, Settings
from tests.servers import short_folder, wait_for

COMMAND_SECONDS = 300.0
FIRST_PORT, WORKERS, PORTS = 12_000, 16, 1_000  # 1,000 ports for each of up to 16 workers
_drawn = itertools.count(random.randrange(PORTS))  # two runs on one machine begin at different ones


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that no other worker of this run takes.

    It lies below the ports that the kernel gives to whoever asks for none in particular (ip(7)), so that no
    connection takes it between now and its use.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + worker % WORKERS * PORTS
    while True:
        port = first + next(_drawn) % PORTS
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def clean_environment() -> dict[str, str]:
    """This environment with every setting at its default, whatever it or `.env` says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for item in fields(Settings):
        environment[PREFIX + item.name.upper()] = as_text(item.default)
    return environment


class Stack:
    """Parley in a data folder of its own; `given` are settings, as `port="8001"`."""

    def __init__(self, var: Path | None = None, **given: str) -> None:
        self.var = var or short_folder()
        self.port = int(given.get("port", 0)) or free_port()
        self.environment = clean_environment() | {
            "PARLEY_VAR": str(self.var),
            "PARLEY_PORT": str(self.port),
            **{PREFIX + name.upper(): value for name, value in given.items() if name != "port"},
        }
        settings = self.settings
        assert "database_url" in given or settings.private_database, (
            ".env names a database of your own; the tests would write into it"
        )
        assert "redis_url" in given or settings.private_redis, (
            ".env names a Redis of your own; the tests would write into it"
        )

    @property
    def settings(self) -> Settings:
        """Its settings; with the secrets once it has been started."""
        return Settings.load(self.environment)

    @property
    def layout(self) -> Layout:
        return Layout(self.var)

    @property
    def url(self) -> str:
        """The address of its pages, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout)

    def deploy(self, verb: str) -> "subprocess.CompletedProcess[str]":
        """Carry out a verb of `python -m deploy`; its output is one text."""
        return subprocess.run(
            [sys.executable, "-m", "deploy", verb],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def start(self) -> None:
        """Start it, and fail with what was said where it does not start."""
        said = self.deploy("start")
        assert said.returncode == 0, said.stdout

    def close(self) -> None:
        """Stop it, and remove everything that it wrote."""
        said = self.deploy("stop")
        assert said.returncode == 0, said.stdout
        shutil.rmtree(self.var)

    def supervisorctl(self, *arguments: str) -> str:
        """What supervisorctl says."""
        command = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(self.layout.supervisord_conf)]
        return subprocess.run(
            [*command, *arguments],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        ).stdout

    def program(self, name: str) -> Program:
        """A supervised process: `web`, `chatd:chatd-0`, `nginx`, `mariadb`, `redis`, `migrate`."""
        return self.supervisor.program(name)

    def pid(self, name: str) -> int:
        """The process number of a supervised process."""
        return self.program(name).pid

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to a supervised process; returns its number."""
        pid = wait_for(lambda: self.pid(name), what=f"{name} runs")  # 0 would be this process's own group
        os.kill(pid, number)
        return pid

    def restart(self, name: str) -> None:
        """Stop and start a supervised process, and wait until all are well."""
        self.supervisorctl("restart", name)
        self.wait_until_well()

    def wait_until_well(self) -> None:
        """Wait until every process is well."""
        wait_for(lambda: self.deploy("status").returncode == 0, what="all processes are well")

    def log(self, name: str) -> str:
        """The log of a supervised process."""
        return self.program(name).log.read_text(errors="replace")

    def processes(self) -> list[Process]:
        """Every process of it that runs, supervisord included."""
        instance = Instance.load(self.layout)
        return instance.processes() if instance else []
