"""What every test may use: real servers, their settings, an empty database, the whole product.

| fixture | what it is |
| --- | --- |
| `servers` | a private MariaDB and Redis for the whole run, migrated; `kill(name)` and `start(name)` |
| `settings` | the `Settings` for them, without limits over HTTP; vary them with `dataclasses.replace` |
| `database` | a `Database` on them, where nobody has registered and nothing was said yet |
| `empty` | the same emptiness, for tests that make their own `Database` |
| `stack` | the whole product, running, on servers of its own; a test that kills something leaves it well again |

`make test` lets several workers run side by side, a file each: every worker has servers of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.database import Database
from shared.settings import Settings
from tests import order
from tests.servers import IDLE_SECONDS, Servers
from tests.system.stack import Stack
from tests.unlimited import HTTP_UNLIMITED

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A worker of several begins with what takes long; the tests of a file stay together and in their order."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: -order.seconds(item.path.relative_to(TESTS).as_posix()))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    running = Servers()
    yield running
    running.close()


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Settings:
    return servers.settings


@pytest.fixture
def empty(servers: Servers) -> None:
    servers.empty()


@pytest.fixture
def database(settings: Settings, empty: None) -> Iterator[Database]:
    pool = Database(settings, idle_seconds=IDLE_SECONDS)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Tests share its database, so each registers people with names of its own. Some write faster than people do.

    Who goes is offline soon, so that no test waits long for it.
    """
    lifted: dict[str, Any] = dict.fromkeys(HTTP_UNLIMITED, "0")
    running = Stack(drain_seconds="1", presence_grace="2", message_rate="0", **lifted)
    try:
        running.start()
        yield running
    finally:
        running.close()
