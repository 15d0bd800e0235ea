"""`python -m tests.security.attack.planted PORT LOG`: Parley with two holes in it, and a list of all its forms.

The scanners scan this: Parley's own routes, and beside them pages that only exist here. A scanner that
does not find the holes is blind, and then its silence about Parley says nothing. Every request is
written to LOG, so that it is known what a scanner reached, and with which parameters.
"""

import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request
from markupsafe import Markup
from werkzeug.serving import WSGIRequestHandler, make_server

from web import create_app
from web.backends import database

# Parameters that no page's form names: the scripts of the page send them.
PARAMETERS = {("rooms.create", "POST"): ["name"], ("rooms.page", "GET"): ["before"]}
VALUES = {"room": "1", "name": "anna", "before": "2"}

blueprint = Blueprint("planted", __name__, url_prefix="/planted")


@blueprint.get("/xss")
def xss() -> str:
    """A hole: what stands in the address becomes part of the page."""
    return f"<html><body><p>{request.args.get('text', '')}</p></body></html>"


@blueprint.get("/sql")
def sql() -> str:
    """A hole: what stands in the address becomes part of a statement."""
    with database().cursor() as cursor:
        cursor.execute(
            "SELECT name FROM rooms WHERE id = " + request.args.get("room", "1").replace("%", "%%")
        )
        return json.dumps(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Way:
    """A route and a method of Parley: `path` has a value for each of its variables, which `marked` ends by `*`."""

    endpoint: str
    method: str
    path: str
    marked: str
    fields: list[str]


def ways() -> list[Way]:
    """All that Parley answers to, as its own map of addresses says."""
    found = []
    for rule in current_app.url_map.iter_rules():
        if rule.endpoint.startswith(("planted.", "static")):
            continue
        path = marked = rule.rule
        for variable in rule.arguments:
            spelled = re.compile(rf"<(\w+:)?{variable}>")
            path = spelled.sub(VALUES.get(variable, "1"), path)
            marked = spelled.sub(VALUES.get(variable, "1") + "*", marked)
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            fields = PARAMETERS.get((rule.endpoint, method), [])
            found.append(Way(rule.endpoint, method, path, marked, fields))
    return found


@blueprint.get("/ways")
def list_ways() -> Response:
    """All routes, for who runs the scanners."""
    return Response(json.dumps([asdict(way) for way in ways()]), mimetype="application/json")


@blueprint.get("/forms")
def forms() -> str:
    """A form for everything that the page's scripts ask for, and links to the holes."""
    page = Markup("<html><body><a href='/planted/xss?text=hello'>a</a><a href='/planted/sql?room=1'>b</a>")
    for way in ways():
        fields = Markup("").join(
            Markup("<input name='{}' value='{}'>").format(name, VALUES.get(name, "1")) for name in way.fields
        )
        page += Markup("<form action='{}' method={}>{}<input type=submit></form>").format(
            way.path, way.method, fields
        )
    return page + Markup("</body></html>")


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Nothing."""


def recorded(app: Flask, log: Path) -> Flask:
    """`app`, which writes down each request: endpoint, method, names of parameters, status."""

    def note(response: Response) -> Response:
        try:
            names = sorted({*request.args, *request.form})
        except Exception:
            names = []
        line = [request.endpoint, request.method, request.path, names, response.status_code]
        with log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return response

    app.after_request(note)
    return app


def main() -> None:
    """Serve until the end of the process."""
    app = create_app()
    app.config["WTF_CSRF_ENABLED"] = False  # a scanner is to see what stands behind the tokens
    app.register_blueprint(blueprint)
    recorded(app, Path(sys.argv[2]))
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True, request_handler=Quiet).serve_forever()


if __name__ == "__main__":
    main()
