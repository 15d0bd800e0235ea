"""The sessions of the connected clients: looked up at the handshake, then checked again and again.

Redis unreachable, or still loading its data, means *unknown*: sockets stay, and the check is
repeated. Only a key that is not there means signed out.
"""

import asyncio
import contextlib
from collections.abc import Sequence

import redis.asyncio as aioredis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chatd.hub import Hub
from chatd.peer import Peer
from shared import keys, sessions
from shared.protocol import Close
from shared.settings import Settings

log = structlog.get_logger("chatd.watch")

SPREAD = 10  # parts into which one round of checks is divided
TIMEOUT_SECONDS = 2.0


class SessionUnknown(ConnectionError):
    """Redis can not be asked just now."""


class Watch:
    """Looks sessions up in Redis, and closes the sockets of those that ended."""

    def __init__(self, settings: Settings, hub: Hub[Peer]) -> None:
        url, password = settings.redis_address()
        self._redis = aioredis.Redis.from_url(
            url,
            protocol=2,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            **({"password": password} if password else {}),  # type: ignore[arg-type]
        )
        self._idle_seconds = settings.session_idle
        self._interval = settings.session_check
        self._hub = hub
        self._closing: set[asyncio.Task[None]] = set()

    async def user_of(self, sid: str) -> int | None:
        """The user whose session this is; None where there is none. Raises `SessionUnknown`."""
        try:
            stored = await self._redis.get(keys.session(sid))
            return sessions.user_of(stored) if isinstance(stored, bytes) else None
        except (RedisError, OSError) as fault:
            raise SessionUnknown(str(fault)) from fault

    async def run(self) -> None:
        """Check every session once an interval, spread over it; being connected counts as activity."""
        while True:
            peers = self._hub.peers()
            for part in range(SPREAD):
                await asyncio.sleep(self._interval / SPREAD)
                with contextlib.suppress(RedisError, OSError):
                    await self.check(peers[part::SPREAD])

    async def check(self, peers: Sequence[Peer]) -> None:
        """Prolong the sessions of these peers, and close the sockets of those that are gone.

        EXPIRE never makes a key: a session that was signed out stays so. Raises what redis-py raises.
        """
        if not peers:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for peer in peers:
            pipeline.expire(keys.session(peer.sid), self._idle_seconds)
        for peer, alive in zip(peers, await pipeline.execute(), strict=True):
            if not alive:
                self._end(peer)

    async def look_again(self, peer: Peer) -> None:
        """Check a session that may have ended between its look-up and the peer's registration."""
        with contextlib.suppress(RedisError, OSError):
            await self.check([peer])

    def revoked(self, user: int, session: str) -> None:
        """A session ended: close its sockets now. `session` is its `sessions.digest`."""
        for peer in list(self._hub.of_user(user)):
            if peer.session == session:
                self._end(peer)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    def _end(self, peer: Peer) -> None:
        log.info("session ended", user=peer.user.id, session=peer.session)
        task = asyncio.get_running_loop().create_task(peer.close(Close.SIGNED_OUT, "signed out"))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
