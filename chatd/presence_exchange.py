"""How people are, told between the daemons and to those who watch them. None of it is stored.

All daemons share one channel. On it each tells what changes for the users who are connected to
it, and every `interval` seconds how all of them are: what was not heard is healed by that. What a daemon said
holds for two and a half intervals, so the users of one that was killed go offline by themselves;
one that stops says so. A daemon that starts, or whose Redis was away, asks the others to say all.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import msgspec
import structlog

from chatd.bus import Bus
from chatd.fanout import Fanout
from chatd.peer import Peer, frame
from chatd.presence import AWAY, OFFLINE, ONLINE, Table, Watchers
from shared import protocol

log = structlog.get_logger("chatd.presence")

TICK_SECONDS = 0.1  # what changes within it is told in one frame
TICK_MOST_SECONDS = 2.0
REST_FACTOR = 4.0  # after a tick, times as long as it took: a flood of changes gets a fifth of the daemon
SILENT_SECONDS = 2.0
TURN_PAIRS, TURN_FRAMES = 2000, 100  # of who changed and who watches, and frames made, in one turn: 4 ms
SLICE = 500  # users told of in one publish
SLICE_SECONDS = 0.05  # between two such publishes of a snapshot
HOLDS_INTERVALS = 2.5  # two may be lost
SNAPSHOT_LEAST_SECONDS = 1.0  # between two: several daemons may ask at once


class _Said(msgspec.Struct, omit_defaults=True):
    """What a daemon says of its users. `asks`: the others shall say all; `leaves`: it stops."""

    daemon: str
    online: list[int] = []
    away: list[int] = []
    offline: list[int] = []
    asks: bool = False
    leaves: bool = False


_decode = msgspec.json.Decoder(_Said).decode
_encode = msgspec.json.Encoder().encode


class PresenceExchange:
    """Who is connected here, who anywhere, and who is told of whom.

    `interval`: seconds between two snapshots; `grace`: seconds for which a connection that is gone still counts.
    """

    def __init__(self, bus: Bus, fanout: Fanout, *, interval: float, grace: float) -> None:
        self._bus = bus
        self._fanout = fanout
        self._interval = interval
        self._grace = grace
        self._name = secrets.token_hex(
            8
        )  # of this process, not of its address: what a killed one said is not ours
        self._here = Table()  # by connection
        self._anywhere = Table()  # by daemon
        self._watchers: Watchers[Peer] = Watchers()
        self._silent: set[Peer] = set()  # who may yet say that nobody sits before them
        self._snapshot_is_due = asyncio.Event()
        self._left = False

    # -- the connections of this daemon

    def arrived(self, peer: Peer) -> None:
        """A connection is here; until it says otherwise, somebody sits before it.

        Where its user was away, it may be an idle page that comes back after a restart: it has a moment to
        say so, and nobody sees it come alive for that long.
        """
        if self._anywhere.told(peer.user.id) != AWAY:
            self._here.say(peer.user.id, id(peer), ONLINE)
            return
        self._silent.add(peer)
        asyncio.get_running_loop().call_later(SILENT_SECONDS, self._take_for_online, peer)

    def _take_for_online(self, peer: Peer) -> None:
        if peer in self._silent:
            self.says(peer, ONLINE)

    def says(self, peer: Peer, state: str) -> None:
        """A connection says how its user is."""
        self._silent.discard(peer)
        self._here.say(peer.user.id, id(peer), state)

    def gone(self, peer: Peer) -> None:
        """A connection is gone; it may be back at once, as when a page is loaded again."""
        self._silent.discard(peer)
        self._here.let_go(peer.user.id, id(peer), time.monotonic() + self._grace)
        self._watchers.forget(peer)

    def watch(self, peer: Peer, users: Iterable[int]) -> dict[int, str]:
        """How these users are; the peer is told when that changes, instead of those that it watched before."""
        watched = dict.fromkeys(users)
        self._watchers.watch(peer, watched)
        return {user: self._anywhere.told(user) for user in watched}

    # -- other daemons

    def heard(self, payload: bytes) -> None:
        """A daemon said something."""
        try:
            said = _decode(payload)
        except msgspec.MsgspecError:
            log.error("unreadable publish", size=len(payload))
            return
        if said.daemon == self._name:
            return
        now = time.monotonic()
        until = now + HOLDS_INTERVALS * self._interval
        for state, users in ((ONLINE, said.online), (AWAY, said.away), (OFFLINE, said.offline)):
            for user in users:
                self._anywhere.say(user, said.daemon, state, until)
        if said.leaves:
            # Its clients are about to come back elsewhere.
            self._anywhere.let_go_of_all(said.daemon, now + self._grace)
        if said.asks:
            self._snapshot_is_due.set()

    def compare(self) -> None:
        """Redis is here (again): what was said meanwhile is lost, on both sides."""
        self._publish([_Said(self._name, asks=True)])
        self._snapshot_is_due.set()

    def leave(self) -> None:
        """This daemon stops, and says nothing more."""
        self._publish([_Said(self._name, leaves=True)])
        self._left = True

    async def run(self) -> None:
        """Tell, for ever."""
        if await self._bus.subscribe([self._bus.channels.presence]):
            self.compare()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_changes())
            group.create_task(self._tell_all())

    # -- telling

    async def _tell_changes(self) -> None:
        while True:
            now = time.monotonic()
            self._here.expire(now)
            self._anywhere.expire(now)
            here = self._here.take_changes(now)
            for user, state in here.items():
                self._anywhere.say(user, self._name, state)
            self._publish(self._said(here))
            await self._tell_watchers(self._anywhere.take_changes(now))
            rest = REST_FACTOR * (time.monotonic() - now)
            await asyncio.sleep(min(max(TICK_SECONDS, rest), TICK_MOST_SECONDS))

    async def _tell_watchers(self, changes: Mapping[int, str]) -> None:
        """One frame for each watcher, and one encoding for all who watch the same of those who changed."""
        due: dict[Peer, list[int]] = {}
        work = 0
        for user in changes:
            watchers = self._watchers.of(user)
            for peer in watchers:
                due.setdefault(peer, []).append(user)
            work += len(watchers)
            if work > TURN_PAIRS:
                work = 0
                await asyncio.sleep(0)
        frames: dict[tuple[int, ...], bytes] = {}
        for number, (peer, users) in enumerate(due.items(), 1):
            key = tuple(users)
            if key not in frames:
                frames[key] = frame(protocol.Presences({user: changes[user] for user in users}))
            self._fanout.post([peer], frames[key])
            if number % TURN_FRAMES == 0:
                await asyncio.sleep(0)

    async def _tell_all(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._snapshot_is_due.wait()
            self._snapshot_is_due.clear()
            users = self._here.users()
            for start in range(0, len(users), SLICE):
                # How they are now, not when this began: a change may have been told meanwhile.
                part = {user: self._here.told(user) for user in users[start : start + SLICE]}
                self._publish(self._said(part))
                await asyncio.sleep(SLICE_SECONDS)
            await asyncio.sleep(min(SNAPSHOT_LEAST_SECONDS, self._interval))

    def _said(self, states: Mapping[int, str]) -> Iterator[_Said]:
        """What this daemon says of its users, in parts."""
        users = list(states)
        for start in range(0, len(users), SLICE):
            said = _Said(self._name)
            lists = {ONLINE: said.online, AWAY: said.away, OFFLINE: said.offline}
            for user in users[start : start + SLICE]:
                lists[states[user]].append(user)
            yield said

    def _publish(self, said: Iterable[_Said]) -> None:
        """Where Redis is away this is lost: all is said again when it is back."""
        items = [(self._bus.channels.presence, _encode(part)) for part in said]
        if items and not self._left:
            self._bus.publish(items)
