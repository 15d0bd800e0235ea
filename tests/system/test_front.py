"""What nginx promises in front: one origin, limits, caching, headers, a log that tells no secrets."""

import http.client
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from deploy import copies
from shared import static_files
from tests.servers import wait_for
from tests.system.stack import Stack


class Served(Protocol):
    """Whatever answers on a port of this machine."""

    port: int


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(
    stack: Served,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Protocol": "parley.v1",
}


def test_web_is_reached_and_well(stack: Stack) -> None:
    answer = ask(stack, "/healthz")
    assert (answer.status, json.loads(answer.body)["status"]) == (200, "ok")


def test_a_websocket_of_a_strange_origin_is_forbidden(stack: Stack) -> None:
    assert ask(stack, "/ws", headers=UPGRADE | {"Origin": "http://evil.example"}).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_websocket_of_the_served_host_is_taken(stack: Stack, host: str) -> None:
    origin = f"http://{host}:{stack.port}"
    answer = ask(stack, "/ws", headers=UPGRADE | {"Origin": origin, "Host": f"{host}:{stack.port}"})
    assert answer.status == 101


def test_a_handshake_does_not_notice_a_killed_daemon(stack: Stack) -> None:
    headers = UPGRADE | {"Origin": f"http://127.0.0.1:{stack.port}"}
    stack.kill("chatd:chatd-0")
    assert [ask(stack, "/ws", headers=headers).status for _ in range(10)] == [101] * 10
    stack.wait_until_well()


FOR_A_YEAR = "public, max-age=31536000, immutable"


def named_files(stack: Stack) -> list[str]:
    """The addresses of the files that a page names."""
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', ask(stack, "/sign-in").body.decode())
    assert found
    return found


def current(stack: Stack) -> str:
    """Where the files of now lie: `/static/VERSION`."""
    return "/".join(named_files(stack)[0].split("/")[:3])


def test_browsers_keep_the_files_that_a_page_names_since_their_address_holds_their_version(
    stack: Stack,
) -> None:
    for name in named_files(stack):
        answer = ask(stack, name)
        _, static, version, path = name.split("/", 3)
        assert (static, version) == ("static", static_files.version())
        assert (answer.status, answer.headers["Cache-Control"]) == (200, FOR_A_YEAR)
        assert answer.body == (static_files.FILES / path).read_bytes()
        assert SECURITY.items() <= dict(answer.headers).items()


def test_a_page_that_was_opened_before_an_upgrade_goes_on_with_its_own_files(
    stack: Stack, tmp_path: Path
) -> None:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "panels.js").write_text("of another version")
    old = copies.add(stack.layout.static, tmp_path)
    assert stack.deploy("restart").returncode == 0
    assert current(stack) == f"/static/{static_files.version()}"
    answer = ask(stack, f"/static/{old}/js/panels.js?again=1")
    assert (answer.body, answer.headers["Cache-Control"]) == (b"of another version", FOR_A_YEAR)


def test_a_version_that_is_not_there_any_more_is_a_page_that_nobody_keeps(stack: Stack) -> None:
    for path in ("/static/0123456789ab/js/panels.js", f"{current(stack)}/js/nothing.js"):
        answer = ask(stack, path)
        assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-store")
        assert b'<main class="card">' in answer.body


