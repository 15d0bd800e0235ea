"""The watch over sessions, run alone against a real Redis."""

import asyncio
import itertools
import random
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest
import redis
import structlog
from redis.exceptions import ResponseError

from chatd.hub import Hub
from chatd.peer import Peer
from chatd.watch import CONNECTIONS, SPREAD, Found, SessionUnknown, Watch
from shared import keys, sessions
from shared.protocol import User
from shared.settings import Settings
from tests.chatd.own_redis import OwnRedis
from tests.servers import Servers


class Signed:
    """What the watch needs of a peer that never has to be told anything."""

    sid = "x" * 43
    session = sessions.digest(sid)
    in_use = False
    user = User(1, "alice")

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.closed = asyncio.Event()

    async def close(self, code: int, reason: str) -> None:
        """It is gone."""
        self.closed.set()


@asynccontextmanager
async def running(watch: Watch) -> AsyncIterator[None]:
    """The watch checks, round after round."""
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await watch.close()


async def test_it_ends_when_it_is_cancelled_whatever_it_waits_for(settings: Settings) -> None:
    """redis-py's own time-outs lost every third of these cancellations, and the daemon did not end."""
    hub: Hub[Peer] = Hub()
    hub.register(cast(Peer, Signed()), 1)
    for _ in range(50):
        watch = Watch(replace(settings, session_check=0.001 * SPREAD), hub)
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(random.uniform(0, 0.01))
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=60)
        assert done
        await watch.close()


def signed_in(client: "redis.Redis", user: int) -> str:
    """The cookie of a new session of this user."""
    sid = secrets.token_urlsafe(sessions.SID_BYTES)
    who = sessions.SignedIn(user, int(time.time()))
    client.set(keys.session(sid), sessions.encode(who.fields()), ex=100)
    return f"{sessions.COOKIE}={sid}"


async def test_a_storm_of_handshakes_shares_a_few_connections(settings: Settings, servers: Servers) -> None:
    watch = Watch(settings, Hub())
    with servers.redis() as client:
        cookie = signed_in(client, 7)
        before = len(client.client_list())
        found = await asyncio.gather(*(watch.find(cookie) for _ in range(500)))
        assert len(client.client_list()) - before <= CONNECTIONS
    assert {one.user for one in found if one is not None} == {7}
    assert None not in found
    await watch.close()


async def test_a_look_up_that_is_cut_off_never_answers_another(
    settings: Settings, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Redis says too late belongs to nobody (as in CVE-2023-28858 of redis-py)."""
    watch = Watch(settings, Hub())
    answered = 0
    with servers.redis() as client:
        cookies = {user: signed_in(client, user) for user in range(1, 30)}
        for turn in range(40):
            monkeypatch.setattr("chatd.watch.TIMEOUT_SECONDS", random.uniform(0, 0.005) if turn % 2 else 60)
            found = await asyncio.gather(
                *(watch.find(cookie) for cookie in cookies.values()), return_exceptions=True
            )
            for user, one in zip(cookies, found, strict=True):
                if not isinstance(one, SessionUnknown):
                    assert isinstance(one, Found)
                    assert one.user == user
                    answered += 1
    assert answered >= 20 * len(cookies)
    await watch.close()


async def test_a_redis_that_refuses_to_answer_signs_nobody_out_and_is_not_passed_over(
    settings: Settings, servers: Servers
) -> None:
    """One that is loading its data, say, or whose user for the daemons may not read sessions."""
    watch = Watch(settings, Hub())
    peer = cast(Peer, Signed())
    with servers.redis() as client:
        signed_in(client, 1)
        client.execute_command("ACL", "SETUSER", "chatd", "-get")
        try:
            with pytest.raises(ResponseError):
                await watch.check([peer])
            with pytest.raises(SessionUnknown):
                await watch.find(f"{sessions.COOKIE}={Signed.sid}")
        finally:
            client.execute_command("ACL", "SETUSER", "chatd", "+get")
    await watch.close()


async def test_a_session_that_ends_between_look_up_and_prolonging_stays_so(
    settings: Settings, servers: Servers
) -> None:
    watch, peer = Watch(settings, Hub()), cast(Peer, Signed())
    with servers.redis() as client:
        client.delete(keys.session(Signed.sid), keys.user_sessions(1))
        await watch.prolong([(peer, sessions.SignedIn(1, int(time.time())))])
        assert not client.exists(keys.session(Signed.sid), keys.user_sessions(1))
    await watch.close()


async def test_each_session_is_checked_once_an_interval_though_others_leave(settings: Settings) -> None:
    hub: Hub[Peer] = Hub()
    for number in range(100 + SPREAD):
        hub.register(cast(Peer, Signed(number)), 1)
    steady = hub.peers()[100:]
    checks: list[Sequence[Peer]] = []
    enough = asyncio.Event()

    class Counting(Watch):
        async def check(self, peers: Sequence[Peer]) -> None:
            checks.append(peers)
            if len(checks) >= 4 * SPREAD:
                enough.set()
            elif len(checks) % SPREAD:  # one less leaves in a round than there are parts
                hub.remove(hub.peers()[0])

    async with running(Counting(replace(settings, session_check=0.001 * SPREAD), hub)):
        async with asyncio.timeout(60):
            await enough.wait()
    for peer in steady:
        checked = [turn for turn, peers in enumerate(checks) if peer in peers]
        assert {after - before for before, after in itertools.pairwise(checked)} == {SPREAD}


async def test_who_is_not_welcomed_yet_is_watched_like_everybody(settings: Settings) -> None:
    """Their user's channel is not let go of; what is published of their session closes them, and so do the checks."""
    told, found = Signed(), Signed()
    watch = Watch(replace(settings, session_check=25.0), Hub())
    async with running(watch), asyncio.timeout(20):
        with watch.arriving(cast(Peer, told)):
            assert watch.users() == {1}
            watch.revoked(1, Signed.session)
            await told.closed.wait()
        assert watch.users() == set()
        watch.revoked(1, Signed.session)
        with watch.arriving(cast(Peer, found)):
            watch.check_everybody_now()
            await found.closed.wait()


async def test_all_are_checked_at_once_when_redis_is_back_and_again_until_it_answers(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round of its own would take 25 s."""
    monkeypatch.setattr("chatd.watch.SPREAD", 1_000)
    own_redis = OwnRedis()
    own_redis.start()
    hub: Hub[Peer] = Hub()
    first, second = Signed(998), Signed(999)
    watch = Watch(replace(settings, redis_url=own_redis.url, session_check=25.0), hub)
    try:
        with structlog.testing.capture_logs() as logged:
            async with running(watch), asyncio.timeout(20):
                hub.register(cast(Peer, first), 1)
                watch.check_everybody_now()
                await first.closed.wait()
                hub.remove(cast(Peer, first))
                hub.register(cast(Peer, second), 1)
                own_redis.kill()
                watch.check_everybody_now()
                while logged[-1]["event"] != "sessions can not be checked":
                    await asyncio.sleep(0.01)
                assert not second.closed.is_set()
                own_redis.start()
                await second.closed.wait()
    finally:
        own_redis.close()
