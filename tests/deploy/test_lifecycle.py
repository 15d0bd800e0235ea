"""Starting, starting again, failing to start, and ending all of it, whatever happened before."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from deploy.processes import PROC
from shared import migrate
from shared.settings import PROJECT
from tests.servers import wait_for
from tests.system.stack import COMMAND_SECONDS, Stack
from tests.timing import best_of_tries, within


@pytest.fixture
def own() -> Iterator[Stack]:
    """A stack that the test starts and ends as it likes."""
    stack = Stack(daemons="1", web_workers="1")
    yield stack
    stack.close()


def working_in(folder: Path) -> list[int]:
    """Every process of the machine that has a file of this folder open or works in it: found in another way."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            links = [str(link.readlink()) for link in [entry / "cwd", *(entry / "fd").iterdir()]]
        except OSError:
            continue
        if any(link.startswith(str(folder)) for link in links):
            found.append(int(entry.name))
    return found


@contextmanager
def in_the_foreground(stack: Stack) -> Iterator[tuple["subprocess.Popen[str]", IO[str]]]:
    """`make run` when all is up, and the rest of what it says."""
    with subprocess.Popen(
        [sys.executable, "-m", "deploy", "run"],
        cwd=PROJECT,
        env=stack.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout
        assert any("Stop it with Ctrl-C" in line for line in run.stdout)
        yield run, run.stdout


def test_a_second_start_does_no_harm_and_says_where_it_runs(own: Stack) -> None:
    own.start()
    before = {process.pid for process in own.processes()}
    for verb in ("start", "run"):
        said = own.deploy(verb)
        assert said.returncode == 0
        assert f"runs already: {own.url}" in said.stdout
    assert {process.pid for process in own.processes()} == before


@best_of_tries
def test_a_later_start_is_quick_and_keeps_the_data(own: Stack) -> None:
    own.start()
    with closing(migrate.connect(own.settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT epoch FROM instance")
        before = cursor.fetchone()
    own.deploy("stop")
    with within(20):  # 2 s where nothing else runs
        own.start()
    with closing(migrate.connect(own.settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT epoch FROM instance")
        assert cursor.fetchone() == before


def test_stop_ends_every_process(own: Stack) -> None:
    own.start()
    assert working_in(own.var)
    said = own.deploy("stop")
    assert said.returncode == 0, said.stdout
    assert working_in(own.var) == []
    assert "not running" in own.deploy("status").stdout


def test_stop_ends_every_process_also_when_supervisord_was_killed(own: Stack) -> None:
    own.start()
    supervisord = int((own.layout.run / "supervisord.pid").read_text())
    os.kill(supervisord, signal.SIGKILL)
    wait_for(lambda: supervisord not in working_in(own.var))
    assert working_in(own.var), "its programs went on"
    own.deploy("stop")
    assert working_in(own.var) == []


def test_a_start_after_supervisord_was_killed_ends_what_it_left(own: Stack) -> None:
    own.start()
    left = {process.pid for process in own.processes()}
    os.kill(int((own.layout.run / "supervisord.pid").read_text()), signal.SIGKILL)
    said = own.deploy("start")
    assert said.returncode == 0, said.stdout
    assert "The last run was killed" in said.stdout
    assert not left & {process.pid for process in own.processes()}


def test_stop_ends_nothing_else(own: Stack) -> None:
    own.start()
    other = subprocess.Popen(["sleep", "infinity"], cwd=own.var, start_new_session=True)
    own.deploy("stop")
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_foreground_run_ends_everything_on(own: Stack, number: signal.Signals) -> None:
    with in_the_foreground(own) as (run, _):
        run.send_signal(number)
        assert run.wait(COMMAND_SECONDS) == 0
    assert working_in(own.var) == []


def test_the_foreground_run_ends_everything_when_its_terminal_is_closed(own: Stack) -> None:
    terminal, inside = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "deploy", "run"],
        cwd=PROJECT,
        env=own.environment,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    said = b""
    while b"Stop it with Ctrl-C" not in said:
        said += os.read(terminal, 1000)
    os.close(terminal)
    assert run.wait(COMMAND_SECONDS) == 0
    assert working_in(own.var) == []


def test_the_foreground_run_ends_the_rest_when_supervisord_is_killed(own: Stack) -> None:
    with in_the_foreground(own) as (run, said):
        os.kill(int((own.layout.run / "supervisord.pid").read_text()), signal.SIGKILL)
        assert "supervisord was killed" in said.read()
        assert run.wait(COMMAND_SECONDS) == 1
    assert working_in(own.var) == []


def test_stop_ends_the_foreground_run(own: Stack) -> None:
    with in_the_foreground(own) as (run, _):
        assert own.deploy("stop").returncode == 0
        assert run.wait(COMMAND_SECONDS) == 0
    assert working_in(own.var) == []


def test_a_port_in_use_is_a_clear_error_and_nothing_stays_running(own: Stack) -> None:
    with socket.create_server(("127.0.0.1", own.port)):
        said = own.deploy("start")
    assert said.returncode == 2
    assert f"PARLEY_PORT: port {own.port} of 127.0.0.1 can not be used: Address already in use" in said.stdout
    assert working_in(own.var) == []


def test_an_address_of_another_machine_is_a_clear_error(own: Stack) -> None:
    own.environment["PARLEY_LISTEN"] = "192.0.2.1"
    said = own.deploy("start")
    assert said.returncode == 2
    assert "PARLEY_" in said.stdout
    assert working_in(own.var) == []


def test_a_bad_setting_is_named_and_nothing_is_started(own: Stack) -> None:
    own.environment["PARLEY_DAEMONS"] = "many"
    said = own.deploy("start")
    assert said.returncode == 2
    assert "PARLEY_DAEMONS: expected a whole number, not 'many'" in said.stdout
    assert "Traceback" not in said.stdout
    assert list(own.var.iterdir()) == []


def test_an_unknown_setting_is_warned_about(own: Stack) -> None:
    own.environment |= {"PARLEY_DEAMONS": "1", "PARLEY_DAEMONS": "many"}
    assert "PARLEY_DEAMONS is no setting of Parley; is PARLEY_DAEMONS meant?" in own.deploy("start").stdout


def test_a_bad_setting_stops_no_stop(own: Stack) -> None:
    own.start()
    own.environment["PARLEY_DAEMONS"] = "many"
    assert own.deploy("stop").returncode == 0
    assert working_in(own.var) == []


def test_a_database_newer_than_the_code_stops_the_start(own: Stack) -> None:
    own.start()
    with closing(migrate.connect(own.settings)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO migrations (number, name) VALUES (9999, '9999_of_the_future')")
    own.deploy("stop")
    said = own.deploy("start")
    assert said.returncode == 1
    assert "the database has version 9999" in said.stdout
    assert working_in(own.var) == []


def test_a_first_start_that_was_interrupted_is_made_good(own: Stack) -> None:
    (own.layout.data / "mariadb.new").mkdir(parents=True)
    (own.layout.data / "mariadb.new" / "ibdata1").write_text("half of it")
    own.start()


def test_servers_of_ones_own_are_used_and_no_private_ones_start(own: Stack) -> None:
    own.start()
    settings = own.settings
    password = settings.database_address()["password"]
    admin = settings.database_address(admin=True)["password"]
    run = own.layout.run
    other = Stack(
        daemons="1",
        web_workers="1",
        database_url=f"mysql://parley:{password}@localhost/parley?unix_socket={run}/mariadb.sock",
        database_admin_url=f"mysql://parley_admin:{admin}@localhost/parley?unix_socket={run}/mariadb.sock",
        redis_url=f"unix://admin:{settings.redis_address()[1]}@{run}/redis.sock",
    )
    try:
        other.start()
        assert {process.name for process in other.processes()}.isdisjoint({"mariadbd", "redis-server"})
    finally:
        other.close()


def test_a_data_folder_with_a_space_works() -> None:
    own = Stack(Path(tempfile.mkdtemp(prefix="parley in ")), daemons="1", web_workers="1")
    try:
        own.start()
    finally:
        own.close()


def test_all_processes_together_take_at_most_300_megabytes_when_idle() -> None:
    own = Stack()
    try:
        own.start()
        said = own.deploy("status").stdout
    finally:
        own.close()
    found = re.search(r"(\d+) MB", said)
    assert found
    assert int(found[1]) <= 300, said
