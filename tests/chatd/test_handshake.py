"""From which pages a WebSocket may be opened, and whose word about the client is believed."""

from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers

from chatd.handshake import Proxies, is_allowed

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
        ("two in one", "https://chat.example.org, https://evil.example"),
        ("two in one, by a space", "https://chat.example.org https://evil.example"),
        ("a space before", " https://chat.example.org"),
        ("a dot after", "https://chat.example.org."),
        ("a user and a password", "https://a:b@chat.example.org"),
        ("the default port", "https://chat.example.org:443"),
        ("another protocol", "wss://chat.example.org"),
        ("a backslash", "https://chat.example.org\\@evil.example"),
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


def test_who_is_no_proxy_says_nothing_about_the_scheme() -> None:
    headers = Headers([("Host", HOST), ("Origin", f"http://{HOST}"), ("X-Forwarded-Proto", "https")])
    assert is_allowed(headers, (), proxied=False)
    assert not is_allowed(headers, (), proxied=True)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_whatever_stands_there_is_answered(origin: str) -> None:
    assert from_origin(origin) is (origin.lower() in (f"http://{HOST}", f"https://{HOST}"))


# -- addresses

UNIX = ""
FORWARDED = "X-Forwarded-For"


def client(
    peer: str, *headers: tuple[str, str], proxies: tuple[str, ...] = ("10.0.0.0/8", "::1")
) -> str | None:
    """The address of who connects from `peer`, as a TCP or unix socket tells it."""
    remote, local = ((peer, 4711), ("127.0.0.1", 80)) if peer else ("", "/run/chatd.sock")
    connection = cast(ServerConnection, SimpleNamespace(remote_address=remote, local_address=local))
    return Proxies(proxies).client(connection, Headers(headers))


@pytest.mark.parametrize("proxy", [UNIX, "10.1.2.3", "::1"])
def test_a_proxy_is_believed(proxy: str) -> None:
    assert client(proxy, (FORWARDED, "203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize("stranger", ["203.0.113.9", "11.0.0.1", "127.0.0.1"])
def test_nobody_else_is(stranger: str) -> None:
    assert client(stranger, (FORWARDED, "203.0.113.7"), ("X-Real-IP", "203.0.113.7")) == stranger


def test_who_hung_up_before_its_address_was_asked_for_is_no_proxy() -> None:
    gone = SimpleNamespace(remote_address=None, local_address=("127.0.0.1", 80))
    proxies = Proxies(("0.0.0.0/0",))
    assert not proxies.include(cast(ServerConnection, gone))
    assert proxies.client(cast(ServerConnection, gone), Headers([(FORWARDED, "203.0.113.7")])) is None


@pytest.mark.parametrize(
    "headers",
    [
        [(FORWARDED, "198.51.100.1, 203.0.113.7")],
        [(FORWARDED, "198.51.100.1,203.0.113.7")],
        [(FORWARDED, "198.51.100.1"), (FORWARDED, "203.0.113.7")],
        [(FORWARDED, "203.0.113.7"), ("X-Real-IP", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")],
    ],
    ids=["before it", "before it without a space", "in a header before it", "in other headers"],
)
def test_what_a_client_says_of_itself_counts_for_nothing(headers: list[tuple[str, str]]) -> None:
    assert client(UNIX, *headers) == "203.0.113.7"


@pytest.mark.parametrize("said", ["", "unknown", "203.0.113.7:4711", "203.0.113.7,", "x" * 8000])
def test_a_proxy_that_says_nothing_of_use_speaks_for_itself(said: str) -> None:
    assert client(UNIX, (FORWARDED, said)) is None
    assert client(UNIX) is None


def test_an_address_of_ipv6_stands_for_its_network() -> None:
    """One subscriber has all of it (RFC 6177)."""
    assert client(UNIX, (FORWARDED, "2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::/64"
    assert client("2001:db8:1:2::9") == client(UNIX, (FORWARDED, "2001:db8:1:2:ffff::1"))
    assert client("fe80::1%eth0") == "fe80::/64"


def test_an_address_of_ipv4_is_the_same_however_it_is_written() -> None:
    assert client(UNIX, (FORWARDED, "::ffff:203.0.113.7")) == "203.0.113.7"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_whatever_a_proxy_says_is_an_address_or_nothing(said: str) -> None:
    found = client(UNIX, (FORWARDED, said))
    assert found is None or found[0] in "0123456789abcdef:"
