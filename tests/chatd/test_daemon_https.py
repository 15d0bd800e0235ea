"""A daemon behind https (`PARLEY_SECURE_COOKIES`): whose cookie it believes."""

from collections.abc import Iterator

import pytest

from shared.protocol import Close
from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.servers import Servers


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, daemons=1, secure_cookies=True)


async def test_a_cookie_that_another_host_could_plant_is_not_read(chat: Chat) -> None:
    """A sister domain, or a page without TLS, may set `parley_session` for this host, but not `__Host-…`."""
    alice, mallory = chat.people("alice", "mallory")
    planted = f"parley_session={mallory.sid}"
    async with chat.connect(None, cookie=planted, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT
    async with chat.connect(None, cookie=f"{planted}; __Host-parley_session={alice.sid}") as one:
        assert one.welcome["user"]["id"] == alice.id
