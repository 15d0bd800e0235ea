"""Reading forms strictly: what is not understood is refused, never repaired.

Werkzeug takes the first of two equal fields, and keeps percent-encoded bytes that are no UTF-8 as
literal text, so that two different inputs become the same password or name.
"""

from typing import IO, Any
from urllib.parse import parse_qsl

import flask
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

FIELDS = 20  # of one form at most

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, Any]]


class FormParser(FormDataParser):
    """Reads `application/x-www-form-urlencoded` (WHATWG URL §5) and nothing else."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        """Raises `BadRequest` for what is no form, `UnsupportedMediaType` for what is no such form.

        A body without a declared length (chunked) ends at the limit as if that were all of it, so
        that only another read tells: `RequestEntityTooLarge`.
        """
        if mimetype != "application/x-www-form-urlencoded":
            raise UnsupportedMediaType
        body = stream.read()
        stream.read(1)
        try:
            items = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
        except ValueError:  # also UnicodeDecodeError
            raise BadRequest from None
        if len({name for name, _ in items}) != len(items):
            raise BadRequest
        return stream, self.cls(items), self.cls()


class Request(flask.Request):
    """A request whose form is read strictly."""

    form_data_parser_class = FormParser
