"""What every test may use: real servers, their settings, an empty database.

| fixture | what it is |
| --- | --- |
| `servers` | a private MariaDB and Redis for the whole run, migrated; `kill(name)` and `start(name)` |
| `settings` | the `Settings` for them; vary them with `dataclasses.replace` |
| `database` | a `Database` on them, where nobody has registered and nothing was said yet |
| `empty` | the same emptiness, for tests that make their own `Database` |
"""

from collections.abc import Iterator

import pytest

from shared.database import Database
from shared.settings import Settings
from tests.servers import Servers


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
    pool = Database(settings)
    yield pool
    pool.close()
