"""Connections: what an idle one costs, how fast they are made, and how soon lost ones are back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from tests.bench import cores, load
from tests.bench.case import Case, Column, Plan, Plot, Step, sample_of
from tests.bench.figures import US, Goal, Sample, Table, figure
from tests.bench.parley import Parley, parley
from tests.bench.seed import Person
from tests.servers import wait_for

DAEMON = "chatd:chatd-0"


# -- idle connections

IDLE = (1_000, 5_000, 15_000)
IDLE_SECONDS = 32.0  # every session is looked at once in 20 s, and every connection pinged in 30
PROBE_MS = 2  # while they connect; 50 times as long when they have, since it weighs in what is measured
ROOM_SIZE = 20


def _idle(count: int) -> str:
    return f"{count:,} connections"


def _idle_step(plan: Plan, running: Parley, people: Sequence[Person], count: int) -> Step:
    def measure() -> Sample:
        running.stack.restart(DAEMON)
        running.bind()
        before = cores.resident_by_role(running.roles())["chatd"]
        number = plan.count(count)
        target = running.target(running.straight(), running.clients(people[:number], [()] * number, 1))
        options = load.Options(
            warm=plan.warm, seconds=plan.seconds(IDLE_SECONDS), probe=PROBE_MS, concurrency=32
        )
        ran = load.run(target, options)
        ready = ran.resident["ready"]["chatd"]
        more = {"rss_each": (ready - before) / number, "rss": ready}
        return sample_of(US, _idle(count), ran, options, size=count, more=more)

    return Step(US, _idle(count), measure)


@contextmanager
def _idle_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley() as running:
        people = running.seed.people(plan.count(max(IDLE)))
        for start in range(0, len(people), ROOM_SIZE):
            running.seed.room(f"room {start}", people[start : start + ROOM_SIZE])
        running.seed.settle()
        yield [_idle_step(plan, running, people, count) for count in IDLE]


_MOST = _idle(max(IDLE))


def _longest_pause(table: Table) -> float:
    """Of all rounds, while they connect: a median of what must not happen says nothing."""
    return table.counted(US, _MOST, "connecting_max").most + PROBE_MS


IDLE_CONNECTIONS = Case(
    name="idle",
    title="How it grows with connections that say nothing",
    about=(
        f"So many people connect, {ROOM_SIZE} in each room, and say nothing. One of them was there before the others and asks "
        f"for an answer, {PROBE_MS} ms after the last one while the others connect, and {50 * PROBE_MS} ms after it when they have: the "
        "longest that it waits is the longest pause of the daemon, which may have begun so much earlier."
    ),
    steps=_idle_steps,
    columns=(
        Column("rss_each", "KB each", 1, 1 / 1024),
        Column("rss", "daemon MB", 0, 2**-20),
        Column("cpu_chatd", "daemon, % of a core", 1, 100),
        Column("connect_rate", "connected/s"),
        Column("connecting_max", "longest pause while they connect, ms", 1),
        Column("connected_max", "and then", 1),
    ),
    goals=(
        Goal(
            "≤ 16 KB a connection",
            lambda table: table.value(US, _MOST, "rss_each") / 1024,
            most=16,
            unit=" KB",
        ),
        Goal(
            "less than 5 % of a core with 15,000",
            lambda table: 100 * table.value(US, _MOST, "cpu_chatd"),
            most=5,
            unit=" %",
        ),
        Goal(
            "no pause above 50 ms while they connect, in any round",
            _longest_pause,
            most=50,
            unit=" ms",
        ),
    ),
    plots=(
        Plot(
            "idle-memory",
            "Memory of a daemon by connections",
            "rss",
            "connections",
            "MB of one daemon",
            2**-20,
        ),
        Plot(
            "idle-cpu",
            "CPU of idle connections",
            "cpu_chatd",
            "connections",
            "% of a core",
            100,
        ),
    ),
)

# -- handshakes

NUMBERS_OF_ROOMS = (1, 10, 100, 1_000)  # of a user
PEOPLE_EACH = 100  # more than handshakes are under way at once
UNDER_WAY = 32
CHURN_SECONDS = 8.0
CHURNS = {"upgrade": "to the upgrade", "session": "upgrade and session"}


def _welcome(rooms: int) -> str:
    return f"to welcome, in {rooms:,} room{'' if rooms == 1 else 's'}"


def _churn_step(
    plan: Plan, running: Parley, people: Sequence[Person], what: str, churn: str, size: int
) -> Step:
    def measure() -> Sample:
        target = running.target(running.straight(), running.clients(people, [()] * len(people), 1))
        options = load.Options(
            warm=plan.warm, seconds=plan.seconds(CHURN_SECONDS), churn=churn, concurrency=UNDER_WAY
        )
        return sample_of(US, what, load.run(target, options), options, size=size)

    return Step(US, what, measure)


@contextmanager
def _handshake_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley() as running:
        groups = {count: running.seed.people(PEOPLE_EACH) for count in NUMBERS_OF_ROOMS}
        for number in range(plan.count(max(NUMBERS_OF_ROOMS))):
            inside = [person for count, group in groups.items() if number < count for person in group]
            running.seed.room(f"room {number}", inside)
        running.seed.settle()
        yield [
            *(_churn_step(plan, running, groups[10], what, churn, 0) for churn, what in CHURNS.items()),
            *(
                _churn_step(plan, running, group, _welcome(count), "welcome", count)
                for count, group in groups.items()
            ),
        ]


HANDSHAKES = Case(
    name="handshakes",
    title="Handshakes, and how they grow with the rooms of a user",
    about=(
        f"{UNDER_WAY} connections are made at once, and closed as soon as they are as far as the row says; one daemon on one core. "
        "Session: the daemon has found it in Redis, and answers. Welcome: it has read the user's rooms from MariaDB and told them."
    ),
    steps=_handshake_steps,
    columns=(
        Column("churn", "handshakes/s"),
        Column("handshake_p50", "p50 ms", 1),
        Column("handshake_p99", "p99 ms", 1),
        Column("cpu_chatd", "daemon, of a core", 2),
        Column("cpu_mariadb", "MariaDB", 2),
    ),
    goals=(
        Goal(
            "upgrade and session ≥ 1,400/s",
            figure(US, CHURNS["session"], "churn"),
            least=1_400,
            unit="/s",
        ),
        Goal(
            "through welcome, in 10 rooms, ≥ 600/s",
            figure(US, _welcome(10), "churn"),
            least=600,
            unit="/s",
        ),
    ),
    plots=(
        Plot(
            "handshakes",
            "Time until welcome by the rooms of a user",
            "handshake_p50",
            "rooms of a user",
            "ms (median, 32 at once)",
            logarithmic=True,
        ),
    ),
)

# -- a killed daemon

LOST = 5_000
LOST_ROOMS = 100
LOST_RATE = 50.0
LOST_SECONDS = 20.0
KILLED = "a daemon is killed"


def _kill(running: Parley) -> Callable[[str], None]:
    """Kill the daemon that has all connections when it is measured; the new one gets its core too."""

    def heard(event: str) -> None:
        if event == "begin":
            killed = running.stack.kill(DAEMON)
            wait_for(lambda: running.stack.pid(DAEMON) not in (0, killed), what=f"{DAEMON} runs again")
            running.bind()

    return heard


def _comeback_step(plan: Plan) -> Step:
    def measure() -> Sample:
        number = plan.count(LOST)
        with parley(daemons=2) as running:
            people = running.seed.people(number)
            rooms = [
                running.seed.room(f"room {index}", people[index::LOST_ROOMS]) for index in range(LOST_ROOMS)
            ]
            running.seed.settle()
            clients = [
                load.Client((index % LOST_ROOMS,), person.cookie(running.settings), rooms[index % LOST_ROOMS])
                for index, person in enumerate(people)
            ]
            target = running.target(running.straight()[:1], clients, streams=LOST_ROOMS)
            options = load.Options(
                warm=plan.warm,
                seconds=LOST_SECONDS,
                rate=LOST_RATE,
                senders=LOST_ROOMS,
                drain=60,
                comeback=running.through_nginx()[0].address,
            )
            ran = load.run(target, options, _kill(running))
        # Those whose daemon is gone do not keep to the rate; how late they are is what is measured.
        return sample_of(US, KILLED, ran, replace(options, rate=0.0))

    return Step(US, KILLED, measure)


@contextmanager
def _comeback_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_comeback_step(plan)]


COMEBACK = Case(
    name="comeback",
    title="5,000 clients of a killed daemon",
    about=(
        f"All are at one of two daemons, in {LOST_ROOMS} rooms, and write {LOST_RATE:g} messages/s, when it is killed (SIGKILL). "
        "They come back through nginx after times drawn as the page draws them (up to 0.5 s at first, twice as long after each "
        "failure), resume from their cursors, and send again what has no answer; who missed "
        "something is back when it is there. The daemons share one core, all else the other."
    ),
    steps=_comeback_steps,
    columns=(
        Column("all_back", "all back and resumed after, s", 1),
        Column("back_p50", "p50 ms"),
        Column("back_p99", "p99 ms"),
        Column("changes", "resumed from their cursors"),
    ),
    goals=(Goal("all back in less than 15 s", figure(US, KILLED, "all_back"), most=15, unit=" s"),),
)
