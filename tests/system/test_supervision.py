"""supervisord keeps everything running, and supervisorctl shows and steers it."""

import http.client
import re
import threading
from pathlib import Path

import pytest

from deploy import health, nginx
from tests.servers import wait_for
from tests.system.stack import Stack

PROGRAMS = ["mariadb", "redis", "chatd:chatd-0", "chatd:chatd-1", "web", "nginx"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_process_is_brought_back(stack: Stack, name: str) -> None:
    wait_for(lambda: stack.program(name).state == "RUNNING")
    killed = stack.kill(name)
    wait_for(lambda: stack.pid(name) not in (0, killed), what=f"{name} runs again")
    stack.wait_until_well()


def test_a_killed_nginx_leaves_no_worker_that_keeps_the_port(stack: Stack) -> None:
    workers = _workers(stack, "nginx", nginx.workers())
    killed = stack.kill("nginx")
    wait_for(lambda: stack.pid("nginx") not in (0, killed))
    stack.wait_until_well()
    # All looks well as soon as anybody answers: at first those of the one that was killed.
    wait_for(lambda: not workers & {process.pid for process in stack.processes()}, what="they have ended")


def test_supervisorctl_shows_every_process(stack: Stack) -> None:
    shown = stack.supervisorctl("status")
    assert {line.split()[0] for line in shown.splitlines()} == {*PROGRAMS, "migrate"}
    assert re.search(r"migrate +EXITED", shown)


def test_supervisorctl_restarts_a_process(stack: Stack) -> None:
    before = stack.pid("chatd:chatd-1")
    stack.restart("chatd:chatd-1")
    assert stack.pid("chatd:chatd-1") != before


def test_restart_takes_over_new_code_without_an_interruption(stack: Stack) -> None:
    before = {name: stack.pid(name) for name in PROGRAMS}
    workers = _workers(stack, "web", stack.settings.web_workers)
    with Watcher(stack) as watcher:
        said = stack.deploy("restart")
    assert said.returncode == 0, said.stdout
    after = {name: stack.pid(name) for name in PROGRAMS}
    changed = {name for name in PROGRAMS if before[name] != after[name]}
    assert changed == {"chatd:chatd-0", "chatd:chatd-1"}  # gunicorn itself stays
    assert not workers & {process.pid for process in stack.processes()}
    assert watcher.asked > 10
    assert watcher.faults == []


class Watcher(threading.Thread):
    """Asks all the while whether web is well, and at least one of the daemons."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self.asked = 0
        self.faults: list[str] = []
        self._addresses = [stack.settings.daemon_address(index) for index in range(2)]
        self._port = stack.port
        self._ended = threading.Event()

    def _connect(self) -> http.client.HTTPConnection:
        """Requests may wait while web's new workers load the code, which takes seconds on a busy machine; none fails."""
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)

    def run(self) -> None:
        while not self._ended.wait(0.05):
            self.asked += 1
            if fault := health.of_http(self._connect):
                self.faults.append(f"web {fault}")
            daemons = [health.of_daemon(address) for address in self._addresses]
            if all(daemons):
                self.faults.append(f"daemons {daemons}")

    def __enter__(self) -> "Watcher":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def test_nothing_but_nginx_listens_on_a_port(stack: Stack) -> None:
    ours = {str(process.pid): process.name for process in stack.processes()}
    assert {ours[pid] for pid in _listeners(set(ours))} == {"nginx"}


def _workers(stack: Stack, name: str, count: int) -> set[int]:
    """The children of a supervised process, when so many are there."""

    def found() -> set[int]:
        parent = stack.pid(name)
        pids = {process.pid for process in stack.processes() if process.parent == parent}
        return pids if len(pids) == count else set()

    return wait_for(found, what=f"{name} has {count} workers")


def _listeners(pids: set[str]) -> set[str]:
    """Of these processes those that hold a listening TCP socket (proc(5): state 0A)."""
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                inodes.add(f"socket:[{fields[9]}]")
    found = set()
    for pid in pids:
        for link in Path("/proc", pid, "fd").iterdir():
            try:
                held = str(link.readlink())
            except OSError:
                continue
            if held in inodes:
                found.add(pid)
    return found
