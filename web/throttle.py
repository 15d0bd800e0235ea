"""Limits over HTTP: how often one user, and one address, may ask for what costs or can be abused.

Flask-Limiter counts in Redis, by a moving window, so that all processes count together. Where
Redis is away the request fails with 503, like every other that needs it: no limit opens by itself.
How long a wrong password makes somebody wait is another matter, and stands in `tries`.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import Flask, Response, request
from flask_limiter import Limiter, RequestLimit

from shared import keys
from web import backends, identity
from web.errors import TooMany

ADDRESS_FACTOR = 10  # how many users share one address, as far as limits go
NETWORK_BITS = 64  # of an IPv6 address: whoever has one has the whole network


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `setting`'s number of these requests in a `period`, for each `whose`.

    `counts` says by the answer whether a request is one of them, where not all are. Requests at the same moment may
    then pass together, as many as there are threads; never use it for what is guessed.
    """

    endpoints: tuple[str, ...]
    method: str
    setting: str
    period: str
    whose: Callable[[], str]
    factor: int = 1
    counts: Callable[[Response], bool] | None = None


def address() -> str:
    """Where this request comes from; of an IPv6 address the network."""
    try:
        found = ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((int(found), NETWORK_BITS), strict=False))
        found = found.ipv4_mapped
    return str(found)


def _address() -> str:
    return f"address:{address()}"


def _user() -> str:
    found = identity.user()
    return f"user:{found.id}" if found else _address()


def _done(response: Response) -> bool:
    """Whether a form did what it is for, and leads on."""
    return response.status_code == 303


_ROOM = ("rooms.join", "rooms.leave", "rooms.change", "rooms.level")
_ACCOUNT = (
    "second_step.ask",
    "account.confirm",
    "own_password.change",
    "second_factor.begin",
    "second_factor.end",
    "second_factor.renew_codes",
)
LIMITS = (
    Limit(("auth.sign_in", "auth.register"), "POST", "sign_in_rate", "minute", _address),
    # Only accounts that were made: who mistypes takes nobody's place for an hour.
    Limit(("auth.register",), "POST", "register_rate", "hour", _address, counts=_done),
    Limit(("reset.choose",), "POST", "reset_rate", "minute", _address),
    Limit(_ACCOUNT, "POST", "account_rate", "minute", _address),
    Limit(("rooms.create",), "POST", "room_rate", "hour", _user),
    Limit(("rooms.create",), "POST", "room_rate", "hour", _address, ADDRESS_FACTOR),
    Limit(_ROOM, "POST", "join_rate", "minute", _user),
    Limit(_ROOM, "POST", "join_rate", "minute", _address, ADDRESS_FACTOR),
)


def install(app: Flask) -> None:
    """Limit the views of `app`, which are all registered by now."""
    servers = backends.of(app)
    limiter = Limiter(
        _address,
        app=app,
        strategy="moving-window",
        storage_uri="redis://",  # by the connections of the application, whatever their address
        storage_options={"connection_pool": servers.redis.connection_pool, "key_prefix": keys.LIMIT_PREFIX},  # type: ignore[dict-item]
        swallow_errors=False,
        in_memory_fallback_enabled=False,
        on_breach=_refuse,
    )
    for limit in [*LIMITS, *_of_programs(app)]:
        most = getattr(servers.settings, limit.setting) * limit.factor
        if not most:
            continue
        counted = limiter.shared_limit(
            f"{most} per {limit.period}",
            limit.setting,
            key_func=limit.whose,
            methods=[limit.method],
            deduct_when=limit.counts,
        )
        for endpoint in limit.endpoints:
            app.view_functions[endpoint] = counted(app.view_functions[endpoint])  # type: ignore[assignment]


def _of_programs(app: Flask) -> Iterator[Limit]:
    """What `/api/` is limited by as a whole."""
    for method in ("GET", "POST"):
        endpoints = tuple(
            {
                rule.endpoint
                for rule in app.url_map.iter_rules()
                if rule.rule.startswith("/api/") and method in (rule.methods or ())
            }
        )
        yield Limit(endpoints, method, "api_rate", "minute", _user)
        yield Limit(endpoints, method, "api_rate", "minute", _address, ADDRESS_FACTOR)


def _refuse(limit: RequestLimit) -> None:
    raise TooMany(max(1, math.ceil(limit.window.reset_time - time.time())))
