"""The sessions of the connected clients: looked up at the handshake, then checked again and again.

Redis unreachable, or still loading its data, means *unknown*: sockets stay, and the check is
repeated. Only a key that is not there, or holds no session, means signed out.

A session in use is prolonged here as the web service does it. A socket that is merely open does
not count: the idle time-out is for the machine that somebody walked away from (OWASP Session
Management Cheat Sheet, "Idle Timeout"), and there the page stays open.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import redis.asyncio as aioredis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from chatd.hub import Hub
from chatd.peer import Peer
from chatd.together import Together
from shared import keys, sessions
from shared.protocol import Close
from shared.settings import Settings

log = structlog.get_logger("chatd.watch")

T = TypeVar("T")

SPREAD = 10  # parts into which one round of checks is divided
TIMEOUT_SECONDS = 2.0
TOGETHER_MAX = 100  # sessions in one question: they hold up the loop for 3 ms
CLOSE_SECONDS = 0.5  # for the closing handshake (RFC 6455 §7.1.2)
CONNECTIONS = 4  # to Redis: one for the handshakes, one for the round of checks, others for what was in use


class SessionUnknown(ConnectionError):
    """Redis can not be asked just now."""


Stored = bytes | None | Exception  # what a key holds, or its fault


@dataclass(frozen=True, slots=True)
class Found:
    """A session, and its user."""

    sid: str
    user: int


class Watch:
    """Looks sessions up in Redis, and closes the sockets of those that ended.

    Those of the peers of `hub`, and of those that are about to be there.
    """

    def __init__(self, settings: Settings, hub: Hub[Peer]) -> None:
        url, password = settings.redis_address("chatd")
        pool = aioredis.BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            protocol=2,
            socket_timeout=None,  # see `_in_time`
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
            **({"password": password} if password else {}),
        )
        self._redis = aioredis.Redis.from_pool(pool)
        self._lookup: Together[str, bytes | None] = Together(self._read, most=TOGETHER_MAX)
        self._settings = settings
        self._cookie = sessions.cookie_name(secure=settings.secure_cookies)
        self._hub = hub
        self._arriving: Hub[Peer] = Hub()  # signed in, and not welcomed yet: in no room
        self._everybody = asyncio.Event()  # set while all are to be checked at once
        self._closing: set[asyncio.Task[None]] = set()

    async def find(self, cookies: str) -> Found | None:
        """The session that a `Cookie` header names; None where there is none. Raises `SessionUnknown`."""
        sid = sessions.sid_of_cookie(cookies, self._cookie)
        if sid is None:
            return None
        who = await self._who(sid)
        return Found(sid, who.user) if who is not None else None

    @contextlib.contextmanager
    def arriving(self, peer: Peer) -> Iterator[None]:
        """A peer is signed in, and will be in the hub, or gone, at the end of this: till then it is watched here."""
        self._arriving.register(peer, peer.user.id)
        try:
            yield
        finally:
            self._arriving.remove(peer)

    def users(self) -> set[int]:
        """The users of all who are watched."""
        return {*self._hub.users(), *self._arriving.users()}

    async def run(self) -> None:
        """Check every session once an interval, spread over it; and all at once where that is asked for."""
        known = True
        for part in itertools.cycle(range(SPREAD)):
            await self._pause(known)
            everybody = self._everybody.is_set()
            self._everybody.clear()
            # By its number each has the same part in every round, whoever comes and goes.
            here = itertools.chain(self._hub.peers(), self._arriving.peers())
            peers = list(here) if everybody else [peer for peer in here if peer.number % SPREAD == part]
            try:
                await self.check(peers)
            except (RedisError, OSError) as fault:
                if known:
                    log.warning("sessions can not be checked", reason=type(fault).__name__)
                known = False
                # One that answers would say the same again.
                if everybody and not isinstance(fault, ResponseError):
                    self._everybody.set()
            else:
                known = True

    def check_everybody_now(self) -> None:
        """Redis came back: what was published of sessions that ended meanwhile is lost."""
        self._everybody.set()

    async def _pause(self, known: bool) -> None:
        """Return when the next part is due, or, where Redis answered the last time, everybody is."""
        seconds = self._settings.session_check / SPREAD
        if not known:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._everybody.wait()

    async def check(self, peers: Sequence[Peer]) -> None:
        """Close the sockets whose sessions are over, and prolong the sessions that were in use.

        Raises what redis-py raises where that can not be known of all of them.
        """
        if not peers:
            return
        in_use: list[tuple[Peer, sessions.SignedIn]] = []
        unknown: Exception | None = None
        answers: list[Stored] = []
        for start in range(0, len(peers), TOGETHER_MAX):
            answers += await self._read([peer.sid for peer in peers[start : start + TOGETHER_MAX]])
        for peer, answer in zip(peers, answers, strict=True):
            try:
                who = self._alive(answer)
            except RedisError as fault:
                unknown = fault
                continue
            if who is None or who.user != peer.user.id:
                self._end(peer)
            elif peer.in_use:
                in_use.append((peer, who))
        await self.prolong(in_use)
        if unknown is not None:
            raise unknown

    async def prolong(self, peers: Sequence[tuple[Peer, sessions.SignedIn]]) -> None:
        """The users of these peers did something: their sessions begin to idle anew. Raises what redis-py raises.

        Neither EXPIRE nor ZADD XX makes anything: a session that ended meanwhile stays so.
        """
        if not peers:
            return
        pipeline = self._redis.pipeline(transaction=False)
        for peer, who in peers:
            index = keys.user_sessions(who.user)
            pipeline.expire(keys.session(peer.sid), self._seconds_left(who))
            pipeline.zadd(index, {peer.sid: time.time()}, xx=True)
            pipeline.expire(index, self._settings.session_lifetime)
        await _in_time(pipeline.execute())
        for peer, _ in peers:
            peer.in_use = False

    async def look_again(self, peer: Peer) -> bool:
        """Check a session that may have ended before anybody heard of its end: whether it stands.

        Where it does not, the peer is closed. Raises `SessionUnknown`.
        """
        who = await self._who(peer.sid)
        if who is not None and who.user == peer.user.id:
            return True
        self._end(peer)
        return False

    def revoked(self, user: int, session: str) -> None:
        """A session ended: close its sockets now. `session` is its `sessions.digest`."""
        for peer in (*self._hub.of_user(user), *self._arriving.of_user(user)):
            if peer.session == session:
                self._end(peer)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    async def _who(self, sid: str) -> sessions.SignedIn | None:
        """Who is signed in by this session. Raises `SessionUnknown`."""
        try:
            return await self._look_up(sid)
        except (RedisError, OSError) as fault:
            raise SessionUnknown(type(fault).__name__) from fault

    async def _look_up(self, sid: str) -> sessions.SignedIn | None:
        """Who is signed in by this session. Raises what redis-py raises where that can not be known."""
        try:
            answer: Stored = await self._lookup.get(sid)
        except RedisError as fault:
            answer = fault
        return self._alive(answer)

    async def _read(self, sids: Sequence[str]) -> list[Stored]:
        """What the keys of these sessions hold. Raises what redis-py raises where there is no answer at all."""
        pipeline = self._redis.pipeline(transaction=False)
        for sid in sids:
            pipeline.get(keys.session(sid))
        found: list[Stored] = await _in_time(pipeline.execute(raise_on_error=False))
        return found

    def _alive(self, stored: Stored) -> sessions.SignedIn | None:
        """Who is signed in by what a key holds, unless that is over. Raises the fault of a key that was not read."""
        if isinstance(stored, Exception):
            if not sessions.is_other_type(str(stored)):
                raise stored
            return None
        who = sessions.signed_in(stored) if stored is not None else None
        return who if who is not None and self._seconds_left(who) > 0 else None

    def _seconds_left(self, who: sessions.SignedIn) -> int:
        return who.seconds_left(
            now=time.time(), idle=self._settings.session_idle, lifetime=self._settings.session_lifetime
        )

    def _end(self, peer: Peer) -> None:
        log.info("session ended", user=peer.user.id, session=peer.session)
        task = asyncio.get_running_loop().create_task(_close(peer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _in_time(answer: Awaitable[T]) -> T:
    """The answer of Redis, within `TIMEOUT_SECONDS`. Raises `TimeoutError`, which is an `OSError`.

    Not redis-py's `socket_timeout`: it goes by `asyncio.wait_for`, which before Python 3.12 can lose
    a cancellation (python/cpython#86296), so that one daemon in many never ended.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await answer


async def _close(peer: Peer) -> None:
    """Tell why, and do not wait long for an answer: whoever was signed out may not want to give one."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await peer.close(Close.SIGNED_OUT, "signed out")
    except TimeoutError:
        peer.transport.abort()
