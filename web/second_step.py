"""The second step of a sign-in: a code, asked of whoever has shown to know the password.

Between the steps the visitor's session says whose password was right, and when. It is signed in
nowhere, neither here nor at the daemons: for both only `sessions.SignedIn` counts.
"""

import hashlib
import time
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from shared import second_factors, users
from shared.database import Cursor
from web import device_cookie, errors, identity, totp, tries
from web.account_forms import CodeForm, wrong_code
from web.backends import database, settings
from web.urls import within_site

blueprint = Blueprint("second_step", __name__)
log = structlog.get_logger(__name__)

HALF = "half"  # the field of a visitor's session
HALF_SECONDS = 600


def begin(account: users.Account) -> None:
    """The password was right; a code is still to come. Raises redis-py's errors."""
    identity.begin_half(half=[account.id, int(time.time()), _fingerprint(account)])


def enter(account: users.Account) -> bool:
    """Sign in. False where the account changed since `account` was read: what was right may not be any more."""
    identity.begin(account.id)
    with database().cursor() as cursor:
        now = users.by_id(cursor, account.id)
    # The session is in the index now: who changes the account from here on finds and ends it.
    if now is None or now.disabled or _what_counts(now) != _what_counts(account):
        identity.end()
        return False
    device_cookie.remember(account.name)
    log.info("signed in", user=account.id, name=account.name, address=request.remote_addr)
    return True


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
def ask() -> ResponseReturnValue:
    """Ask for the code, and sign in."""
    if identity.user():
        return _go_on()
    account = _half()
    if account is None:
        return redirect(url_for("auth.sign_in", next=_next()), 303)
    form = CodeForm()
    if not form.validate_on_submit():
        return _show(form, status=422 if request.method == "POST" else 200)
    with tries.own(account.id, tries.CODE) as attempt:
        right = is_right(account, form.code.data or "")
    if not right:
        log.info("second step failed", user=account.id, address=request.remote_addr)
        form.code.errors = [wrong_code()]
        return _show(form, status=422)
    attempt.right()
    return _go_on() if enter(account) else redirect(url_for("auth.sign_in", next=_next()), 303)


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> Response:
    """The form once more, and for how long to wait."""
    response = _show(CodeForm(), status=429, message=fault.message)
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def is_right(account: users.Account, typed: str) -> bool:
    """Whether this is a code of the user's app or a recovery code, and was not used before. It is used now."""
    code = "".join(typed.split())
    digits = code.isascii() and code.isdigit()

    def work(cursor: Cursor) -> bool:
        if not digits:
            taken = second_factors.take_code(cursor, user=account.id, code=totp.recovery_hash(code))
            if taken:
                log.warning("recovery code used", user=account.id, address=request.remote_addr)
            return taken
        sealed = second_factors.secret(cursor, account.id)
        secret = totp.unseal(sealed, settings().secret_key) if sealed else None
        step = totp.step_of(secret, code) if secret else None
        return step is not None and second_factors.take_step(cursor, user=account.id, step=step)

    return database().transact(work)


def _what_counts(account: users.Account) -> tuple[str, bool]:
    """What a sign-in was judged by: a second factor that was turned on meanwhile was not asked for."""
    return account.password_hash, account.second_factor


def _half() -> users.Account | None:
    """Whose password was right a moment ago, if that still holds."""
    half: Any = session.get(HALF)
    if not (isinstance(half, list) and len(half) == 3) or time.time() - half[1] > HALF_SECONDS:
        return None
    with database().cursor() as cursor:
        account = users.by_id(cursor, half[0])
    if account is None or account.disabled or not account.second_factor:
        return None
    return account if _fingerprint(account) == half[2] else None


def _fingerprint(account: users.Account) -> str:
    """Another one after each change of the password."""
    return hashlib.sha256(account.password_hash.encode()).hexdigest()


def _show(form: CodeForm, *, status: int, message: str | None = None) -> Response:
    form.next.data = _next() or ""
    form.code.render_kw = {**form.code.render_kw, "value": ""}
    page = render_template(
        "second_step.html", form=form, message=message, user=None, title=gettext("Sign in")
    )
    response = make_response(page)
    response.status_code = status
    return response


def _next() -> str | None:
    return within_site(request.form.get("next") or request.args.get("next"))


def _go_on() -> Response:
    return make_response(redirect(_next() or url_for("chat.index"), 303))
