"""Property tests are judged by what they find, not by how long an example takes on a busy machine."""

from collections.abc import Iterator
from contextlib import closing

import hypothesis
import pytest

from shared.database import Database
from shared.settings import Settings
from tests.servers import IDLE_SECONDS

hypothesis.settings.register_profile("parley", deadline=None)
hypothesis.settings.load_profile("parley")


@pytest.fixture
def other(settings: Settings) -> Iterator[Database]:
    """Another pool: another process."""
    with closing(Database(settings, idle_seconds=IDLE_SECONDS)) as pool:
        yield pool
