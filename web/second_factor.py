"""The second factor of one's own account: begin it, end it, renew its recovery codes.

What changes it asks for the password again (OWASP Multifactor Authentication Cheat Sheet, "Changing MFA
Factors"). The secret of a factor that is not confirmed yet stands, sealed, in the session only.
"""

import io

import segno
import structlog
from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf import FlaskForm

from shared import second_factors
from shared.database import Cursor
from web import errors, identity, totp, user_sessions
from web.account_forms import PasswordForm, SecondFactorForm, wrong_code, wrong_password
from web.backends import database, redis, settings
from web.own_password import is_own

blueprint = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")
blueprint.before_request(identity.need_user)
log = structlog.get_logger(__name__)

PENDING = "second_factor"  # the field of the session


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The second factor as it is, or the way to one."""
    return _show(PasswordForm() if _codes_left() is not None else SecondFactorForm())


@blueprint.get("/code.svg")
def picture() -> Response:
    """The QR code of the secret that is not confirmed yet; only its user sees it, and nothing keeps it."""
    secret = _pending()
    if secret is None:
        abort(404)
    code = segno.make(totp.address(secret, identity.require_user().name), error="m", micro=False)
    drawn = io.BytesIO()
    # Black on white with its margin, in both themes: that is what cameras read (ISO/IEC 18004).
    code.save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return Response(drawn.getvalue(), mimetype="image/svg+xml")


@blueprint.post("")
def begin() -> ResponseReturnValue:
    """Confirm the secret by a code: from now on each sign-in asks for one. Other sessions end."""
    user, form, secret = identity.require_user(), SecondFactorForm(), _pending()
    if secret is None:
        return redirect(url_for("second_factor.index"), 303)
    if not form.validate_on_submit():
        return _show(form, status=422)
    if is_own(form.password.data or "") is None:
        form.password.errors = [wrong_password()]
        return _show(form, status=422)
    step = totp.step_of(secret, "".join((form.code.data or "").split()))
    if step is None:
        form.code.errors = [wrong_code()]
        return _show(form, status=422)
    codes = totp.new_recovery_codes()
    sealed, hashes = totp.seal(secret, settings().secret_key), [totp.recovery_hash(code) for code in codes]

    def work(cursor: Cursor) -> bool:
        return second_factors.begin(cursor, user=user.id, secret=sealed, step=step, codes=hashes)

    if not database().transact(work):  # another window was faster
        return redirect(url_for("second_factor.index"), 303)
    session.pop(PENDING, None)
    user_sessions.end_all(redis(), user.id, except_sid=identity.sid())
    log.info("second factor begun", user=user.id, address=request.remote_addr)
    return _show_codes(gettext("The second step is on, and your other devices are signed out."), codes)


@blueprint.post("/codes")
def renew_codes() -> ResponseReturnValue:
    """Ten new recovery codes; the old ones are void."""
    user, form = identity.require_user(), PasswordForm()
    if _codes_left() is None:
        return redirect(url_for("second_factor.index"), 303)
    if (refused := _need_password(form)) is not None:
        return refused
    codes = totp.new_recovery_codes()
    hashes = [totp.recovery_hash(code) for code in codes]
    database().transact(lambda cursor: second_factors.replace_codes(cursor, user=user.id, codes=hashes))
    log.info("recovery codes renewed", user=user.id, address=request.remote_addr)
    return _show_codes(gettext("The old recovery codes do not work any more."), codes)


@blueprint.post("/end")
def end() -> ResponseReturnValue:
    """From now on the password is enough again."""
    user, form = identity.require_user(), PasswordForm()
    if _codes_left() is None:
        return redirect(url_for("second_factor.index"), 303)
    if (refused := _need_password(form)) is not None:
        return refused
    database().transact(lambda cursor: second_factors.end(cursor, user=user.id))
    log.info("second factor ended", user=user.id, address=request.remote_addr)
    flash(gettext("The second step is off."))
    return redirect(url_for("account.index"), 303)


@blueprint.errorhandler(errors.TooMany)
def show_and_wait(fault: errors.TooMany) -> Response:
    """The page once more, and for how long to wait."""
    form = PasswordForm() if _codes_left() is not None else SecondFactorForm()
    response = _show(form, status=429, message=fault.message)
    response.headers["Retry-After"] = str(fault.seconds)
    return response


def _need_password(form: PasswordForm) -> Response | None:
    """The page with what is wrong, unless the form carries the user's password."""
    if form.validate_on_submit():
        if is_own(form.password.data or "") is not None:
            return None
        form.password.errors = [wrong_password()]
    return _show(form, status=422)


def _pending() -> str | None:
    """The secret that the session holds until it is confirmed."""
    sealed = session.get(PENDING)
    return totp.unseal(sealed, settings().secret_key) if isinstance(sealed, bytes) else None


def _codes_left() -> int | None:
    """The number of recovery codes that are still good; None where there is no second factor."""
    user = identity.require_user()
    with database().cursor() as cursor:
        if second_factors.secret(cursor, user.id) is None:
            return None
        return second_factors.codes_left(cursor, user.id)


def _show(form: FlaskForm, *, status: int = 200, message: str | None = None) -> Response:
    left, secret = _codes_left(), _pending()
    if left is None and secret is None:
        secret = totp.new_secret()
        session[PENDING] = totp.seal(secret, settings().secret_key)
    shown = " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)) if secret else ""
    page = render_template("second_factor.html", form=form, message=message, left=left, secret=shown)
    response = make_response(page)
    response.status_code = status
    return response


def _show_codes(message: str, codes: list[str]) -> Response:
    return make_response(render_template("recovery_codes.html", message=message, codes=codes))
