"""Who a request comes from, and by what scheme: nginx says it, and believes only the proxies that are configured."""

import json
from collections.abc import Iterator

import pytest

from tests.servers import wait_for
from tests.system.stack import Stack
from tests.system.test_front import UPGRADE, ask

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9;proto=https;host=evil.example",
}


@pytest.fixture(scope="module")
def proxied() -> Iterator[Stack]:
    """Parley behind a proxy that speaks https, which is on this machine."""
    running = Stack(daemons="1", web_workers="1", drain_seconds="1", proxies="127.0.0.1,10.0.0.0/8")
    try:
        running.start()
        yield running
    finally:
        running.close()


def address_logged(stack: Stack, path: str) -> str:
    """The address that nginx wrote down for the only request of a path."""

    def found() -> list[str]:
        lines = [json.loads(line) for line in stack.log("nginx").splitlines() if line.startswith("{")]
        return [line["address"] for line in lines if line["path"] == path]

    return wait_for(found)[0]


def handshake(stack: Stack, scheme: str, **headers: str) -> int:
    """The status of a WebSocket's handshake from a page that was served by a scheme."""
    host = f"127.0.0.1:{stack.port}"
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(stack, "/ws", headers=UPGRADE | given | {"Host": host, "Origin": f"{scheme}://{host}"}).status


def test_what_a_client_says_about_itself_is_not_believed(stack: Stack) -> None:
    assert ask(stack, "/forged", headers=FORGED).headers["Strict-Transport-Security"] is None
    assert address_logged(stack, "/forged") == "127.0.0.1"
    assert handshake(stack, "https", X_Forwarded_Proto="https") == 403
    assert handshake(stack, "http", X_Forwarded_Proto="https") == 101


def test_a_configured_proxy_is_believed(proxied: Stack) -> None:
    answer = ask(proxied, "/told", headers=FORGED)
    assert address_logged(proxied, "/told") == "203.0.113.9"
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert handshake(proxied, "https", X_Forwarded_Proto="https") == 101
    assert handshake(proxied, "http", X_Forwarded_Proto="https") == 403


def test_of_several_addresses_the_last_that_is_no_proxy_counts(proxied: Stack) -> None:
    ask(proxied, "/chain", headers={"X-Forwarded-For": "192.0.2.1, 203.0.113.7, 10.1.2.3"})
    assert address_logged(proxied, "/chain") == "203.0.113.7"


@pytest.mark.parametrize("scheme", ["ftp", "https, http", ""])
def test_a_scheme_that_is_none_is_not_believed(proxied: Stack, scheme: str) -> None:
    assert handshake(proxied, "https", X_Forwarded_Proto=scheme) == 403
