"""What `make run` warns of."""

from typing import Any

import pytest

from deploy.advice import doubts
from shared.settings import Settings

FORGOTTEN = [
    {"secure_cookies": True},
    {"daemon_listen": "127.0.0.1:901{index}"},
    {"daemon_listen": "localhost:901{index}", "proxies": ("10.0.0.1",)},
    {"daemon_listen": "0.0.0.0:901{index}"},
    {"daemon_listen": "[::1]:901{index}", "proxies": ("127.0.0.1",)},
]
FINE = [
    {},
    {"secure_cookies": True, "proxies": ("10.0.0.1",)},
    {"secure_cookies": True, "tls_certificate": "chain.pem", "tls_key": "key.pem"},
    {"daemon_listen": "127.0.0.1:901{index}", "proxies": ("127.0.0.0/8",)},
    {"daemon_listen": "[::1]:901{index}", "proxies": ("10.0.0.1", "::1")},
    {"daemon_listen": "chat.internal:901{index}"},  # only the resolver knows
]


@pytest.mark.parametrize("given", FORGOTTEN, ids=str)
def test_a_proxy_that_was_forgotten_is_told_with_what_follows(given: dict[str, Any]) -> None:
    (line,) = doubts(Settings(**{"daemon_listen": "unix:chatd-{index}.sock", **given}))
    assert "PARLEY_PROXIES" in line
    assert "share its limits" in line


@pytest.mark.parametrize("given", FINE, ids=str)
def test_nothing_is_told_of_settings_that_go_together(given: dict[str, Any]) -> None:
    assert list(doubts(Settings(**{"daemon_listen": "unix:chatd-{index}.sock", **given}))) == []
