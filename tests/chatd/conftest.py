"""Two daemons, for all tests of a module. Each test makes its own people and rooms.

The database is emptied before they start, never under them: a room whose versions go back is
taken for a restored backup, and rightly ends a daemon.
"""

from collections.abc import Iterator

import hypothesis
import pytest

from shared.settings import Settings
from tests.chatd.daemons import Chat, running
from tests.servers import Servers

# Property tests are judged by what they find, not by how long an example takes on a busy machine.
hypothesis.settings.register_profile("parley", deadline=None)
hypothesis.settings.load_profile("parley")


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings)
