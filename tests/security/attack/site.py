"""The product, private and without limits, with accounts; and the planted site beside it."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatd.client_http import Http
from shared.settings import PROJECT
from tests.security.attack.planted import Way
from tests.servers import wait_for
from tests.system.stack import Stack, free_port
from tests.system.test_front import Answer, ask
from tests.unlimited import UNLIMITED

PASSWORD = "seven grey herons wade"
NAME = re.compile(r"[a-z_]{2,30}")  # of a parameter, and no payload
PAYLOADS = {"env", "id", "set"}  # commands that a scanner puts where a name could stand


@dataclass(frozen=True, slots=True)
class Reached:
    """What was asked for: by endpoint and method the paths, the names of parameters, and the statuses."""

    requests: int
    parameters: dict[tuple[str, str], set[str]]
    statuses: dict[tuple[str, str], set[int]]


class Product(Stack):
    """Parley as it is shipped, with every limit lifted: scanners and stop-watches are to see pages, not 429."""

    def __init__(self) -> None:
        super().__init__(None, drain_seconds="1", **{name: str(value) for name, value in UNLIMITED.items()})
        self.start()

    def person(self, name: str) -> Http:
        """Somebody who has registered."""
        somebody = Http(self.url)
        somebody.register(name, PASSWORD)
        return somebody


class Planted:
    """The planted site, on the servers of a product."""

    def __init__(self, product: Product, *, secure: bool) -> None:
        """`secure`: as where browsers reach it by https, so that cookies are Secure."""
        self.port = free_port()
        self.log = product.var / f"planted-{self.port}.jsonl"
        self.url = f"http://127.0.0.1:{self.port}"
        self.log.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.security.attack.planted", str(self.port), str(self.log)],
            cwd=PROJECT,
            env=product.environment | {"PARLEY_SECURE_COOKIES": str(secure).lower()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(product.var / f"planted-{self.port}.log").open("wb"),
        )
        wait_for(lambda: ask(self, "/healthz").status == 200, what="the planted site answers")

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)

    def get(self, path: str, cookie: str = "") -> Answer:
        """What it answers; without a cookie, as to somebody new."""
        return ask(self, path, headers={"Cookie": cookie} if cookie else {})

    def ways(self) -> list[Way]:
        """All that Parley answers to."""
        return [Way(**item) for item in json.loads(self.get("/planted/ways").body)]

    def reached(self, since: int = 0) -> Reached:
        """What was asked for so far, leaving out the first `since` requests."""
        lines: list[list[Any]] = [
            json.loads(line) for line in Path(self.log).read_text().splitlines()[since:]
        ]
        parameters: dict[tuple[str, str], set[str]] = defaultdict(set)
        statuses: dict[tuple[str, str], set[int]] = defaultdict(set)
        for endpoint, method, _, names, status in lines:
            if endpoint and method in ("GET", "POST"):
                parameters[endpoint, method] |= {
                    name for name in names if NAME.fullmatch(name) and name not in PAYLOADS
                }
                statuses[endpoint, method].add(status)
        return Reached(len(lines), dict(parameters), dict(statuses))
