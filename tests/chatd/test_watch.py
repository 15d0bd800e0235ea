"""The watch over sessions, run alone against a real Redis."""

import asyncio
import random
from dataclasses import replace
from typing import cast

from chatd.hub import Hub
from chatd.peer import Peer
from chatd.watch import SPREAD, Watch
from shared import sessions
from shared.protocol import User
from shared.settings import Settings


class Signed:
    """What the watch needs of a peer that never has to be told anything."""

    sid = "x" * 43
    session = sessions.digest(sid)
    in_use = False
    user = User(1, "alice")

    async def close(self, code: int, reason: str) -> None:
        """It is gone."""


async def test_it_ends_when_it_is_cancelled_whatever_it_waits_for(settings: Settings) -> None:
    """redis-py's own time-outs lost every third of these cancellations, and the daemon did not end."""
    hub: Hub[Peer] = Hub()
    hub.register(cast(Peer, Signed()), 1)
    for _ in range(50):
        watch = Watch(replace(settings, session_check=0.001 * SPREAD), hub)
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(random.uniform(0, 0.01))
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=5)
        assert done
        await watch.close()
