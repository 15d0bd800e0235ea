"""Ask each process whether it is well. An answer is an empty string, or the reason why it is not."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable

from deploy.layout import Layout
from deploy.supervisor import UnixConnection

ANSWER_SECONDS = 3.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- listening there is heard here


def of_http(connect: Callable[[], http.client.HTTPConnection]) -> str:
    """What `GET /healthz` says."""
    connection = connect()
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as fault:
        return f"does not answer: {fault or type(fault).__name__}"
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"answers {answer.status}{_reason(body)}"


def _reason(body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return "".join(f", {key}: {value}" for key, value in said.items()) if isinstance(said, dict) else ""


def of_web(listen: str, port: int, *, tls: bool = False) -> str:
    """What the web service says, asked through nginx."""
    host = ANYWHERE.get(listen, listen)
    if tls:
        # It is asked by its address, which stands in no certificate; nothing secret is said.
        unverified = ssl.create_default_context()
        unverified.check_hostname = False
        unverified.verify_mode = ssl.CERT_NONE
        return of_http(
            lambda: http.client.HTTPSConnection(host, port, timeout=ANSWER_SECONDS, context=unverified)
        )
    return of_http(lambda: http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS))


def of_daemon(address: str) -> str:
    """What the chat daemon says that listens there: `unix:PATH` or `HOST:PORT`."""
    if address.startswith("unix:"):
        return of_http(lambda: UnixConnection(address.removeprefix("unix:"), ANSWER_SECONDS))
    return of_http(lambda: http.client.HTTPConnection(address, timeout=ANSWER_SECONDS))


def of_server(layout: Layout, name: str) -> str:
    """Whether the private server, `mariadb` or `redis`, takes connections."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWER_SECONDS)
        try:
            probe.connect(str(layout.run / f"{name}.sock"))
        except OSError as fault:
            return f"does not answer: {fault}"
    return ""
