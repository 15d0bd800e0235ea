"""The verbs: start, run, stop, status, restart. Each takes the data folder's lock, so that they never mix."""

import errno
import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from deploy import copies, prepare, processes
from deploy.instance import Instance
from deploy.layout import Layout
from deploy.supervisor import Supervisor
from deploy.watch import Failed, Watch
from shared.settings import PROJECT, Settings, SettingsError

STARTING_SECONDS = 75.0  # more than the minute for which a migration waits for its database
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WAKE_MILLISECONDS = 500
SHOWN_LINES = 15
SHOWN_WIDTH = 200  # characters of each end of a long line
NOT_RUNNING = 3  # the exit code that the LSB gives `status` for this


def say(text: str) -> None:
    """Tell the person at the terminal; where it was closed, there is nobody to tell."""
    with suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the data folder's lock: one start, stop or restart at a time."""
    for folder in (layout.var, layout.run):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (layout.run / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another start, stop or restart is going on; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put off a Ctrl-C or another signal to end until what must not be cut in two is done."""
    caught: list[int] = []
    before = {number: signal.signal(number, lambda number, _: caught.append(number)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt


def start(settings: Settings) -> int:
    """Start everything in the background."""
    layout = Layout.of(settings)
    layout.check()
    with locked(layout):
        if not _runs_already(layout):
            _launch(settings, layout, launcher=0)
            say("Stop it with `make stop`; see how it is with `make status`.")
    return 0


def run(settings: Settings) -> int:
    """Start everything and stay until Ctrl-C, SIGTERM, SIGHUP or `make stop`."""
    layout = Layout.of(settings)
    layout.check()
    # A terminal that is closed tells (SIGHUP) only the first process in it, and make keeps that to itself.
    terminal = select.poll()
    if sys.stdout.isatty():
        terminal.register(sys.stdout, 0)
    try:
        with locked(layout):
            if _runs_already(layout):
                return 0
            supervisord = _launch(settings, layout, launcher=os.getpid())
        say("Stop it with Ctrl-C, or with `make stop` from elsewhere.")
        killed = _wait(supervisord, terminal) < 0
        say("supervisord was killed; ending the rest." if killed else "Parley was stopped.")
    except KeyboardInterrupt:
        say("Stopping; once more Ctrl-C ends everything at once.")
        killed = False
    with locked(layout):
        instance = Instance.load(layout)
        if instance and instance.launcher == os.getpid():
            instance.stop()
    return 1 if killed else 0


def _wait(supervisord: "subprocess.Popen[bytes]", terminal: select.poll) -> int:
    """Wait for the end of supervisord, or of the terminal; returns the exit code."""
    while (code := supervisord.poll()) is None:
        if terminal.poll(WAKE_MILLISECONDS):
            raise KeyboardInterrupt
    return code


def stop(layout: Layout) -> int:
    """End every process that was started from this data folder, and no other."""
    with locked(layout):
        instance = Instance.load(layout)
        running = instance.processes() if instance else []
        if instance and running:
            say(f"Stopping {len(running)} processes.")
            instance.stop()
            say("Parley was stopped.")
        else:
            say("Parley is not running.")
        layout.instance.unlink(missing_ok=True)
    return 0


def restart(layout: Layout) -> int:
    """Take over new code without an interruption: web, then the daemons one by one, each when the last is well.

    The page's files are copied first: a page of the new code must find them, and one of the old code keeps its own.
    """
    with locked(layout):
        instance = Instance.load(layout)
        if instance is None or not instance.supervised():
            say("Parley is not running. `make run` or `make start` starts it.")
            return NOT_RUNNING
        watch = Watch(Supervisor(layout), layout, instance, say)
        version = copies.add_while_running(layout)
        watch.migrate()
        watch.reload_web()
        for program in watch.daemons():
            watch.restart(program)
        if version:
            copies.keep_newest(layout.static, version)
    say("Everything runs the code of now.")
    return 0


def _runs_already(layout: Layout) -> bool:
    """Whether it runs; what a killed supervisord left is ended."""
    instance = Instance.load(layout)
    if instance is None:
        return False
    if instance.supervised():
        say(f"Parley runs already: {instance.url}")
        say("`make restart` takes over new code, `make stop` ends it.")
        return True
    left = instance.processes()
    if left:
        say(f"The last run was killed; ending {len(left)} processes that it left.")
        instance.end_orphans()
    return False


def _launch(settings: Settings, layout: Layout, *, launcher: int) -> "subprocess.Popen[bytes]":
    """Prepare, start supervisord and wait until all is well; where that fails, end it all again."""
    began = time.monotonic()
    check_ports(settings)
    prepare.make_folders(layout)
    prepare.make_secrets(layout)
    if settings.private_database and not (layout.data / "mariadb").exists():
        say(f"First start: making the database in {layout.data}")
    prepare.private_servers(settings)
    prepare.services(settings)
    copies.keep_newest(layout.static, copies.add(layout.static))
    supervisor = Supervisor(layout)
    with uninterrupted():
        supervisord = supervisor.start()
        instance = Instance.of(settings, supervisord.pid, launcher=launcher)
        instance.save()
    try:
        Watch(supervisor, layout, instance, say).until_all_well(supervisord, STARTING_SECONDS)
    except BaseException:
        say("Stopping what was started.")
        instance.stop()
        layout.instance.unlink(missing_ok=True)
        raise
    everywhere = settings.listen in ("0.0.0.0", "::")  # noqa: S104
    also = " (and every other address of this machine)" if everywhere else ""
    say(f"Parley runs: {instance.url}{also} – after {time.monotonic() - began:.1f} s; logs in {layout.log}")
    return supervisord


def check_ports(settings: Settings) -> None:
    """Raise `SettingsError` where somebody else listens already on what is ours to listen on."""
    wanted = [("PARLEY_PORT", settings.listen, settings.port)]
    if settings.redirect_port:
        wanted.append(("PARLEY_REDIRECT_PORT", settings.listen, settings.redirect_port))
    for index in range(settings.daemons):
        host, _, port = settings.daemon_address(index).rpartition(":")
        if host != "unix":
            wanted.append(("PARLEY_DAEMON_LISTEN", host.strip("[]"), int(port)))
    for wish in wanted:
        _check_port(*wish)


def _check_port(name: str, host: str, port: int) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise SettingsError(f"{name}: {host!r} is no address of this machine") from None
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as fault:
            hint = "; another program has it, so choose another" if fault.errno == errno.EADDRINUSE else ""
            raise SettingsError(
                f"{name}: port {port} of {host} can not be used: {fault.strerror}{hint}"
            ) from None


def status(layout: Layout) -> int:
    """Print each process, whether it is well, and its memory."""
    instance = Instance.load(layout)
    if instance is None or not instance.supervised():
        say("Parley is not running.")
        return NOT_RUNNING
    watch = Watch(Supervisor(layout), layout, instance, say)
    well = True
    for program in sorted(watch.supervisor.programs(), key=lambda program: program.name):
        fault = watch.fault(program)
        well = well and not fault
        say(f"{program.name:16} {program.state:9} {fault or 'well'}")
    running = instance.processes()
    everything = [process.pid for process in running] + ([instance.launcher] if instance.launcher else [])
    sizes = [processes.memory(pid) for pid in everything]
    say(f"{instance.url} – {len(everything)} processes, {sum(sizes) / 1e6:.0f} MB (proportional set size)")
    return 0 if well else 1


def explain(fault: Failed) -> str:
    """What went wrong, and the last lines of the log of the program that failed."""
    text = f"{fault}\n"
    if fault.log is not None and fault.log.exists():
        lines = fault.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:]
        text += f"The end of {os.path.relpath(fault.log, PROJECT)}:\n"
        text += "".join(f"    {_shortened(line)}\n" for line in lines)
    return text


def _shortened(line: str) -> str:
    """Of a long line its two ends: what it is, and how a traceback in it ends."""
    return line if len(line) <= 2 * SHOWN_WIDTH else f"{line[:SHOWN_WIDTH]} … {line[-SHOWN_WIDTH:]}"
