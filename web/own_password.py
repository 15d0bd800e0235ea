"""Change one's own password."""

import structlog
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms import Form

from shared import password_resets, users
from shared.database import Cursor
from web import errors, identity, passwords, tries, user_sessions
from web.account_forms import ChangePasswordForm, wrong_password
from web.backends import database, redis

blueprint = Blueprint("own_password", __name__)
blueprint.before_request(identity.need_user)
log = structlog.get_logger(__name__)


def is_own(password: str) -> users.Account | None:
    """The signed-in user's account, if this is their password. Raises `TooMany`, and redis-py's errors."""
    user = identity.require_user()
    with tries.own(user.id, tries.PASSWORD) as attempt:
        with database().cursor() as cursor:
            account = users.by_id(cursor, user.id)
        right = account is not None and passwords.verify(account.password_hash, password)
    if not right:
        log.info("wrong password", user=user.id, address=request.remote_addr)
        return None
    attempt.right()
    return account


@blueprint.route("/account/password", methods=["GET", "POST"])
def change() -> ResponseReturnValue:
    """A new password, for the old one. All other sessions end."""
    form = ChangePasswordForm(owner=identity.require_user().name)
    if not form.validate_on_submit():
        return _show(form, status=422 if request.method == "POST" else 200)
    account = is_own(form.password.data or "")
    if account is None:
        form.password.errors = [wrong_password()]
        return _show(form, status=422)
    if not _store(account, passwords.hash(form.new.data or "")):
        # Somebody else changed it since: then the old one is not right any more either.
        form.password.errors = [wrong_password()]
        return _show(form, status=422)
    log.info("password changed", user=account.id, address=request.remote_addr)
    flash(gettext("Your password is changed, and your other devices are signed out."))
    return redirect(url_for("account.index"), 303)


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> Response:
    """The form once more, and for how long to wait."""
    response = _show(
        ChangePasswordForm(owner=identity.require_user().name), status=429, message=fault.message
    )
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def _store(account: users.Account, new: str) -> bool:
    """Store the hash and end the other sessions.

    Before the commit, since none may outlive it where Redis goes away just then; and after it, for
    those who signed in by the old password meanwhile.
    """

    def end_others() -> None:
        user_sessions.end_all(redis(), account.id, except_sid=identity.sid())

    def work(cursor: Cursor) -> bool:
        stored = users.replace_password_hash(cursor, user=account.id, old=account.password_hash, new=new)
        if stored:
            password_resets.remove(cursor, user=account.id)
            end_others()
        return stored

    stored = database().transact(work)
    if stored:
        end_others()
    return stored


def _show(form: Form, *, status: int, message: str | None = None) -> Response:
    response = make_response(render_template("own_password.html", form=form, message=message))
    response.status_code = status
    return response
