"""What nginx promises in front: one origin, limits, caching, headers, a log that tells no secrets."""

import http.client
import json
import socket
from dataclasses import dataclass

import pytest

from tests.servers import wait_for
from tests.system.stack import Stack


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def ask(
    stack: Stack,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
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


def test_static_files_are_asked_for_each_time_and_mostly_not_sent(stack: Stack) -> None:
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
    assert b"too large" in answer.body


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


def test_the_stylesheet_of_those_pages_is_there_without_web(stack: Stack) -> None:
    assert ask(stack, "/error-page.css").headers["Content-Type"] == "text/css; charset=utf-8"


def test_the_log_has_one_json_object_a_line_without_query_and_cookie(stack: Stack) -> None:
    ask(stack, "/sign-in?next=confidential-query", headers={"Cookie": "session=confidential-cookie"})

    def logged() -> list[dict[str, object]]:
        lines = [json.loads(line) for line in stack.log("nginx").splitlines() if line.startswith("{")]
        return [line for line in lines if line["path"] == "/sign-in" and line["method"] == "GET"]

    line = wait_for(logged)[-1]
    assert line["event"] == "request"
    assert "confidential" not in stack.log("nginx")


def test_a_client_that_dawdles_over_its_request_is_cut_off(stack: Stack) -> None:
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            heard = slow.recv(1000)
        except ConnectionResetError:
            heard = b""
    assert heard == b""
