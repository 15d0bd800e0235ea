"""wrk, which asks for a page again and again, and a look at what it is given: to wrk a redirect is as good as the page.

It is a closed loop: each of its connections asks anew when it has its answer, so that a slow server is asked less.
"""

import io
import re
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from gzip import decompress
from http.client import HTTPResponse

from tests.bench.parley import Parley
from tests.bench.seed import Person

CONNECTIONS = 8
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
SIZES = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
TIMEOUT_SECONDS = 30.0
# Pages of web differ by up to 100 bytes by chance (`web.compression`), and by what their headers say.
UNLIKE_MOST = 0.05


class WrkFailed(RuntimeError):
    """wrk gave up, or said what is not understood."""


class WrongPage(RuntimeError):
    """Another page came than the one that is measured."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page, who asks for it, how it is encoded, and what is in it: `count` counts that in the text."""

    person: Person
    path: str
    count: Callable[[str], Mapping[str, int]]
    parts: Mapping[str, int]
    encoding: str = "identity"

    def headers(self, running: Parley) -> dict[str, str]:
        """What is asked with."""
        return {"Cookie": self.person.cookie(running.settings), "Accept-Encoding": "gzip"}


def fetch(running: Parley, wanted: Wanted) -> int:
    """Ask for a page once, and look at it; how many bytes came, with its head. Raises `WrongPage`."""
    where = f"127.0.0.1:{running.settings.port}"
    lines = [f"GET {wanted.path} HTTP/1.1", f"Host: {where}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in wanted.headers(running).items()]
    with socket.create_connection(("127.0.0.1", running.settings.port), TIMEOUT_SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        with connection.makefile("rb") as file:
            came = file.read()
    look(came, wanted)
    return len(came)


def look(came: bytes, wanted: Wanted) -> None:
    """Whether an answer is the page that is wanted. Raises `WrongPage`."""
    response = HTTPResponse(_Read(came))  # type: ignore[arg-type] # of a socket it uses this only
    response.begin()
    encoding = response.headers.get("Content-Encoding", "identity")
    if response.status != 200 or encoding != wanted.encoding:
        raise WrongPage(f"{wanted.path}: {response.status}, encoded as {encoding}")
    body = response.read()
    found = wanted.count((decompress(body) if encoding == "gzip" else body).decode())
    if found != wanted.parts:
        raise WrongPage(f"{wanted.path} has {dict(found)} instead of {dict(wanted.parts)}")


class _Read:
    """Bytes that were read, in place of a socket to be read."""

    def __init__(self, came: bytes) -> None:
        self._came = came

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._came)


def wrk(running: Parley, wanted: Wanted, seconds: float) -> dict[str, float]:
    """Ask for a page again and again; requests, failures, bytes, and times in ms. Raises `WrkFailed`."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--latency"]
    for name, value in wanted.headers(running).items():
        command += ["-H", f"{name}: {value}"]
    ran = subprocess.run(
        [*command, running.stack.url + wanted.path], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise WrkFailed(ran.stdout + ran.stderr)
    return read(ran.stdout)


def read(said: str) -> dict[str, float]:
    """What wrk found. Raises `WrkFailed`."""
    total = re.search(r"(\d+) requests in [\w.]+, ([\d.]+)([KMG]?)B read", said)
    if not total:
        raise WrkFailed(said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    times = {
        f"p{percent}": float(number) * UNITS[unit]
        for percent, number, unit in re.findall(r"^ +(50|99)% +([\d.]+)(us|ms|s)$", said, re.MULTILINE)
    }
    faults = int(refused[1] if refused else 0) + sum(map(int, broken.groups() if broken else ()))
    size = float(total[2]) * SIZES[total[3]]
    return {"requests": int(total[1]), "faults": faults, "bytes": size, **times}


def compare(found: Mapping[str, float], size: int) -> None:
    """Whether what wrk was given is as long as the page that was looked at. Raises `WrongPage`."""
    requests = found["requests"]
    each = found["bytes"] / requests if requests else 0.0
    # At its end some of the answers have come in part.
    if not requests or abs(each / size - 1) > UNLIKE_MOST + CONNECTIONS / requests:
        raise WrongPage(f"wrk was given {each:,.0f} bytes a request, and the page has {size:,}")
