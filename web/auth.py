"""Register, sign in, sign out. The second step of a sign-in stands in `second_step`."""

from dataclasses import replace

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError

from shared import rooms, users
from shared.database import Cursor
from web import device_cookie, errors, identity, passwords, publish, second_step, tries
from web.backends import database, settings
from web.forms import RegisterForm, SignInForm, name_taken
from web.urls import within_site

blueprint = Blueprint("auth", __name__)
log = structlog.get_logger(__name__)

FORMS = {"auth.register": RegisterForm, "auth.sign_in": SignInForm}


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account and sign in."""
    if identity.user():
        return _go_on(303)
    form = RegisterForm()
    if not form.validate_on_submit():
        return _show(form, status=422 if request.method == "POST" else 200)
    password_hash = passwords.hash(form.password.data or "")

    def create(cursor: Cursor) -> tuple[int, rooms.Membership]:
        return users.create(
            cursor, name=form.name.data or "", password_hash=password_hash, gender=form.gender.data
        )

    try:
        user, membership = database().transact(create)
    except users.NameTaken:  # by somebody who was a moment faster than our look-up
        form.name.errors = [name_taken()]
        return _show(form, status=422)
    log.info("registered", user=user, name=form.name.data, address=request.remote_addr)
    publish.membership(membership, joined=True)
    identity.begin(user)
    device_cookie.remember(form.name.data or "")
    return _go_on(303)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Begin a session, or the first half of one."""
    if identity.user():
        return _go_on(303)
    form = SignInForm()
    if not form.validate_on_submit():
        return _show(form, status=422 if request.method == "POST" else 200)
    with tries.password(form.name.data or "") as attempt:
        account = _whose(form.name.data or "", form.password.data or "")
    if account is None:
        return _show_wrong(form)
    attempt.right()
    if account.second_factor:
        second_step.begin(account)
        return redirect(url_for("second_step.ask", next=_next()), 303)
    return _go_on(303) if second_step.enter(account) else _show_wrong(form)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session, here and on the daemons."""
    user = identity.user()
    identity.end()
    if user:
        log.info("signed out", user=user.id)
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.errorhandler(CSRFError)
def show_again(fault: CSRFError) -> ResponseReturnValue:
    """The form once more, with what was typed and a new token: the old one ended with its session."""
    form = FORMS.get(request.endpoint or "")
    if form is None:
        return errors.answer(400, errors.CSRF)
    message = gettext("This page was open for too long. Please try again.")
    return _show(form(), status=400, message=message)


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> ResponseReturnValue:
    """The form once more, and for how long to wait."""
    form = FORMS.get(request.endpoint or "")
    if form is None:
        return errors.too_many(fault)
    response = _show(form(), status=429, message=fault.message)
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def _whose(name: str, password: str) -> users.Account | None:
    """The account that name and password open. Wrong ones, unknown ones and disabled ones cost and say the same."""
    with database().cursor() as cursor:
        account = users.by_name(cursor, name)
    right = passwords.verify(account.password_hash if account else None, password)
    if not right or account is None or account.disabled:
        # Not what was typed: people type their password into the wrong field.
        reason = "disabled" if account and right else "wrong"
        user = account.id if account else None
        log.info("sign-in failed", user=user, reason=reason, address=request.remote_addr)
        return None
    return _renewed(account, password) if passwords.is_outdated(account.password_hash) else account


def _renewed(account: users.Account, password: str) -> users.Account:
    """Hash the password again, by today's parameters."""
    renewed = passwords.hash(password)
    stored = database().transact(
        lambda cursor: users.replace_password_hash(
            cursor, user=account.id, old=account.password_hash, new=renewed
        )
    )
    return replace(account, password_hash=renewed) if stored else account


def _show_wrong(form: FlaskForm) -> Response:
    return _show(form, status=422, message=gettext("The user name or the password is wrong."))


def _show(form: FlaskForm, *, status: int, message: str | None = None) -> Response:
    """The page of a form. Passwords are never shown again (WTForms' PasswordField hides them)."""
    template = "register.html" if isinstance(form, RegisterForm) else "sign_in.html"
    form.next.data = _next() or ""
    page = render_template(template, form=form, limits=settings(), message=message, next=_next(), user=None)
    response = make_response(page)
    response.status_code = status
    return response


def _next() -> str | None:
    """Where the person was going, as the form or the address says it."""
    return within_site(request.form.get("next") or request.args.get("next"))


def _go_on(status: int) -> Response:
    return make_response(redirect(_next() or url_for("chat.index"), status))
