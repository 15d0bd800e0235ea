"""From which pages a WebSocket may be opened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers

from chatd.handshake import is_allowed

HOST = "chat.example.org"
FURTHER = ("https://team.example.org", "http://Localhost:8000")


def allowed(*headers: tuple[str, str], origins: tuple[str, ...] = ()) -> bool:
    return is_allowed(Headers(headers), origins, proxied=True)


def from_origin(origin: str, *more: tuple[str, str], host: str = HOST, origins: tuple[str, ...] = ()) -> bool:
    return allowed(("Host", host), ("Origin", origin), *more, origins=origins)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://chat.example.org", "chat.example.org"),
        ("http://chat.example.org", "chat.example.org"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("HTTPS://Chat.Example.Org", "chat.example.ORG"),
    ],
)
def test_a_page_of_the_served_host_may_connect(origin: str, host: str) -> None:
    assert from_origin(origin, host=host)


@pytest.mark.parametrize(
    ("kind", "origin"),
    [
        ("another site", "https://evil.example"),
        ("a site below", "https://evil.chat.example.org"),
        ("a site above", "https://example.org"),
        ("a name that begins alike", "https://chat.example.org.evil.example"),
        ("a name that ends alike", "https://evilchat.example.org"),
        ("another port", "https://chat.example.org:8443"),
        ("a sandboxed page or a file", "null"),
        ("another scheme", "chrome-extension://chat.example.org"),
        ("a path", "https://chat.example.org/"),
        ("a user before the host", "https://chat.example.org@evil.example"),
        ("nothing", ""),
        ("no URL", "chat.example.org"),
        ("a broken URL", "http://[::1"),
        ("a query", "https://chat.example.org?"),
    ],
)
def test_no_other_page_may_connect(kind: str, origin: str) -> None:
    assert not from_origin(origin), kind


def test_without_an_origin_nobody_may_connect() -> None:
    assert not allowed(("Host", HOST))


def test_two_origins_are_refused_even_if_one_is_fine() -> None:
    assert not from_origin(f"https://{HOST}", ("Origin", "https://evil.example"))
    assert not from_origin("https://evil.example", ("Origin", f"https://{HOST}"))
    assert not from_origin(f"https://{HOST}", ("Origin", f"https://{HOST}"))


def test_a_request_without_exactly_one_host_is_refused() -> None:
    assert not allowed(("Origin", f"https://{HOST}"))
    assert not from_origin(f"https://{HOST}", ("Host", "evil.example"))


def test_further_origins_may_be_allowed_by_a_setting() -> None:
    assert from_origin("https://team.example.org", origins=FURTHER)
    assert from_origin("HTTPS://TEAM.example.org", origins=FURTHER)
    assert from_origin("http://localhost:8000", origins=FURTHER)
    assert not from_origin("http://team.example.org", origins=FURTHER)
    assert not from_origin("https://team.example.org:8443", origins=FURTHER)


def test_behind_a_proxy_the_scheme_must_be_the_one_that_was_served() -> None:
    secure, plain = ("X-Forwarded-Proto", "https"), ("X-Forwarded-Proto", "http")
    assert from_origin(f"https://{HOST}", secure)
    assert not from_origin(f"http://{HOST}", secure), "a page that anybody on the way could have changed"
    assert from_origin(f"http://{HOST}", plain)
    assert not from_origin(f"https://{HOST}", plain)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_whatever_stands_there_is_answered(origin: str) -> None:
    assert from_origin(origin) is (origin.lower() in (f"http://{HOST}", f"https://{HOST}"))
