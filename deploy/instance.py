"""What was started from a data folder: written down at the start, so that it can be found and ended later.

It is found by its session (see `processes`), also after supervisord itself was killed.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deploy import processes
from deploy.layout import Layout
from deploy.nginx import host_in_url
from deploy.prepare import write
from deploy.processes import Process
from deploy.supervisor import Supervisor
from shared.settings import PROJECT, Settings

# Longer than all stopwaitsecs of supervisord.conf together, without the daemons' drain.
STOP_SECONDS = 130.0
ORPHAN_SECONDS = 15.0
SERVERS = ("mariadbd", "redis-server")


@dataclass(frozen=True, slots=True)
class Instance:
    """A running (or killed) supervisord, and where its services listen."""

    session: int  # supervisord's process number, and its session's
    started: int
    boot: str
    var: str
    listen: str
    port: int
    daemons: list[str]
    drain_seconds: float
    tls: bool
    launcher: int  # process number of the launcher that waits in the foreground; 0 for none

    @classmethod
    def of(cls, settings: Settings, pid: int, *, launcher: int) -> "Instance":
        process = processes.read(pid)
        return cls(
            session=pid,
            started=process.started if process else 0,
            boot=processes.boot(),
            var=settings.var,
            listen=settings.listen,
            port=settings.port,
            daemons=[settings.daemon_address(index) for index in range(settings.daemons)],
            drain_seconds=settings.drain_seconds,
            tls=settings.tls,
            launcher=launcher,
        )

    @classmethod
    def load(cls, layout: Layout) -> "Instance | None":
        """The last instance of this data folder; None where none was started since the machine was."""
        try:
            instance = msgspec.json.decode(layout.instance.read_bytes(), type=cls)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None
        return instance if instance.boot == processes.boot() else None

    def save(self) -> None:
        write(Layout(Path(self.var)).instance, msgspec.json.encode(self).decode())

    @property
    def url(self) -> str:
        """The address to type into a browser on this machine."""
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.listen, self.listen)  # noqa: S104
        return f"{'https' if self.tls else 'http'}://{host_in_url(host)}:{self.port}/"

    def supervised(self) -> bool:
        """Whether its supervisord lives."""
        process = processes.read(self.session)
        return process is not None and process.started == self.started

    def processes(self) -> list[Process]:
        """Everything of it that still runs, supervisord included."""
        leader = processes.read(self.session)
        if leader is not None and leader.started != self.started:
            return []  # the number is somebody else's now, so nothing of ours had it any more
        return processes.session(self.session, [PROJECT, Path(self.var)])

    def stop(self) -> None:
        """End it in order, as supervisord does; what supervisord does not end any more, directly."""
        try:
            if self.supervised():
                os.kill(self.session, signal.SIGTERM)
            until = time.monotonic() + STOP_SECONDS + self.drain_seconds
            while self.supervised() and time.monotonic() < until:
                time.sleep(processes.POLL_SECONDS)
                # It stops one group after the other and looks only once a second, unless it is woken.
                Supervisor(Layout(Path(self.var))).answers()
            self.end_orphans()
        except KeyboardInterrupt:  # the second Ctrl-C: at once; what was acknowledged is on the disk
            processes.end(self.processes(), 0)

    def end_orphans(self) -> None:
        """End what a killed supervisord left: the services first, then the servers that they write to."""
        services = [process for process in self.processes() if process.name not in SERVERS]
        processes.end(services, ORPHAN_SECONDS + self.drain_seconds)
        processes.end(self.processes(), STOP_SECONDS)
