"""Who asks: from the session to the user, and the beginning and end of being signed in."""

import secrets
import time
from typing import cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from shared import protocol, sessions, users
from web.backends import database
from web.session import Session, Sessions, SessionStoreAway

FRESH_SECONDS = 900
CONFIRMED = "confirmed"  # the field of a session that says when its user typed the password again
# What is answered without knowing who asks, also while Redis is away.
_OPEN = {"health.check", "static"}


def install(app: Flask) -> None:
    """Refuse requests whose session can not be known."""
    app.before_request(_need_session)


def user() -> protocol.User | None:
    """The signed-in user of this request, read once."""
    if "user" not in g:
        g.user = _read_user()
    return cast(protocol.User | None, g.user)


def known_user() -> protocol.User | None:
    """The signed-in user where this request has found out already; asks no server."""
    return cast(protocol.User | None, g.get("user"))


def require_user() -> protocol.User:
    """The signed-in user, for views behind a check that there is one."""
    found = user()
    assert found is not None
    return found


def need_user(there: str | None = None) -> ResponseReturnValue | None:
    """For the `before_request` of a blueprint of pages: to sign-in, and back here (or `there`) afterwards."""
    if user():
        return None
    if there is None and request.method == "GET":
        there = request.full_path if request.query_string else request.path
    return redirect(url_for("auth.sign_in", next=None if there == "/" else there))


def begin(user_id: int) -> None:
    """Sign a user in, under a new session id. Raises redis-py's errors.

    The session stands in Redis on return. A caller that checked something which may have changed
    meanwhile (a password, say) looks at it again then, and calls `end` if it did.
    """
    who = sessions.SignedIn(user_id, int(time.time()), request.user_agent.string, request.remote_addr or "")
    _sessions().begin(_session(), who, **_form_secret())
    g.pop("user", None)


def begin_half(**fields: object) -> None:
    """Half a sign-in: a new visitor's session, which holds `fields` and is signed in nowhere. Raises redis-py's errors."""
    _sessions().renew(_session(), **_form_secret(), **fields)
    g.pop("user", None)


def end() -> None:
    """Sign the user out, here and on the daemons. Raises redis-py's errors."""
    _sessions().end(_session())
    g.pop("user", None)


def is_fresh() -> bool:
    """Whether the user showed who they are a short while ago: by signing in, or by their password since."""
    who, confirmed = _session().signed_in, session.get(CONFIRMED)
    if who is None:
        return False
    return time.time() - max(who.began, confirmed if isinstance(confirmed, int) else 0) < FRESH_SECONDS


def confirm() -> None:
    """The user has just typed their password."""
    session[CONFIRMED] = int(time.time())


def sid() -> str:
    """The id of this request's session, which no page and no log may show."""
    return cast(str, _session().sid)


def _form_secret() -> dict[str, str]:
    """The secret of the form tokens stands from the start.

    Two pages that load at once would otherwise each make one, and the tokens of the first would be void.
    """
    return {current_app.config["WTF_CSRF_FIELD_NAME"]: secrets.token_hex(20)}


def _need_session() -> None:
    if _session().away and request.endpoint not in _OPEN:
        raise SessionStoreAway


def _session() -> Session:
    return cast(Session, session)


def _sessions() -> Sessions:
    return cast(Sessions, current_app.session_interface)


def _still_stands() -> bool:
    """Whether the session did not end while a body was on its way, which may take its time. Raises redis-py's errors."""
    return request.method in ("GET", "HEAD") or _sessions().stands(_session())


def _read_user() -> protocol.User | None:
    who = _session().signed_in
    if who is None or not _still_stands():
        return None
    with database().cursor() as cursor:
        return users.open_account(cursor, who.user)
