"""The web service on real servers, and browsers without a window to use it.

| fixture | what it is |
| --- | --- |
| `app` | the application on an empty database |
| `browser` | a new visitor |
| `alice`, `bob` | two visitors who have registered |
| `make_app` | makes the application with other settings |
| `store` | a Redis client of the test's own |
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask

from shared.settings import Settings
from tests.servers import Servers
from tests.web.browser import Browser
from web import backends, create_app

MakeApp = Callable[..., Flask]

NO_MARIADB = {"database_url": "mysql://parley@localhost/parley?unix_socket=/nonexistent/mariadb.sock"}
NO_REDIS = {"redis_url": "unix:///nonexistent/redis.sock"}


def mariadb_away(test: Callable[..., None]) -> Callable[..., None]:
    """For a test in which MariaDB can not be reached.

    PyMySQL leaves the closing of a socket that could not be connected to the garbage collector.
    """
    unclosed = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
    marked: Callable[..., None] = unclosed(pytest.mark.usefixtures("collected")(test))
    return marked


@pytest.fixture
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def make_app(settings: Settings, empty: None) -> Iterator[MakeApp]:
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        made.append(create_app(replace(settings, **changes)))
        return made[-1]

    yield make
    for app in made:
        backends.of(app).database.close()
        backends.of(app).redis.close()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def alice(app: Flask) -> Browser:
    return Browser(app).register("alice")


@pytest.fixture
def bob(app: Flask) -> Browser:
    return Browser(app).register("Bobby")


@pytest.fixture
def store(servers: Servers) -> Iterator["redis.Redis"]:
    with servers.redis() as client:
        yield client
