"""The operator's command on the running product."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from chatd.client_http import Http, WebError
from shared.protocol import Close
from shared.settings import PROJECT
from tests.servers import wait_for
from tests.system.stack import Stack
from tests.timing import best_of_tries, within

PASSWORD = "correct horse battery"


def parley(stack: Stack, *arguments: str) -> str:
    command = [str(PROJECT / ".venv" / "bin" / "parley"), "user", *arguments]
    done = subprocess.run(
        command, cwd="/", env=stack.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def socket(stack: Stack, http: Http) -> Iterator[ClientConnection]:
    with connect(
        f"{stack.url.replace('http', 'ws', 1)}/ws",
        subprotocols=[Subprotocol("parley.v1")],
        additional_headers={"Cookie": http.cookies()},
        origin=Origin(stack.url),
    ) as connection:
        connection.send('{"type": "hello", "epoch": 0, "cursors": {}}')
        assert b'"welcome"' in connection.recv(timeout=60, decode=False)
        yield connection


def close_code(connection: ClientConnection) -> int | None:
    """The code that it is closed with, when it is."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=60)
    return connection.close_code


@best_of_tries
def test_disabling_closes_the_sockets_within_a_second(stack: Stack) -> None:
    http, name = Http(stack.url), f"off_{secrets.token_hex(4)}"
    http.register(name, PASSWORD)
    with socket(stack, http) as connection:
        parley(stack, "disable", name)
        with within(1):
            assert close_code(connection) == Close.SIGNED_OUT
    with pytest.raises(WebError, match=r"^422"):
        http.sign_in(name, PASSWORD)
    parley(stack, "enable", name)
    http.sign_in(name, PASSWORD)


def test_the_link_to_a_new_password_stands_in_no_log(stack: Stack) -> None:
    http = Http(stack.url)
    http.register("reset_anna", PASSWORD)
    link = parley(stack, "reset-password", "reset_anna").splitlines()[0]
    assert link.startswith(f"{stack.url}/reset/")
    path = link.removeprefix(stack.url)
    http._post_form(path, {"new": "battery horse correct", "again": "battery horse correct"})
    http.sign_in("reset_anna", "battery horse correct")
    token = path.rpartition("/")[2]
    # nginx writes its log once a second: a request that came later stands in it.
    stamp = f"/after-{token[:8]}"
    with pytest.raises(WebError, match=r"^404"):
        http._call(stamp)
    wait_for(lambda: any(stamp in log.read_text(errors="replace") for log in stack.layout.log.glob("*")))
    for log in stack.layout.log.glob("*"):
        assert token not in log.read_text(errors="replace"), log
