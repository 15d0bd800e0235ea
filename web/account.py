"""The account page: what one user sees and does about their own account."""

from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta, gettext
from flask_wtf.csrf import CSRFError

from web import devices, errors, identity, own_password, user_sessions
from web.account_forms import PasswordForm, wrong_password
from web.backends import redis, settings

blueprint = Blueprint("account", __name__, url_prefix="/account")
log = structlog.get_logger(__name__)

NOW_SECONDS = 120  # within which somebody was here "just now"; the time is written down once a minute

blueprint.before_request(identity.need_user)


@dataclass(frozen=True, slots=True)
class Device:
    """One line of the list of sessions."""

    name: str  # of the session, in the form
    device: str
    address: str
    seen: datetime
    seen_ago: str
    is_this: bool


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The page."""
    return show()


@blueprint.post("/confirm")
def confirm() -> ResponseReturnValue:
    """The password once more: who found an unlocked screen must not sign its owner out everywhere (ASVS 7.5.2)."""
    form = PasswordForm()
    if not form.validate_on_submit():
        return show(form=form, status=422)
    if own_password.is_own(form.password.data or "") is None:
        form.password.errors = [wrong_password()]
        return show(form=form, status=422)
    identity.confirm()
    return _done()


@blueprint.post("/sessions/end")
def end_session() -> ResponseReturnValue:
    """Sign one of the user's other devices out. One that is signed out already is no fault."""
    if not identity.is_fresh():
        return _done()  # which asks for the password
    user, name = identity.require_user(), request.form.get("session", "")
    others = [entry for entry in _sessions(user.id) if entry.sid != identity.sid()]
    ended = [entry.sid for entry in others if entry.name == name]
    user_sessions.end(redis(), user.id, ended)
    if ended:
        log.info("session revoked", user=user.id, session=name)
    flash(gettext("That device is signed out."))
    return _done()


@blueprint.post("/sessions/end-others")
def end_other_sessions() -> ResponseReturnValue:
    """Sign the user out everywhere but here."""
    if not identity.is_fresh():
        return _done()
    user = identity.require_user()
    count = user_sessions.end_all(redis(), user.id, except_sid=identity.sid())
    log.info("other sessions revoked", user=user.id, count=count)
    flash(gettext("All other devices are signed out."))
    return _done()


@blueprint.errorhandler(CSRFError)
def token_is_void(_: CSRFError) -> ResponseReturnValue:
    """The token died with the session: to sign-in, as everywhere on this page; else it is forged or old."""
    return identity.need_user(url_for("account.index")) or errors.answer(400, errors.CSRF)


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> Response:
    """The page once more, and for how long to wait before the next password."""
    response = show(status=429, message=fault.message)
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def show(*, form: PasswordForm | None = None, status: int = 200, message: str | None = None) -> Response:
    """The page, with what its sections need."""
    user = identity.require_user()
    page = render_template(
        "account.html",
        user=user,
        devices=_devices(user.id),
        fresh=identity.is_fresh(),
        form=form or PasswordForm(),
        message=message,
    )
    response = make_response(page)
    response.status_code = status
    return response


def _done() -> ResponseReturnValue:
    return redirect(url_for("account.index"), 303)


def _sessions(user: int) -> list[user_sessions.Entry]:
    return user_sessions.of(redis(), user, settings())


def _devices(user: int) -> list[Device]:
    """This device, then the others, the last used first."""
    found = [_device(entry) for entry in _sessions(user)]
    return sorted(found, key=lambda device: not device.is_this)


def _device(entry: user_sessions.Entry) -> Device:
    seen = datetime.fromtimestamp(entry.seen, UTC)
    ago = datetime.now(UTC) - seen
    return Device(
        name=entry.name,
        device=devices.describe(entry.signed_in.agent),
        address=entry.signed_in.address,
        seen=seen,
        seen_ago=gettext("just now")
        if ago.total_seconds() < NOW_SECONDS
        else format_timedelta(-ago, add_direction=True),
        is_this=entry.sid == identity.sid(),
    )
