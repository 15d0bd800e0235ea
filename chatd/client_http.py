"""The HTTP half of a client: register, sign in, pages of history. Blocking; `ParleyClient` runs it in threads."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, TypeVar

import msgspec

from shared.protocol import Message, Room, RoomSummary

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0
_FORM_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
_PAGE_TOKEN = re.compile(r'"csrf":"([^"]+)"')


class WebError(RuntimeError):
    """The web service refused; `status` is the HTTP status, 0 where it could not be reached."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class Page(msgspec.Struct):
    """A page of a room's history."""

    room: Room
    version: int
    messages: list[Message]
    more: bool


class Created(msgspec.Struct):
    """The answer to creating or joining a room."""

    summary: RoomSummary


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Http:
    """One signed-in browser, as far as HTTP goes."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._jar), _NoRedirect()
        )

    def cookies(self) -> str:
        """The value of a `Cookie` header."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def register(self, name: str, password: str) -> None:
        """Make an account and sign in to it. Raises `WebError`."""
        fields = {"name": name, "password": password, "password_again": password, "gender": "0"}
        self._post_form("/register", fields)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in. Raises `WebError`."""
        self._jar.clear()
        self._post_form("/sign-in", {"name": name, "password": password})

    def create_room(self, name: str) -> RoomSummary:
        """Create a public room. Raises `WebError`."""
        return self._post("/api/rooms", {"name": name}, Created).summary

    def join(self, room: int) -> RoomSummary:
        """Join a public room. Raises `WebError`."""
        return self._post(f"/api/rooms/{room}/join", {}, Created).summary

    def leave(self, room: int) -> None:
        """Leave a room. Raises `WebError`."""
        self._call(f"/api/rooms/{room}/leave", {}, {"X-CSRFToken": self._token("/rooms/1", _PAGE_TOKEN)})

    def page(self, room: int, before: int | None = None) -> Page:
        """The newest page of a room's history, or the one before a number. Raises `WebError`."""
        query = f"?before={before}" if before is not None else ""
        return self._decode(self._call(f"/api/rooms/{room}/messages{query}")[1], Page)

    # -- underneath

    def _post_form(self, path: str, fields: dict[str, str]) -> None:
        status, text = self._call(path, fields | {"csrf_token": self._token(path, _FORM_TOKEN)})
        if status != 303:
            raise WebError(status, f"{path} was refused: {text[:200]}")

    def _post(self, path: str, fields: dict[str, str], kind: type[T]) -> T:
        return self._decode(
            self._call(path, fields, {"X-CSRFToken": self._token("/rooms/1", _PAGE_TOKEN)})[1], kind
        )

    def _token(self, path: str, pattern: re.Pattern[str]) -> str:
        found = pattern.search(self._call(path)[1])
        if found is None:
            raise WebError(0, f"{path} carries no form token")
        return found[1]

    @staticmethod
    def _decode(text: str, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.MsgspecError as fault:
            raise WebError(0, f"unexpected answer: {fault}") from None

    def _call(
        self, path: str, fields: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and text of an answer. Raises `WebError` for statuses from 400 on, and where none came."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(self._url + path, data, headers or {})  # noqa: S310 - the caller's own URL
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as fault:
            with fault:
                text = fault.read().decode(errors="replace")
            if fault.code < 400:
                return fault.code, text
            raise WebError(fault.code, text[:200]) from None
        except (OSError, ValueError) as fault:
            raise WebError(0, str(fault)) from None