def test_files_are_compressed_under_their_version_too(stack: Stack) -> None:
    answer = ask(stack, f"{current(stack)}/js/connection.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("way", ["../../", "..%2f..%2f", "js/../../../", "..\\..\\", "..%5c..%5c"])
def test_no_way_leads_from_a_version_to_the_rest_of_the_data_folder(stack: Stack, way: str) -> None:
    answer = ask(stack, f"{current(stack)}/{way}secrets/secret_key")
    assert answer.status in (400, 404)
    assert (stack.layout.secrets / "secret_key").read_bytes() not in answer.body
    assert ask(stack, f"{current(stack)}/js/").status == 404


def test_files_without_a_version_are_asked_for_each_time_and_mostly_not_sent(stack: Stack) -> None:
    first = ask(stack, "/static/js/connection.js")
    assert first.status == 200
    assert first.headers["Cache-Control"] == "no-cache"
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    again = ask(stack, "/static/js/connection.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def test_static_files_are_compressed(stack: Stack) -> None:
    answer = ask(stack, "/static/js/connection.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_static_files_are_smaller_still_for_who_takes_brotli(stack: Stack) -> None:
    sizes = {}
    for coding in ("gzip", "br"):
        answer = ask(stack, "/static/js/connection.js", headers={"Accept-Encoding": coding})
        assert answer.headers["Content-Encoding"] == coding
        assert "Accept-Encoding" in answer.headers["Vary"]
        sizes[coding] = len(answer.body)
    assert sizes["br"] < sizes["gzip"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static../__init__.py",
        "/static/js/",
    ],
)
def test_nothing_but_static_files_is_served(stack: Stack, path: str) -> None:
    assert ask(stack, path).status in (400, 403, 404)


def test_a_body_of_a_megabyte_is_refused_in_words(stack: Stack) -> None:
    answer = ask(stack, "/sign-in", method="POST", body=b"x" * 2**20)
    assert answer.status == 413
    assert b"larger than this page takes" in answer.body


def test_no_version_is_told(stack: Stack) -> None:
    assert ask(stack, "/static/none").headers["Server"] == "nginx"


def test_pages_while_web_is_away_say_so_and_try_again(stack: Stack) -> None:
    stack.supervisorctl("stop", "web")
    page, api = ask(stack, "/sign-in"), ask(stack, "/api/rooms")
    stack.supervisorctl("start", "web")
    stack.wait_until_well()
    assert (page.status, page.headers["Retry-After"]) == (503, "2")
    assert b'http-equiv="refresh"' in page.body
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert b"<style" not in page.body
    assert b"style=" not in page.body
    assert (api.status, json.loads(api.body)["error"]) == (503, "unavailable")


def test_their_style_is_there_without_web(stack: Stack) -> None:
    page = ask(stack, "/%00").body.decode()
    styles = re.findall(r'href="(/static/[^"]+)"', page)
    assert styles
    assert [ask(stack, style).status for style in styles] == [200] * len(styles)


SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/%00", "GET", {}, 400),
        ("/static/none", "GET", {}, 404),
        ("/sign-in", "BREW-COFFEE-AND-SERVE-IT", {}, 405),
        ("/" + "x" * 9_000, "GET", {}, 414),
        ("/", "GET", {"X-Long": "x" * 9_000}, 431),
        ("/", "GET", {f"X-{number}": "x" * 4_000 for number in range(9)}, 431),
    ],
)
def test_what_nginx_refuses_it_refuses_in_words_and_with_every_header(
    stack: Stack, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    answer = ask(stack, path, method=method, headers=headers)
    assert answer.status == status
    assert b'<main class="card">' in answer.body
    assert b"nginx" not in answer.body
    assert SECURITY.items() <= dict(answer.headers).items()
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Strict-Transport-Security"] is None  # only https may promise https


@pytest.mark.parametrize("count", [90, 120, 900])
def test_many_headers_are_answered_by_a_page(stack: Stack, count: int) -> None:
    """gunicorn answers nothing by itself: its own limits are above nginx's."""
    answer = ask(stack, "/sign-in", headers={f"X-{number}": "x" for number in range(count)})
    assert (answer.status, b'class="card"' in answer.body) == (200, True)


def test_a_body_of_64_kilobytes_reaches_web_and_a_larger_one_does_not(stack: Stack) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    most = ask(stack, "/api/rooms", method="POST", body=b"x=" + b"y" * 65_000, headers=form)
    more = ask(stack, "/api/rooms", method="POST", body=b"x=" + b"y" * 65_535, headers=form)
    assert (most.status, json.loads(most.body)["error"]) == (401, "signed_out")
    assert (more.status, json.loads(more.body)["error"]) == (413, "too_large")


@pytest.mark.parametrize(
    "path", ["//rooms/1", "/sign-in//", "/rooms//1", "//evil.example/..", "/static", "/rooms/1/"]
)
def test_no_redirect_leads_to_the_host_that_a_request_names(stack: Stack, path: str) -> None:
    answer = ask(stack, path, headers={"Host": "evil.example"})
    assert "evil" not in (answer.headers["Location"] or "").removeprefix(path)
    assert not (answer.headers["Location"] or "/").startswith(("http", "//"))


def test_the_log_has_one_json_object_a_line_without_query_and_cookie(stack: Stack) -> None:
    ask(stack, "/sign-in?next=confidential-query", headers={"Cookie": "session=confidential-cookie"})

    def logged() -> list[dict[str, object]]:
        lines = [json.loads(line) for line in stack.log("nginx").splitlines() if line.startswith("{")]
        return [line for line in lines if line["path"] == "/sign-in" and line["method"] == "GET"]

    line = wait_for(logged)[-1]
    assert line["event"] == "request"
    assert "confidential" not in stack.log("nginx")


def test_a_client_that_dawdles_over_its_request_is_cut_off(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            heard = slow.recv(1000)
        except ConnectionResetError:
            heard = b""
    assert heard == b""


def test_a_client_that_dawdles_over_its_body_is_cut_off(stack: Stack) -> None:
    head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nname="
    with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as slow:
        slow.sendall(head)
        try:
            heard = slow.recv(1000)
        except ConnectionResetError:
            heard = b""
    assert heard == b""


def test_two_hosts_or_none_are_refused(stack: Stack) -> None:
    for hosts in (b"", b"Host: a\r\nHost: b\r\n", b"Host: a b\r\n"):
        with socket.create_connection(("127.0.0.1", stack.port), timeout=60) as strange:
            strange.sendall(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
            assert strange.recv(1000).startswith(b"HTTP/1.1 400 ")
