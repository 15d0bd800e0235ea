"""Talk with supervisord over its socket (XML-RPC), and start it.

The calls and the shape of their answers: https://supervisord.org/api.html. XML is read from nobody but our
own supervisord, on a socket that only its user reaches.
"""

import http.client
import socket
import subprocess
import sys
import xmlrpc.client  # nosec B411
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.layout import Layout
from shared.settings import PROJECT

ANSWER_SECONDS = 10.0


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float = ANSWER_SECONDS) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.close()
            raise


class UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket; each call has a connection of its own."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> UnixConnection:
        return UnixConnection(str(self._path))

    def single_request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        connection = self.make_connection(host)
        try:
            connection.request("POST", handler, request_body, {"Content-Type": "text/xml"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != http.client.OK:
                raise xmlrpc.client.ProtocolError(handler, answer.status, answer.reason, dict(answer.headers))
        finally:
            connection.close()
        values, _ = xmlrpc.client.loads(body)
        return values


@dataclass(frozen=True, slots=True)
class Program:
    """A supervised process as supervisord sees it."""

    name: str  # as supervisorctl takes it: `web`, `chatd:chatd-0`
    state: str
    pid: int
    exit_status: int
    since: int  # seconds since 1970 of its last start
    log: Path

    @property
    def short(self) -> str:
        """Its name without the group's."""
        return self.name.rpartition(":")[2]


class Supervisor:
    """The supervisord of one data folder. Each call raises `OSError` where it does not answer."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        transport = UnixTransport(layout.supervisor_socket)
        self.call: Any = xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor

    def start(self) -> "subprocess.Popen[bytes]":
        """Start supervisord in a session of its own: what is typed at the launcher's terminal is not for it."""
        with (self._layout.log / "supervisord.out").open("wb") as out:
            return subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "supervisor.supervisord",
                    "--configuration",
                    str(self._layout.supervisord_conf),
                ],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Whether it takes calls."""
        with suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            return str(self.call.getState()["statename"]) == "RUNNING"
        return False

    def programs(self) -> list[Program]:
        """Every supervised process, in the order of their start."""
        return [
            Program(
                name=info["name"] if info["group"] == info["name"] else f"{info['group']}:{info['name']}",
                state=info["statename"],
                pid=info["pid"],
                exit_status=info["exitstatus"],
                since=info["start"],
                log=Path(info["stdout_logfile"]),
            )
            for info in self.call.getAllProcessInfo()
        ]

    def program(self, name: str) -> Program:
        """One process, by the name that supervisorctl takes."""
        return next(program for program in self.programs() if program.name == name)
