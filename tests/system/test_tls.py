"""Parley by https, with a certificate that the test makes: pages, cookies, WebSockets, and the way from http."""

import http.client
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from tests.system.stack import Stack, free_port
from tests.system.test_front import UPGRADE, Answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "chain.pem")]
    subprocess.run([*make.split(), *names, *files], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def secure(certificate: Path) -> Iterator[Stack]:
    port = free_port()
    running = Stack(
        port=str(port),
        tls_certificate=str(certificate / "chain.pem"),
        tls_key=str(certificate / "key.pem"),
        origins=f"https://localhost:{port}",
        redirect_port=str(free_port()),
        daemons="1",
        web_workers="1",
        drain_seconds="1",
    )
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate / "chain.pem"))


def ask(stack: Stack, trust: ssl.SSLContext, path: str, **headers: str) -> Answer:
    connection = http.client.HTTPSConnection("localhost", stack.port, timeout=60, context=trust)
    try:
        connection.request(
            "GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/static/js/connection.js", "/nothing", "/%00"])
def test_https_is_promised_for_two_years_by_everything(
    secure: Stack, trust: ssl.SSLContext, path: str
) -> None:
    assert ask(secure, trust, path).headers["Strict-Transport-Security"] == "max-age=63072000"


def test_the_cookie_goes_by_https_only(secure: Stack, trust: ssl.SSLContext) -> None:
    cookies = ask(secure, trust, "/sign-in").headers.get_all("Set-Cookie") or []
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "Domain" not in cookie


def test_a_websocket_of_the_page_is_taken(secure: Stack, trust: ssl.SSLContext) -> None:
    origin = Origin(f"https://localhost:{secure.port}")
    with connect(
        f"wss://localhost:{secure.port}/ws",
        ssl=trust,
        origin=origin,
        subprotocols=[Subprotocol("parley.v1")],
        proxy=None,
    ) as opened:
        assert opened.subprotocol == "parley.v1"


@pytest.mark.parametrize("origin", ["http://localhost:{port}", "https://localhost", "https://evil.example"])
def test_a_websocket_of_another_origin_is_not(secure: Stack, trust: ssl.SSLContext, origin: str) -> None:
    headers = {name.replace("-", "_"): value for name, value in UPGRADE.items()}
    assert ask(secure, trust, "/ws", Origin=origin.format(port=secure.port), **headers).status == 403


@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_who_comes_by_http_is_sent_to_https_at_the_configured_host(secure: Stack, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", secure.settings.redirect_port, timeout=60)
    connection.request("GET", "/rooms/1?x=%2F", headers={"Host": host})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert (answer.status, answer.headers["Location"]) == (
        308,
        f"https://localhost:{secure.port}/rooms/1?x=%2F",
    )


def test_http_on_the_port_of_https_is_refused(secure: Stack) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", secure.port, timeout=60)
    connection.request("GET", "/sign-in")
    answer = connection.getresponse()
    assert (answer.status, b"not understood" in answer.read()) == (400, True)
    connection.close()


def test_an_outdated_protocol_is_refused(secure: Stack) -> None:
    """OpenSSL may be built without it: then the handshake fails on this side, as it would on the other."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=60) as line,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(line)


def test_the_newest_protocol_is_spoken(secure: Stack, trust: ssl.SSLContext) -> None:
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=60) as line,
        trust.wrap_socket(line, server_hostname="localhost") as wrapped,
    ):
        assert wrapped.version() == "TLSv1.3"


def test_the_launcher_names_the_address_by_https(secure: Stack) -> None:
    assert f"https://127.0.0.1:{secure.port}/" in secure.deploy("status").stdout
