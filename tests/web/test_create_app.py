from dataclasses import replace

import pytest
from flask import Flask, request

from shared.settings import Settings, SettingsError
from tests.web.browser import Browser
from tests.web.conftest import NO_MARIADB, NO_REDIS, MakeApp, mariadb_away
from web import create_app


def test_without_a_secret_key_it_does_not_start(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="PARLEY_SECRET_KEY"):
        create_app(replace(settings, secret_key=""))


@mariadb_away
def test_it_starts_while_its_servers_are_away(make_app: MakeApp) -> None:
    app = make_app(**NO_MARIADB, **NO_REDIS)
    assert Browser(app).get("/healthz").status_code == 503


@pytest.fixture
def seen(app: Flask) -> dict[str, str]:
    found: dict[str, str] = {}

    @app.get("/seen")
    def look() -> str:
        found.update(address=request.remote_addr or "", host=request.host, scheme=request.scheme)
        return ""

    return found


def test_the_one_proxy_in_front_is_believed(browser: Browser, seen: dict[str, str]) -> None:
    browser.get("/seen", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert seen == {"address": "203.0.113.9", "host": "localhost", "scheme": "https"}


def test_what_a_client_put_before_the_proxy_is_not(browser: Browser, seen: dict[str, str]) -> None:
    headers = {
        "X-Forwarded-For": "198.51.100.1, 203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "81",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=198.51.100.1;host=evil.example",
        "X-Real-IP": "198.51.100.1",
    }
    browser.get("/seen", headers=headers)
    assert seen == {"address": "203.0.113.9", "host": "localhost", "scheme": "http"}


def test_a_redirect_names_no_host(browser: Browser) -> None:
    response = browser.get("/rooms/1", headers={"Host": "evil.example"})
    assert response.location == "/sign-in?next=/rooms/1"
