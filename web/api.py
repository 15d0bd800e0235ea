"""What the parts of the JSON API share: who may ask, and how it answers."""

from typing import Any

import msgspec
from flask import Blueprint, Response

from web import errors, identity


def blueprint(name: str, module: str) -> Blueprint:
    """A part of `/api/`, open to who is signed in: 401 for whom nobody knows."""
    made = Blueprint(name, module, url_prefix="/api")
    made.before_request(_need_user)
    return made


def answer(body: Any, *, status: int = 200) -> Response:
    """A response in the shapes of the protocol."""
    return Response(msgspec.json.encode(body), status=status, mimetype="application/json")


def _need_user() -> Response | None:
    return None if identity.user() else errors.answer(401)
