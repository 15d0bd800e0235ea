"""A browser without a window: it keeps cookies, fills in forms, and reads pages."""

import json
from html.parser import HTMLParser
from typing import Any, Self

from flask import Flask
from werkzeug.test import TestResponse

from shared import sessions

PASSWORD = "correct horse 🐎 battery"


class _Page(HTMLParser):
    """The inputs and the boot data of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inputs: list[dict[str, str | None]] = []
        self.boot = ""
        self.text = ""
        self._in_boot = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "input":
            self.inputs.append(dict(attrs))
        self._in_boot = tag == "script" and dict(attrs).get("id") == "boot"

    def handle_endtag(self, tag: str) -> None:
        self._in_boot = False

    def handle_data(self, data: str) -> None:
        if self._in_boot:
            self.boot += data
        else:
            self.text += data


class Browser:
    """One visitor, with cookies of their own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()

    @property
    def sid(self) -> str | None:
        """The session id in the cookie."""
        cookie = self.client.get_cookie(sessions.COOKIE)
        return cookie.value if cookie else None

    @sid.setter
    def sid(self, value: str) -> None:
        self.client.set_cookie(sessions.COOKIE, value)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open an address, without following redirects."""
        return self.client.get(path, **options)

    def post(self, path: str, data: Any = None, **options: Any) -> TestResponse:
        """Send a form as it is."""
        return self.client.post(path, data=data, **options)

    def hidden(self, path: str) -> dict[str, str]:
        """What the form of a page carries unseen: its token and where to go on."""
        inputs = _Page(self.get(path).text).inputs
        return {
            field["name"] or "": field.get("value") or "" for field in inputs if field.get("type") == "hidden"
        }

    def fill_in(self, path: str, **fields: str) -> TestResponse:
        """Open the page of a form, fill it in and send it."""
        return self.post(path, {**self.hidden(path), **fields})

    def register(self, name: str, password: str = PASSWORD) -> Self:
        """Become a user."""
        response = self.fill_in("/register", name=name, password=password, password_again=password)
        assert response.status_code == 303, response.text
        return self

    def sign_in(self, name: str, password: str = PASSWORD, path: str = "/sign-in") -> TestResponse:
        """Fill in the sign-in form."""
        return self.fill_in(path, name=name, password=password)

    def sign_out(self) -> TestResponse:
        """Press the button."""
        return self.post("/sign-out", {"csrf_token": self.boot()["csrf"]})

    def boot(self, path: str = "/rooms/1") -> dict[str, Any]:
        """The data with which a chat page starts."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = json.loads(_Page(response.text).boot)
        return found

    def call(self, path: str, **fields: str) -> TestResponse:
        """POST to the API as the page's scripts do."""
        return self.post(path, fields, headers={"X-CSRFToken": self.boot()["csrf"]})


def text_of(response: TestResponse) -> str:
    """What a person reads on a page."""
    return _Page(response.text).text


def inputs_of(response: TestResponse) -> list[dict[str, str | None]]:
    """The inputs of a page, by their attributes."""
    return _Page(response.text).inputs


def value_of(response: TestResponse, name: str) -> str | None:
    """What stands in an input."""
    return next(field.get("value") for field in inputs_of(response) if field.get("name") == name)
