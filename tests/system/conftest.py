"""The whole product, running: nginx, web, two daemons, MariaDB and Redis, under supervisord.

The fixture `stack` (one for all tests) is a `tests.system.stack.Stack`: `url`, `settings`, `pid(name)`, `kill(name)`,
`restart(name)`, `wait_until_well()`, `log(name)`, `supervisorctl(…)`. Tests share its database, so each
registers people with names of its own. A test that kills something leaves it well again.
"""

from collections.abc import Iterator

import pytest

from tests.system.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    running = Stack()
    try:
        running.start()
        yield running
    finally:
        running.close()
