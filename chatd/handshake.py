"""Who may open a WebSocket: the path, the origin, and the health check that shares the port.

A browser hides the status of a failed handshake from the page, so what the page must explain (no
session, try again) is a close code after the upgrade; a wrong origin is a plain 403.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.http11 import Request, Response

PATH = "/ws"
HEALTH = "/healthz"


def is_allowed(headers: Headers, origins: tuple[str, ...]) -> bool:
    """Whether a handshake comes from a page of the served host, or of one of `origins` (RFC 6455 §10.2).

    Browsers send cookies with every WebSocket, whatever page opens it: without this check any
    page on the web could speak as the user (cross-site WebSocket hijacking).
    """
    given = headers.get_all("Origin")
    hosts = headers.get_all("Host")
    if len(given) != 1 or len(hosts) != 1:
        return False
    origin = given[0].lower()
    if origin in {allowed.lower() for allowed in origins}:
        return True
    try:
        url = urlsplit(origin)
    except ValueError:
        return False
    if url.scheme not in ("http", "https") or origin != f"{url.scheme}://{url.netloc}":
        return False
    proxied = headers.get_all("X-Forwarded-Proto")
    scheme = proxied[0].lower() if len(proxied) == 1 else url.scheme
    return url.scheme == scheme and url.netloc == hosts[0].lower()


def gate(
    origins: tuple[str, ...], health: Callable[[], dict[str, Any]]
) -> Callable[[ServerConnection, Request], Response | None]:
    """The `process_request` of the server: answers what is no handshake, and refuses strangers."""

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path == HEALTH:
            state = health()
            status = HTTPStatus.OK if state["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
            response = connection.respond(status, json.dumps(state) + "\n")
            response.headers["Cache-Control"] = "no-store"
            return response
        if path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "Nothing is here.\n")
        try:
            allowed = is_allowed(request.headers, origins)
        except InvalidHeader:
            allowed = False
        if not allowed:
            return connection.respond(
                HTTPStatus.FORBIDDEN,
                "This page may not connect here: its origin must stand in PARLEY_ORIGINS.\n",
            )
        return None

    return process_request
