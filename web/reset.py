"""A new password by a link that the operator made: it works once, for an hour.

The address says nothing of the account. It must not go on to anybody either: its page loads only our
own files, sends no more of itself than the host (`Referrer-Policy`; forms under https need that much,
see Flask-WTF), and nginx writes none of it into its log.
"""

import secrets
import time
from functools import partial

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from shared import password_resets, users
from shared.database import Cursor, Database
from web import errors, passwords, tries, user_sessions
from web.account_forms import NewPasswordForm
from web.backends import database, redis

blueprint = Blueprint("reset", __name__)
log = structlog.get_logger(__name__)

TOKEN_BYTES = 32
VALID_SECONDS = 3600


def make(database: Database, user: int) -> str:
    """The secret part of a new link for a user; what was made before is void. Raises PyMySQL's errors."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    add = partial(password_resets.add, user=user, token=token, expires_at=int(time.time()) + VALID_SECONDS)
    database.transact(add)
    return token


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
def choose(token: str) -> ResponseReturnValue:
    """Choose a new password. Every session of the user ends, and nobody is signed in by it."""
    with database().cursor() as cursor:
        account = _owner(cursor, token)
    if account is None:
        return _void()
    form = NewPasswordForm(owner=account.name)
    if not form.validate_on_submit():
        return _show(form, status=422 if request.method == "POST" else 200)
    if not _store(token, passwords.hash(form.new.data or "")):
        return _void()
    log.info("password reset", user=account.id, address=request.remote_addr)
    return redirect(url_for("reset.done"), 303)


@blueprint.get("/reset/done")
def done() -> ResponseReturnValue:
    """What to do next."""
    return render_template("reset_done.html")


@blueprint.after_request
def keep_address(response: Response) -> Response:
    """No other site and no log learns the address of the page."""
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> Response:
    """The form once more, and for how long to wait."""
    response = _show(NewPasswordForm(owner=""), status=429, message=fault.message)
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def _owner(cursor: Cursor, token: str, *, lock: bool = False) -> users.Account | None:
    """Whose link it is. One that was made for an account which was disabled since is void."""
    user = password_resets.owner(cursor, token, now=time.time(), lock=lock)
    account = users.by_id(cursor, user) if user else None
    return account if account and not account.disabled else None


def _store(token: str, new: str) -> bool:
    """Use the link; False where it was used meanwhile.

    Sessions end before the commit, since none may outlive it where Redis goes away just then, and
    after it, for those who signed in by the old password meanwhile.
    """

    def work(cursor: Cursor) -> users.Account | None:
        account = _owner(cursor, token, lock=True)
        if account is None:
            return None
        users.set_password_hash(cursor, user=account.id, new=new)
        password_resets.remove(cursor, user=account.id)
        user_sessions.end_all(redis(), account.id)
        tries.forget(redis(), account.name, account.id)
        return account

    account = database().transact(work)
    if account is None:
        return False
    user_sessions.end_all(redis(), account.id)
    return True


def _void() -> Response:
    """The same for a link that never was, was used, or is too old."""
    told = errors.Explanation(
        "not_found",
        gettext("This link does not work any more"),
        gettext("A link to a new password works once, and for an hour."),
        gettext("Ask whoever runs this site for another one."),
    )
    return errors.answer(404, told)


def _show(form: NewPasswordForm, *, status: int, message: str | None = None) -> Response:
    response = make_response(render_template("reset.html", form=form, message=message))
    response.status_code = status
    return response
