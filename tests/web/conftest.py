"""The web service on real servers, and browsers without a window to use it.

| fixture | what it is |
| --- | --- |
| `app` | the application on an empty database |
| `browser` | a new visitor |
| `alice`, `bob` | two visitors who have registered |
| `make_app` | makes the application with other settings |
| `full_cost` | passwords cost what they cost in use; in other tests of an application they are cheap |
| `store` | a Redis client of the test's own |
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from shared.settings import Settings
from tests.servers import Servers
from tests.web.browser import Browser
from web import backends, create_app, languages, passwords

MakeApp = Callable[..., Flask]

NO_MARIADB = {"database_url": "mysql://parley@localhost/parley?unix_socket=/nonexistent/mariadb.sock"}
NO_REDIS = {"redis_url": "unix:///nonexistent/redis.sock"}


HASHER, NOBODY = passwords._hasher, passwords._NOBODY
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
CHEAP_NOBODY = CHEAP.hash("nobody")
LANGUAGES = languages.Languages()


class Compiled(BytecodeCache):
    """The templates that one application has compiled: the next one of this process need not do it again."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


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
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of applications are made and thousands of passwords hashed: each at a fraction of the cost."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    monkeypatch.setattr(passwords, "_NOBODY", CHEAP_NOBODY)
    monkeypatch.setattr(languages, "Languages", lambda: LANGUAGES)


@pytest.fixture
def full_cost(cheap: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", HASHER)
    monkeypatch.setattr(passwords, "_NOBODY", NOBODY)


@pytest.fixture
def make_app(settings: Settings, empty: None, cheap: None) -> Iterator[MakeApp]:
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(replace(settings, **changes))
        app.jinja_env.bytecode_cache = COMPILED
        made.append(app)
        return app

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
