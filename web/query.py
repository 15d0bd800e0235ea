"""Reading what stands behind the ? of an address of the API: all of it is understood, or the request is refused."""

import re
from urllib.parse import parse_qsl

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import BadRequest

from web.errors import Refused

_NATURAL = re.compile(r"0|[1-9][0-9]{0,15}")  # one spelling each, and none that a database refuses


def parameters(*known: str, one: bool = False) -> dict[str, str]:
    """The parameters of this request: each at most once, none but the `known`; with `one` no two of them.

    Raises `Refused` with the name of the faulty one, and `BadRequest` for what is no UTF-8.
    """
    try:
        # Not `request.args`, where percent-encoded bytes that are no UTF-8 become literal text.
        items = parse_qsl(request.query_string.decode(), keep_blank_values=True, errors="strict")
    except ValueError:  # also UnicodeDecodeError
        raise BadRequest from None
    found: dict[str, str] = {}
    for name, value in items:
        if name not in known:
            raise _refused(gettext("This is not known here."), name)
        if name in found:
            raise _refused(gettext("This stands here twice."), name)
        if found and one:
            raise _refused(gettext("Only one of these can be asked for at once."), name)
        found[name] = value
    return found


def number(text: str, *, field: str, least: int = 1) -> int:
    """A whole number from `least` up. Raises `Refused`."""
    if not _NATURAL.fullmatch(text) or int(text) < least:
        raise _refused(gettext("Expected a whole number."), field)
    return int(text)


def numbers(text: str, *, field: str, most: int) -> tuple[int, ...]:
    """One to `most` different whole numbers by comma. Raises `Refused`."""
    parts = text.split(",", most)
    if len(parts) > most:
        raise _refused(gettext("At most %(most)s numbers can be asked for at once.", most=most), field)
    return tuple(dict.fromkeys(number(part, field=field) for part in parts))


def _refused(message: str, field: str) -> Refused:
    return Refused(422, "invalid", message, field=field)
