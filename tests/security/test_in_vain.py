"""Attacks on the running product, through its front door: all in vain."""

import http.client
import os
import pickle
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis

from chatd.client_http import Http
from shared import keys, protocol, sessions
from tests.system.stack import Stack
from tests.system.test_front import UPGRADE, Answer, ask

FORM = "application/x-www-form-urlencoded"
PASSWORD = "seven grey herons wade"

OTHERS = {
    "another site": "http://evil.example",
    "a site below": "http://evil.127.0.0.1:{port}",
    "a name that begins alike": "http://127.0.0.1:{port}.evil.example",
    "another port": "http://127.0.0.1:1",
    "another scheme": "https://127.0.0.1:{port}",
    "an extension": "chrome-extension://127.0.0.1:{port}",
    "a sandboxed page or a file": "null",
    "a user before the host": "http://127.0.0.1:{port}@evil.example",
    "nothing": "",
}


class Bomb:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def store(stack: Stack) -> Iterator["redis.Redis"]:
    url, password = stack.settings.redis_address()
    with redis.Redis.from_url(url, password=password) as client:
        yield client


@pytest.fixture
def somebody(stack: Stack) -> Http:
    """A person who has registered."""
    person = Http(stack.url)
    person.register(f"h{secrets.token_hex(5)}", PASSWORD)
    return person


def page(stack: Stack, cookie: str) -> int:
    return ask(stack, "/rooms/1", headers={"Cookie": cookie}).status


def handshake(stack: Stack, cookie: str = "", **headers: str) -> Answer:
    given = {"Origin": stack.url, "Cookie": cookie, "Host": f"127.0.0.1:{stack.port}"}
    return ask(stack, "/ws", headers=UPGRADE | given | headers)


def close_code(stack: Stack, cookie: str) -> int:
    """The code by which a daemon closes a connection that it took, as the first frame says it."""
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    try:
        given = {"Origin": stack.url, "Cookie": cookie, "Host": f"127.0.0.1:{stack.port}"}
        connection.request("GET", "/ws", headers=UPGRADE | given)
        line = connection.sock
        answer = b""
        while not (found := answer.partition(b"\r\n\r\n")[2])[3:]:
            part = line.recv(4096)
            assert part, answer
            answer += part
        assert found[0] == 0x88, answer
        return int.from_bytes(found[2:4])
    finally:
        connection.close()


@pytest.mark.parametrize("kind", OTHERS)
def test_a_page_of_another_origin_opens_no_websocket(stack: Stack, somebody: Http, kind: str) -> None:
    origin = OTHERS[kind].format(port=stack.port)
    answer = handshake(stack, somebody.cookies(), Origin=origin)
    assert answer.status == 403
    assert handshake(stack, somebody.cookies()).status == 101, "the page of this host may"


def test_a_pickle_in_a_session_key_is_nobody_at_both_doors_and_never_loaded(
    stack: Stack, store: "redis.Redis", tmp_path: Path
) -> None:
    sid, trap = secrets.token_urlsafe(sessions.SID_BYTES), tmp_path / "unpickled"
    store.set(keys.session(sid), pickle.dumps({"user_id": 1, "began": 1, "x": Bomb(trap)}), ex=60)
    cookie = f"{sessions.COOKIE}={sid}"
    assert page(stack, cookie) == 302
    assert close_code(stack, cookie) == protocol.Close.SIGNED_OUT
    assert not trap.exists()


def test_the_cookie_of_a_session_that_was_signed_out_is_dead_at_both_doors(
    stack: Stack, somebody: Http, store: "redis.Redis"
) -> None:
    cookie = somebody.cookies()
    text = ask(stack, "/rooms/1", headers={"Cookie": cookie}).body.decode()
    token = text.partition('"csrf":"')[2].partition('"')[0]
    body = urlencode({"csrf_token": token}).encode()
    slow = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    slow.putrequest("POST", "/account/sessions/end-others")
    for name, value in {"Cookie": cookie, "Content-Type": FORM, "Content-Length": str(len(body))}.items():
        slow.putheader(name, value)
    slow.endheaders(body[:10])
    headers = {"Cookie": cookie, "Content-Type": FORM}
    assert ask(stack, "/sign-out", method="POST", body=body, headers=headers).status == 303
    slow.send(body[10:])
    answer = slow.getresponse()
    assert "/sign-in" in (answer.headers["Location"] or ""), answer.status
    slow.close()
    assert page(stack, cookie) == 302
    assert close_code(stack, cookie) == protocol.Close.SIGNED_OUT
    assert not store.exists(keys.session(cookie.partition("=")[2]))


def test_what_a_client_says_of_itself_reaches_neither_the_pages_nor_the_list_of_devices(stack: Stack) -> None:
    """The address that counts, and is shown, is the one that nginx saw."""
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Real-IP": "203.0.113.9",
        "Forwarded": "for=203.0.113.9;host=evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/account",
        "X-HTTP-Method-Override": "DELETE",
    }
    visitor = ask(stack, "/account", headers=forged)
    assert visitor.headers["Location"] == "/sign-in?next=/account"
    page = ask(stack, "/sign-in", headers=forged)
    cookie = (page.headers["Set-Cookie"] or "").partition(";")[0]
    somebody = Http(stack.url)
    name = f"h{secrets.token_hex(5)}"
    somebody.register(name, PASSWORD)
    token = page.body.decode().partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    body = urlencode({"name": name, "password": PASSWORD, "csrf_token": token}).encode()
    headers = forged | {"Cookie": cookie, "Content-Type": FORM}
    signed_in = ask(stack, "/sign-in", method="POST", body=body, headers=headers)
    assert signed_in.status == 303
    assert signed_in.headers["Location"] == "/"
    devices = ask(stack, "/account", headers={"Cookie": somebody.cookies()}).body.decode()
    assert "127.0.0.1" in devices
    assert "203.0.113.9" not in devices


@pytest.mark.parametrize(
    "path",
    ["/rooms/999999999", "/api/rooms/9999/messages", "/direct/%00", "/static/..%2f..%2f.env", "/nothing"],
)
def test_an_error_shows_nothing_of_the_inside(stack: Stack, somebody: Http, path: str) -> None:
    answer = ask(stack, path, headers={"Cookie": somebody.cookies()})
    assert answer.status in (400, 404)
    text = answer.body.decode() + str(answer.headers)
    for inside in ("Traceback", "Werkzeug", "gunicorn", "pymysql", "nginx/", "Python", str(stack.var)):
        assert inside not in text
