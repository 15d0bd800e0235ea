"""Devices that have signed in before (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").

A signed cookie says as whom somebody has signed in on this device. It opens nothing: it only gives
its device a count of wrong passwords of its own (`tries`), so that strangers who guess can not
make an account's owner wait. It outlives sign-out, and a password that was changed.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.backends import settings

COOKIE = "parley_device"
DAYS = 180
NAMES = 5  # that one device remembers, the last one last


@dataclass(frozen=True, slots=True)
class Device:
    """Its random id, and the names (in small letters) of those who signed in."""

    id: str
    names: tuple[str, ...] = ()


def of_name(name: str, cookies: Mapping[str, str]) -> str | None:
    """The id of the device, if somebody of this name has signed in on it."""
    device = _read(cookies)
    return device.id if device and name.lower() in device.names else None


def remember(name: str) -> None:
    """Somebody of this name has signed in: the response to this request tells the device."""
    g.signed_in_name = name.lower()


def tell(response: Response) -> Response:
    """Give the device its cookie, where somebody signed in by this request."""
    name = g.pop("signed_in_name", None)
    if name is None:
        return response
    known = _read(request.cookies) or Device(secrets.token_urlsafe(12))
    names = (*(other for other in known.names if other != name), name)[-NAMES:]
    response.set_cookie(
        _cookie(),
        _serializer().dumps([known.id, *names]),
        max_age=DAYS * 86_400,
        path="/",
        secure=settings().secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _read(cookies: Mapping[str, str]) -> Device | None:
    try:
        content: Any = _serializer().loads(cookies.get(_cookie(), ""), max_age=DAYS * 86_400)
    except BadSignature:
        return None
    return Device(content[0], tuple(content[1:]))


def _cookie() -> str:
    return f"__Host-{COOKIE}" if settings().secure_cookies else COOKIE


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="parley device")
