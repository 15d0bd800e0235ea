"""Behind an nginx of the operator's own, as the README shows it: the example is taken from there and run."""

import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.prepare import program
from shared.settings import PROJECT
from tests.servers import wait_for
from tests.system.stack import Stack, free_port
from tests.system.test_front import UPGRADE
from tests.system.test_tls import ask, certificate, trust

__all__ = ["certificate", "trust"]

FRAME = """
daemon off; pid {folder}/pid; error_log stderr crit;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {server}
}}
"""


@pytest.fixture(scope="module")
def proxied(certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Parley; `port` is the proxy's."""
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    found = re.search(r"```nginx\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    assert found
    stack = Stack(
        daemons="1",
        web_workers="1",
        drain_seconds="1",
        origins=f"https://localhost:{port}",
        secure_cookies="true",
        proxies="127.0.0.1",
    )
    server = (
        found[1]
        .replace("listen 443", f"listen 127.0.0.1:{port}")
        .replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}")
        .replace("/etc/parley/fullchain.pem", str(certificate / "chain.pem"))
        .replace("/etc/parley/privkey.pem", str(certificate / "key.pem"))
        .replace("chat.example.org", "localhost")
    )
    (folder / "nginx.conf").write_text(FRAME.format(folder=folder, server=server))
    try:
        stack.start()
        with subprocess.Popen(
            [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", "nginx.conf"]
        ) as nginx:
            inner, stack.port = stack.port, port
            yield stack
            stack.port = inner
            nginx.terminate()
    finally:
        stack.close()


def test_pages_are_https_and_cookies_secure(proxied: Stack, trust: ssl.SSLContext) -> None:
    answer = wait_for(lambda: ask(proxied, trust, "/sign-in"))
    assert answer.status == 200
    assert answer.headers["Set-Cookie"].startswith("__Host-")
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


@pytest.mark.parametrize(("origin", "status"), [("https://localhost:{}", 101), ("http://localhost:{}", 403)])
def test_websockets_of_the_page_alone_are_taken(
    proxied: Stack, trust: ssl.SSLContext, origin: str, status: int
) -> None:
    headers = {name.replace("-", "_"): value for name, value in UPGRADE.items()}
    got = wait_for(lambda: ask(proxied, trust, "/ws", Origin=origin.format(proxied.port), **headers))
    assert got.status == status
