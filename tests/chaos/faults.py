"""What breaks in a fault run. Each fault is chosen by the seed, done to real processes, and ended."""

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import redis
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from shared import protocol
from tests.chaos.proxy import Proxy
from tests.chaos.stack import Stack
from tests.chaos.workload import Workload

MANY = 10  # unanswered sends: a kill that finds so many is worth most
BACK_SECONDS = 60.0

KILLED = {"web": "web", "redis": "redis", "mariadb": "mariadb"}


@dataclass(slots=True)
class Figures:
    """What a run counts."""

    kills: Counter[str] = field(default_factory=Counter)
    busy_kills: int = 0  # while at least `MANY` sends were unanswered
    faults: Counter[str] = field(default_factory=Counter)
    heal: dict[str, float] = field(
        default_factory=dict
    )  # fault → worst seconds until all readers were up to date
    resume: dict[str, float] = field(
        default_factory=dict
    )  # server → worst seconds from its return to the next ack
    late: list[str] = field(default_factory=list)


class Faults:
    """Breaks things, one after another."""

    def __init__(self, stack: Stack, workload: Workload, proxy: Proxy, *, seed: int, verbose: bool) -> None:
        self._stack = stack
        self._workload = workload
        self._proxy = proxy
        self._verbose = verbose
        self._random = random.Random(seed)
        self.figures = Figures()
        self.kinds: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "kill-chatd": (24, lambda: self._kill("chatd")),
            "kill-web": (20, lambda: self._kill("web")),
            "kill-redis": (20, lambda: self._kill("redis")),
            "kill-mariadb": (20, lambda: self._kill("mariadb")),
            "stop-chatd": (3, lambda: self._pause(self._daemon(), 1.0, 6.0)),
            "stop-redis": (3, lambda: self._pause("redis", 1.0, 5.0)),
            "stop-mariadb": (3, lambda: self._pause("mariadb", 1.0, 5.0)),
            "away-mariadb": (1, lambda: self._away("mariadb")),
            "away-redis": (1, lambda: self._away("redis")),
            "kill-pubsub": (5, self._kill_pubsub),
            "network-delay": (3, self._delay),
            "network-cut": (4, self._cut),
            "network-half-closed": (3, self._half_close),
            "network-stalled": (2, self._stall),
            "stalled-reader": (2, self._stalled_reader),
            "rolling-restart": (1, self._rolling_restart),
        }

    def schedule(self, chosen: list[str]) -> str:
        """The next fault."""
        names = chosen or list(self.kinds)
        return self._random.choices(names, [self.kinds[name][0] for name in names])[0]

    async def strike(self, name: str, *, quiet: bool) -> None:
        """Do one fault, end it, and measure how long it takes until everybody is up to date.

        With `quiet` a burst is the last that is said before the fault, and nobody sends after it, so
        that no later message shows a reader what it missed.
        """
        self.figures.faults[name] += 1
        began = time.monotonic()
        if quiet:
            self._workload.hush()
            self._workload.burst()
        await self.kinds[name][1]()
        struck = time.monotonic()
        if quiet and not await self._workload.all_answered(BACK_SECONDS):
            self.figures.late.append(f"{name}: commands without an answer")
        await self._healed(name)
        self._workload.talk()
        if self._verbose:
            print(
                f"    {name:22} {struck - began:6.2f} s, then {time.monotonic() - struck:6.2f} s", flush=True
            )

    async def settle(self) -> None:
        """Nobody sends any more: wait until every command has its answer and every reader everything."""
        if not await self._workload.all_answered(BACK_SECONDS):
            self.figures.late.append("the end: commands without an answer")
        await self._healed("the end")

    async def _healed(self, name: str) -> None:
        """Every reader holds what was committed when the fault ended."""
        await asyncio.to_thread(self._stack.wait_until_writable)
        began = time.monotonic()
        heads = await asyncio.to_thread(self._stack.heads)
        while behind := self._workload.behind(heads):
            if time.monotonic() - began > BACK_SECONDS:
                self.figures.late.append(f"{name}: {', '.join(sorted(set(behind)))}")
                return
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        self.figures.heal[name] = max(self.figures.heal.get(name, 0.0), took)

    # -- processes

    def _daemon(self) -> str:
        return f"chatd:chatd-{self._random.randrange(self._stack.daemons)}"

    async def _kill(self, kind: str) -> None:
        """SIGKILL, in the middle of many sends where that can be had within half a second."""
        name = self._daemon() if kind == "chatd" else KILLED[kind]
        before = await asyncio.to_thread(self._stack.pid, name)
        self._workload.burst()
        until = time.monotonic() + 0.5
        while self._workload.unanswered < MANY and time.monotonic() < until:
            await asyncio.sleep(0)
        busy = self._workload.unanswered >= MANY
        if not before or not await asyncio.to_thread(self._stack.signal, name, signal.SIGKILL):
            return
        self.figures.kills[kind] += 1
        self.figures.busy_kills += busy
        await self._returned(name, before)
        if kind in ("redis", "mariadb") and self._workload.talking:
            await self._resumed(kind)

    async def _returned(self, name: str, before: int) -> None:
        until = time.monotonic() + BACK_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                if await asyncio.to_thread(self._stack.pid, name) not in (0, before):
                    return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} was not started again within {BACK_SECONDS:.0f} s")

    async def _resumed(self, kind: str) -> None:
        """How long after the server answers again it takes until a send is acknowledged."""
        if kind == "mariadb":
            await asyncio.to_thread(self._stack.wait_until_writable)
        else:
            await asyncio.to_thread(self._redis_answers)
        began, acked = time.monotonic(), self._workload.acked
        while self._workload.acked == acked and time.monotonic() - began < BACK_SECONDS:
            await asyncio.sleep(0.01)
        took = time.monotonic() - began
        self.figures.resume[kind] = max(self.figures.resume.get(kind, 0.0), took)

    def _redis(self) -> "redis.Redis":
        url, password = self._stack.redis_address
        return redis.Redis.from_url(url, password=password, socket_timeout=2)

    def _redis_answers(self) -> None:
        until = time.monotonic() + BACK_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(redis.RedisError), contextlib.closing(self._redis()) as client:
                client.ping()
                return
            time.sleep(0.02)

    async def _pause(self, name: str, least: float, most: float) -> None:
        """SIGSTOP and SIGCONT: the process is there, and does nothing."""
        if await asyncio.to_thread(self._stack.signal, name, signal.SIGSTOP):
            try:
                await asyncio.sleep(self._random.uniform(least, most))
            finally:
                await asyncio.to_thread(self._stack.signal, name, signal.SIGCONT)

    async def _away(self, name: str) -> None:
        """Stopped as an operator stops it, for longer than any writer's patience, and started again."""
        call = self._stack.supervisor.call
        await asyncio.to_thread(call.stopProcess, name)
        await asyncio.sleep(self._random.uniform(4, 6))
        await asyncio.to_thread(call.startProcess, name, False)

    async def _kill_pubsub(self) -> None:
        """Break the daemons' connections on which they hear; each is one that subscribes."""

        def kill() -> None:
            with contextlib.suppress(redis.RedisError), contextlib.closing(self._redis()) as client:
                client.client_kill_filter(_type="pubsub")

        await asyncio.to_thread(kill)

    async def _rolling_restart(self) -> None:
        restart = await asyncio.to_thread(self._stack.rolling_restart)
        status = await asyncio.to_thread(restart.wait, 180)
        if status:
            self.figures.late.append(f"the rolling restart ended with {status}")

    # -- the network

    async def _delay(self) -> None:
        self._proxy.delay = self._random.uniform(0.02, 0.3)
        await asyncio.sleep(self._random.uniform(1, 3))
        self._proxy.delay = 0.0

    async def _cut(self) -> None:
        for _ in range(self._random.randint(1, 4)):
            self._proxy.cut(self._random.uniform(0.2, 1.0))
            await asyncio.sleep(self._random.uniform(0, 1))

    async def _half_close(self) -> None:
        self._proxy.half_close()
        await asyncio.sleep(1)

    async def _stall(self) -> None:
        self._proxy.stall()
        try:
            await asyncio.sleep(self._random.uniform(1, 4))
        finally:
            self._proxy.flow()

    async def _stalled_reader(self) -> None:
        """A reader that asks for much and reads nothing: it must cost nobody else anything."""
        device = self._random.choice(self._workload.devices)
        try:
            async with connect(
                f"{self._stack.url.replace('http', 'ws', 1)}/ws",
                origin=self._stack.url,  # type: ignore[arg-type]
                subprotocols=[protocol.SUBPROTOCOL],  # type: ignore[list-item]
                additional_headers={"Cookie": device.client.http.cookies()},
                compression=None,
                max_queue=1,
                proxy=None,
            ) as socket:
                await socket.send(protocol.encode(protocol.Hello()).decode())
                for room in self._workload.rooms:
                    for _ in range(20):
                        await socket.send(protocol.encode(protocol.Sync(room, 0)).decode())
                await asyncio.sleep(self._random.uniform(1, 3))
                socket.transport.abort()
        except (OSError, WebSocketException):
            return
