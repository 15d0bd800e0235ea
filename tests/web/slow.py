"""A request that takes its time: over a real socket, the first half of its body now and the rest later."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from flask import Flask
from werkzeug.serving import make_server

from shared import sessions

SECONDS = 60


class SlowPost:
    """One POST; `finish` sends what is missing and returns the head of the answer."""

    def __init__(self, port: int, path: str, sid: str, fields: dict[str, str]) -> None:
        body = urlencode(fields).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Cookie: {sessions.COOKIE}={sid}\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        self._rest = body[10:]
        self._line = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._line.sendall(head.encode() + body[:10])

    def finish(self) -> str:
        answer = b""
        with self._line:
            self._line.sendall(self._rest)
            while part := self._line.recv(65_536):
                answer += part
        return answer.partition(b"\r\n\r\n")[0].decode()


class Served:
    """An application on a port, which tells when a request has read its session."""

    def __init__(self, app: Flask, port: int) -> None:
        self._port = port
        self._begun = threading.Event()
        app.before_request_funcs.setdefault(None, []).insert(0, self._begun.set)

    def slow_post(self, path: str, sid: str, fields: dict[str, str]) -> SlowPost:
        """A POST whose session was read, and the rest of whose body is waited for."""
        self._begun.clear()
        request = SlowPost(self._port, path, sid, fields)
        assert self._begun.wait(SECONDS)
        return request


@contextmanager
def served(app: Flask) -> Iterator[Served]:
    """The application behind a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Served(app, server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
