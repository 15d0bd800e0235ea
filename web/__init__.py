"""The web service: accounts, sessions, rooms and history over HTTP.

The law of this folder: it knows nothing of asyncio or of `chatd`, and chatd nothing of it; the two
meet in MariaDB, Redis and `shared`. No SQL and no Redis key name stands here: they are in `shared`.
A view reads the request, calls one function that does the work, and answers; what a form accepts is
in `forms`, what an error looks like in `errors`. Every text that a person reads goes through gettext.
"""

from flask import Flask, Request
from werkzeug.middleware.proxy_fix import ProxyFix

from shared import logs, static_files
from shared.settings import Settings, SettingsError
from web import (
    account,
    auth,
    backends,
    chat,
    device_cookie,
    errors,
    fixed,
    form_tokens,
    headers,
    health,
    history,
    identity,
    languages,
    own_password,
    passwords,
    people,
    reset,
    rooms,
    scripts,
    second_factor,
    second_step,
    session,
    strict,
    throttle,
)

# The largest form is a registration: two passwords of 1,024 characters (the setting's upper
# end), 12 bytes each where every one is an emoji, percent-encoded.
BODY_BYTES = 64 * 1024
PAGES = (
    auth,
    second_step,
    reset,
    account,
    own_password,
    second_factor,
    chat,
    rooms,
    history,
    people,
    health,
)


class Web(Flask):
    """A Flask application that reads forms strictly and logs a failed request as one line."""

    request_class: type[Request] = strict.Request
    log_exception = errors.log_exception


def create_app(settings: Settings | None = None) -> Flask:
    """The application. Without `settings` it reads those of the process and sets up its log.

    Raises `SettingsError`. No server needs to be there yet: connections are made when first used.
    """
    if settings is None:
        settings = Settings.load()
        logs.configure(process="web", level=settings.log_level)
    if not settings.secret_key:
        raise SettingsError(
            "PARLEY_SECRET_KEY: there is none yet; expected a long random text,"
            " or the file that the first run of Parley makes in the data folder"
        )
    app = Web(__name__, static_url_path=static_files.address(settings.var))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=BODY_BYTES,
        MAX_FORM_PARTS=strict.FIELDS,
        PROPAGATE_EXCEPTIONS=False,  # also under test: errors look as they do in use
        # A form token lives as long as its session: chat pages stay open for days.
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.url_map.converters["room"] = rooms.RoomConverter
    # The routing's own redirects would name the host that the request named, whatever that is.
    app.url_map.merge_slashes = app.url_map.redirect_defaults = False
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    backends.install(app, settings)
    app.session_interface = session.Sessions(app, backends.of(app).redis, settings)
    identity.install(app)  # before the form tokens, which need the session
    form_tokens.FormTokens(app)
    for part in (languages, fixed, errors, headers):
        part.install(app)
    app.jinja_env.globals["chat_scripts"] = scripts.imported("main.js")
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    app.after_request(device_cookie.tell)
    passwords.leave_free(settings.web_threads)
    throttle.install(app)  # last: it limits the views that there are
    return app
