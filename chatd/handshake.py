"""Who may open a WebSocket: the path, the origin, and the health check that shares the port.

A browser hides the status of a failed handshake from the page, so what the page must explain (no
session, try again) is a close code after the upgrade; a wrong origin is a plain 403. A flood of
handshakes is refused before the upgrade too: it must cost as little as possible.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHeader
from websockets.http11 import Request, Response

from chatd.ratelimit import Kind, Limits

log = structlog.get_logger("chatd.handshake")

PATH = "/ws"
HEALTH = "/healthz"
NETWORK_BITS = 64  # of an IPv6 address: what one subscriber gets (RFC 6177), and could use all of
FULL_RETRY_SECONDS = 5


class Proxies:
    """The reverse proxies whose word about the client is believed: over a unix socket, or of these addresses."""

    def __init__(self, networks: tuple[str, ...]) -> None:
        """`networks` are addresses or networks in CIDR notation. Raises `ValueError`."""
        self._networks = [ip_network(text) for text in networks]

    def include(self, connection: ServerConnection) -> bool:
        """Whether a connection comes from one of them."""
        if not isinstance(connection.local_address, tuple):
            return True  # a unix socket: its folder says who may connect
        peer = _peer(connection)
        return peer is not None and any(peer in network for network in self._networks)

    def client(self, connection: ServerConnection, headers: Headers) -> str | None:
        """The address of who connects, an IPv6 one as its network; None for a program of this machine.

        Of `X-Forwarded-For` only the last address counts, which our own proxy wrote: those before
        it are what the client said. Other headers with addresses are never looked at.
        """
        if not self.include(connection):
            return _name(_peer(connection))
        given = headers.get_all("X-Forwarded-For")
        try:
            return _name(ip_address(given[-1].rpartition(",")[2].strip())) if given else None
        except ValueError:
            return None


def _peer(connection: ServerConnection) -> IPv4Address | IPv6Address | None:
    """The address at the other end of a TCP connection; None on a unix socket, or when the peer is gone again."""
    found = connection.remote_address
    return _parsed(found[0]) if isinstance(found, tuple) else None


@lru_cache(1_000)  # mostly it is the proxy, three times a handshake: a twentieth of it
def _parsed(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text.partition("%")[0])


def _name(address: IPv4Address | IPv6Address | None) -> str | None:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((int(address), NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address) if address is not None else None


def is_allowed(headers: Headers, origins: tuple[str, ...], *, proxied: bool) -> bool:
    """Whether a handshake comes from a page of the served host, or of one of `origins` (RFC 6455 §10.2).

    Browsers send cookies with every WebSocket, whatever page opens it: without this check any
    page on the web could speak as the user (cross-site WebSocket hijacking). `proxied`: the
    headers are of a proxy that is believed, which says by what scheme the page was served.
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
    told = headers.get_all("X-Forwarded-Proto") if proxied else []
    scheme = told[0].lower() if len(told) == 1 else url.scheme
    return url.scheme == scheme and url.netloc == hosts[0].lower()


@dataclass(frozen=True, slots=True)
class Gate:
    """The `process_request` of the server: answers what is no handshake, and refuses strangers and floods."""

    origins: tuple[str, ...]
    proxies: Proxies
    limits: Limits
    is_full: Callable[[], bool]
    health: Callable[[], dict[str, Any]]

    def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        """The answer to a request; None to go on with the handshake."""
        path = request.path.partition("?")[0]
        if path == HEALTH:
            return self._health(connection)
        if path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "Nothing is here.\n")
        # First: what another site's page asks for must not use up what the office that it is read in may ask for.
        try:
            allowed = is_allowed(request.headers, self.origins, proxied=self.proxies.include(connection))
        except InvalidHeader:
            allowed = False
        if not allowed:
            return connection.respond(
                HTTPStatus.FORBIDDEN,
                "This page may not connect here: its origin must stand in PARLEY_ORIGINS.\n",
            )
        return self._too_many(connection, request)

    def _health(self, connection: ServerConnection) -> Response:
        state = self.health()
        status = HTTPStatus.OK if state["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        response = connection.respond(status, json.dumps(state) + "\n")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _too_many(self, connection: ServerConnection, request: Request) -> Response | None:
        now = time.monotonic()
        if self.is_full():
            # nginx asks the next daemon after a 503.
            if self.limits.worth_a_line("full", now):
                log.warning("no more connections are taken")
            return _later(connection, HTTPStatus.SERVICE_UNAVAILABLE, FULL_RETRY_SECONDS)
        address = self.proxies.client(connection, request.headers)
        wait = self.limits.take(Kind.HANDSHAKE, now, address=address)
        if not wait:
            return None
        if self.limits.worth_a_line(("handshakes", address), now):
            log.warning("too many handshakes", address=address)
        return _later(connection, HTTPStatus.TOO_MANY_REQUESTS, wait)


def _later(connection: ServerConnection, status: HTTPStatus, seconds: float) -> Response:
    response = connection.respond(status, "Too many connections: try again later.\n")
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response
