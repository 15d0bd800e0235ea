"""Watch the supervised processes until they are well: at the start, and through a restart one by one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deploy import health, processes
from deploy.instance import Instance
from deploy.layout import Layout
from deploy.supervisor import Program, Supervisor
from shared.settings import PROJECT

# The order in which they can become well; `migrate` is the one that ends.
ORDER = ("mariadb", "redis", "migrate", "chatd", "nginx", "web")
TOLD_SECONDS = 5.0
CRASHING_SECONDS = 10.0  # for so long a process that ends at once may try again
RESTART_SECONDS = 60.0


class Failed(RuntimeError):
    """A process does not become well; `log` is where it says why."""

    def __init__(self, text: str, log: Path | None) -> None:
        super().__init__(text)
        self.log = log


class Watch:
    """The processes of one instance; `say` tells the person who waits."""

    def __init__(
        self, supervisor: Supervisor, layout: Layout, instance: Instance, say: Callable[[str], None]
    ) -> None:
        self.supervisor = supervisor
        self._layout = layout
        self._instance = instance
        self._say = say
        self._crashing: dict[str, float] = {}

    def fault(self, program: Program) -> str:
        """Why the process is not well; an empty string where it is."""
        if program.name == "migrate":
            fine = program.state == "EXITED" and program.exit_status == 0
            return "" if fine else f"is {program.state.lower()}"
        if program.name in ("mariadb", "redis"):
            return health.of_server(self._layout, program.name)
        if program.name == "web":
            return health.of_web(self._instance.listen, self._instance.port, tls=self._instance.tls)
        if program.name.startswith("chatd:"):
            return health.of_daemon(self._instance.daemons[int(program.name.rpartition("-")[2])])
        return "" if program.state in ("RUNNING", "STARTING") else f"is {program.state.lower()}"

    def until_all_well(self, supervisord: "subprocess.Popen[bytes]", seconds: float) -> None:
        """Wait for all processes, in the order in which they can become well. Raises `Failed`."""
        until = time.monotonic() + seconds
        while not self.supervisor.answers():
            if supervisord.poll() is not None or time.monotonic() > until:
                raise Failed("supervisord does not start", self._layout.log / "supervisord.out")
            time.sleep(processes.POLL_SECONDS)
        names = [program.name for program in self.supervisor.programs()]
        for name in sorted(names, key=lambda name: (ORDER.index(name.partition(":")[0]), name)):
            self._until_well(name, until)
            self._say(f"  {name.rpartition(':')[2]:10} ready")

    def _until_well(self, name: str, until: float) -> None:
        told = time.monotonic() + TOLD_SECONDS
        while True:
            programs = self.supervisor.programs()
            for program in programs:
                self._check_not_lost(program)
            program = next(program for program in programs if program.name == name)
            fault = self.fault(program)
            if not fault:
                return
            if time.monotonic() > until:
                raise Failed(f"{name} does not become well: {fault}", program.log)
            if time.monotonic() > told:
                told = time.monotonic() + TOLD_SECONDS
                self._say(f"  waiting for {program.short}: {fault}")
            time.sleep(processes.POLL_SECONDS)

    def _check_not_lost(self, program: Program) -> None:
        """Raise `Failed` for a process that can not become well by waiting."""
        if program.name == "migrate":
            lost = program.state == "EXITED" and program.exit_status != 0
        else:
            first = self._crashing.get(program.name)
            if first is None and program.state == "BACKOFF":
                self._crashing[program.name] = time.monotonic()
            lost = program.state == "FATAL" or (
                first is not None and time.monotonic() > first + CRASHING_SECONDS
            )
        if lost:
            raise Failed(f"{program.short} failed", program.log)

    def daemons(self) -> list[str]:
        """The names of the chat daemons."""
        names = [program.name for program in self.supervisor.programs()]
        return sorted(
            (name for name in names if name.startswith("chatd:")),
            key=lambda name: int(name.rpartition("-")[2]),
        )

    def migrate(self) -> None:
        """Bring the tables up to date. Raises `Failed`; nothing was restarted then."""
        self.supervisor.call.startProcess("migrate", False)
        self._until_well("migrate", time.monotonic() + RESTART_SECONDS)
        self._say("  migrate    done")

    def reload_web(self) -> None:
        """Have gunicorn replace its workers by new ones, which it does without losing a request.

        Raises `Failed`; where the new code does not start at all, nothing was restarted.
        """
        config = ["--config", "python:deploy.gunicorn_conf", "web:create_app()"]
        check = subprocess.run(
            [sys.executable, "-m", "gunicorn", "--check-config", *config],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if check.returncode != 0:
            raise Failed(f"web does not start with the new code:\n{check.stderr}", None)
        master = self.supervisor.program("web")
        old = self._children(master.pid)
        os.kill(master.pid, signal.SIGHUP)
        until = time.monotonic() + RESTART_SECONDS
        while old & self._children(master.pid):
            if time.monotonic() > until:
                raise Failed("web does not replace its workers", master.log)
            time.sleep(processes.POLL_SECONDS)
        self._until_well("web", until)
        self._say("  web        restarted")

    def restart(self, name: str) -> None:
        """Stop a daemon, which sends its clients elsewhere, and wait until the next one is well. Raises `Failed`."""
        until = time.monotonic() + RESTART_SECONDS + self._instance.drain_seconds
        self.supervisor.call.stopProcess(name, False)
        while (program := self.supervisor.program(name)).state == "STOPPING":
            if time.monotonic() > until:
                raise Failed(f"{name} does not stop", program.log)
            time.sleep(processes.POLL_SECONDS)
        self.supervisor.call.startProcess(name, False)
        self._until_well(name, time.monotonic() + RESTART_SECONDS)
        self._say(f"  {program.short:10} restarted")

    def _children(self, parent: int) -> set[int]:
        return {process.pid for process in self._instance.processes() if process.parent == parent}
