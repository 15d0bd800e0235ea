"""The product in Chromium, as people use it.

| fixture | what it is |
| --- | --- |
| `network` | a way to `stack` that can be down |
| `people` | makes persons, each with a browser context of their own: `people("anna")`, `people("bert", viewport=…)` |

After each test no page may have reported an error, a violated Content-Security-Policy, or a request
to anywhere else. Tests wait for conditions, never for time.
"""

import itertools
import secrets
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.network import Network
from tests.browser.person import WAIT_SECONDS, Person
from tests.chromium import chromium
from tests.system.stack import Stack


class People(Protocol):
    """Makes a person who sees the room of everyone; `registered` False: who has no account yet."""

    def __call__(
        self, name: str, *, registered: bool = True, network: Network | None = None, **context: Any
    ) -> Person: ...


# Not for the whole run: while Playwright is open no other test of the process can have an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=WAIT_SECONDS * 1000)
    with chromium() as running:
        yield running


@pytest.fixture
def network(stack: Stack) -> Iterator[Network]:
    way = Network(stack.port)
    yield way
    way.close()


_numbers = itertools.count()
_run = secrets.token_hex(2)


@pytest.fixture
def people(stack: Stack, browser: Browser) -> Iterator[People]:
    made: list[Person] = []

    def make(name: str, *, registered: bool = True, network: Network | None = None, **context: Any) -> Person:
        url = network.url if network else stack.url
        unique = f"{name}_{_run}{next(_numbers):x}"
        own = browser.new_context(base_url=url, **context)
        own.set_default_timeout(WAIT_SECONDS * 1000)
        person = Person(own, stack, unique, url=url)
        made.append(person)
        if registered:
            person.enter()
        return person

    yield make
    problems = [problem for person in made for problem in person.problems()]
    for person in made:
        person.context.close()
    assert problems == []
