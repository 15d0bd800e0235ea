"""What an error looks like: one page, one JSON shape, and never anything of the inside.

What is absent and what is forbidden get the same 404, byte for byte.
"""

import math
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any

import pymysql
import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext, lazy_gettext, ngettext
from flask_wtf.csrf import CSRFError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, InternalServerError

from shared import rooms
from shared.database import is_locked, is_unavailable
from web import identity, passwords
from web.session import SessionStoreAway

RETRY_SECONDS = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person is told of an error. The texts are lazy: each reader gets their own language."""

    code: str  # of the JSON answer
    title: Any
    text: Any
    advice: Any


RELOAD = lazy_gettext("Go back, reload the page and try again.")
WAIT = lazy_gettext("Try again shortly.")

EXPLANATIONS = {
    400: Explanation(
        "invalid",
        lazy_gettext("This did not work"),
        lazy_gettext("What arrived here was not understood."),
        RELOAD,
    ),
    401: Explanation(
        "signed_out",
        lazy_gettext("You are signed out"),
        lazy_gettext("This needs you to be signed in."),
        lazy_gettext("Sign in and try again."),
    ),
    404: Explanation(
        "not_found",
        lazy_gettext("There is nothing here"),
        lazy_gettext("This page does not exist, or it is not open to you."),
        lazy_gettext("Check the address, or go to the first page."),
    ),
    405: Explanation(
        "method_not_allowed",
        lazy_gettext("This did not work"),
        lazy_gettext("This address can not be used in this way."),
        RELOAD,
    ),
    413: Explanation(
        "too_large",
        lazy_gettext("That was too much"),
        lazy_gettext("What you sent is larger than this page takes."),
        lazy_gettext("Go back and shorten it."),
    ),
    415: Explanation(
        "unsupported",
        lazy_gettext("This did not work"),
        lazy_gettext("What arrived here was not understood."),
        RELOAD,
    ),
    429: Explanation(
        "too_many",
        lazy_gettext("Too much at once"),
        lazy_gettext("This was asked for too often in a short time."),
        WAIT,
    ),
    500: Explanation(
        "error",
        lazy_gettext("Something broke"),
        lazy_gettext("That is our fault, and it has been written down."),
        lazy_gettext("Try again. If it happens again, tell whoever runs this site when it happened."),
    ),
    503: Explanation(
        "unavailable",
        lazy_gettext("One moment, please"),
        lazy_gettext("Parley can't reach its database."),
        WAIT,
    ),
}
CSRF = Explanation(
    "csrf", lazy_gettext("This page was open for too long"), lazy_gettext("Nothing was changed."), RELOAD
)
STORE_AWAY = Explanation(
    "unavailable",
    lazy_gettext("One moment, please"),
    lazy_gettext("Parley can't reach its session store. This signs nobody out."),
    WAIT,
)


BUSY = Explanation(
    "unavailable",
    lazy_gettext("One moment, please"),
    lazy_gettext("Many people are signing in just now."),
    WAIT,
)
BUSY_SECONDS = 1


class TooMany(Exception):
    """A limit is reached; the same request is taken again in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    @property
    def message(self) -> str:
        """What a person is told."""
        if self.seconds < 120:
            return str(
                ngettext(
                    "This was tried too often. Try again in %(num)s second.",
                    "This was tried too often. Try again in %(num)s seconds.",
                    self.seconds,
                )
            )
        minutes = math.ceil(self.seconds / 60)
        return str(gettext("This was tried too often. Try again in %(minutes)s minutes.", minutes=minutes))


class Refused(Exception):
    """A request of the JSON API is refused: its status, its code, a text for the person, and the faulty field."""

    def __init__(self, status: int, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.field = status, code, message, field


def install(app: Flask) -> None:
    """Answer every error of `app`."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(rooms.NoSuchRoom, _no_such_room)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(TooMany, too_many)
    app.register_error_handler(passwords.Busy, _busy)
    for kind in (SessionStoreAway, RedisError, pymysql.err.MySQLError):
        app.register_error_handler(kind, _server)


def is_api() -> bool:
    """Whether this request is one of the JSON API."""
    return request.path.startswith("/api/")


def answer(status: int, explanation: Explanation | None = None) -> Response:
    """The response to an error, as a page or as JSON."""
    told = explanation or EXPLANATIONS.get(status, EXPLANATIONS[500 if status >= 500 else 400])
    if is_api():
        response = jsonify(error=told.code, message=f"{told.text} {told.advice}")
    else:
        response = make_response(
            render_template(
                "error.html",
                status=status,
                title=told.title,
                text=told.text,
                advice=told.advice,
                user=identity.known_user(),
            )
        )
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def log_exception(
    app: Flask, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]
) -> None:
    """One line for a request that failed; with a traceback unless a server is just away."""
    away = _away(exc_info[1])
    if away:
        _log_away(exc_info[1], away)
    else:
        log.error("request failed", method=request.method, endpoint=request.endpoint, exc_info=exc_info)


def _away(fault: BaseException | None) -> Explanation | None:
    """What to tell if `fault` means that a server is away, full or busy; None for a fault of ours."""
    if isinstance(fault, SessionStoreAway | RedisError):
        return STORE_AWAY
    if isinstance(fault, pymysql.err.MySQLError) and (is_unavailable(fault) or is_locked(fault)):
        return EXPLANATIONS[503]
    return None


def _log_away(fault: BaseException | None, away: Explanation) -> None:
    event = "session store away" if away is STORE_AWAY else "database away"
    log.warning(event, endpoint=request.endpoint, fault=repr((fault and fault.__cause__) or fault))


def _server(fault: Exception) -> Response:
    """A server's or its client's error, where a view did not expect one."""
    away = _away(fault)
    if away is None:
        raise fault  # ours: logged with its traceback, answered as a 500
    _log_away(fault, away)
    return answer(503, away)


def _http(fault: HTTPException) -> Response | HTTPException:
    """Any error that Werkzeug or Flask names by a status."""
    if fault.code is None or fault.code < 400:
        return fault  # a redirect of the routing
    # Not every fault passes through `_server`: the session is written after the view, and
    # another handler may need a server as well.
    away = _away(fault.original_exception) if isinstance(fault, InternalServerError) else None
    if away:
        return answer(503, away)
    response = answer(fault.code)
    if fault.code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(fault, "valid_methods", None) or []))
    return response


def _csrf(fault: CSRFError) -> Response:
    if is_api() and identity.user() is None:
        return answer(401)  # the token died with the session: that is what the page must know
    return answer(400, CSRF)


def _no_such_room(_: rooms.NoSuchRoom) -> Response:
    return answer(404)


def _refused(fault: Refused) -> Response:
    body = {"error": fault.code, "message": fault.message}
    response = jsonify(body | ({"field": fault.field} if fault.field else {}))
    response.status_code = fault.status
    return response


def too_many(fault: TooMany) -> Response:
    """429, with the seconds to wait (RFC 6585 §4)."""
    if is_api():
        response = jsonify(error="too_many", message=fault.message, retry_after=fault.seconds)
        response.status_code = 429
    else:
        response = answer(429, replace(EXPLANATIONS[429], text=fault.message, advice=""))
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def _busy(_: passwords.Busy) -> Response:
    response = answer(503, BUSY)
    response.headers["Retry-After"] = str(BUSY_SECONDS)
    return response
