"""Messages that clients send: committed, published and delivered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.bench import load
from tests.bench.case import Case, Column, Plan, Step, sample_of
from tests.bench.cases.common import PEOPLE, SECONDS
from tests.bench.figures import US, Goal, Sample, figure, largest
from tests.bench.parley import Parley, parley

SENDERS = 50
RATES = (100.0, 200.0, 320.0, 400.0)
NGINX_RATES = (50.0, 100.0, 150.0)
COLUMNS = (
    Column("sent", "messages/s"),
    Column("deliveries", "deliveries/s"),
    Column("p50", "p50 ms", 1),
    Column("p99", "p99 ms", 1),
    Column("ack_p50", "ack p50 ms", 1),
    Column("ack_p99", "ack p99 ms", 1),
)


def _at(rate: float) -> str:
    return f"{rate:g} messages/s"


def _talk_step(plan: Plan, rate: float, *, nginx: bool) -> Step:
    def measure() -> Sample:
        people = plan.count(PEOPLE)
        options = load.Options(
            warm=plan.warm,
            seconds=plan.seconds(SECONDS),
            rate=rate,
            senders=min(SENDERS, people // 2),
            drain=30,
        )
        with parley() as running:
            ran = load.run(running.one_room(people, feeds=False, nginx=nginx), options)
        return sample_of(US, _at(rate), ran, options, size=rate)

    return Step(US, _at(rate), measure)


@contextmanager
def _end_to_end(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_talk_step(plan, rate, nginx=False) for rate in RATES]


@contextmanager
def _through_nginx(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_talk_step(plan, rate, nginx=True) for rate in NGINX_RATES]


END_TO_END = Case(
    name="end-to-end",
    title="End to end: sent, committed, published, delivered",
    about=(
        "50 of the 1,000 clients of one room write, each with at most one message that has no answer yet. Daemon, MariaDB, "
        "Redis and all clients share two cores. Latency is from the sending to each receipt."
    ),
    steps=_end_to_end,
    columns=COLUMNS,
    goals=(
        Goal(
            "≥ 300,000 deliveries/s",
            largest(*(figure(US, _at(rate), "deliveries") for rate in RATES)),
            least=300_000,
            unit="/s",
        ),
        Goal("ack p50 ≤ 6 ms at 200 messages/s", figure(US, _at(200), "ack_p50"), most=6, unit=" ms"),
    ),
)

THROUGH_NGINX = Case(
    name="nginx",
    title="The same through nginx",
    about="As above, with the web server between, which shares the second core with everything but the daemon.",
    steps=_through_nginx,
    columns=COLUMNS,
)

# Acks a second that are to be reached, and their 99th percentile in ms, by the number of senders.
DURABLE_GOALS = {16: (2_500, 20), 64: (4_500, 35), 256: (6_000, 90)}
ONE_ROOM = "16 senders, one room"


def _senders(count: int) -> str:
    return f"{count} senders"


def _durable_target(running: Parley, senders: int, *, one_room: bool) -> load.Target:
    people = running.seed.people(senders)
    place = running.straight()[0]
    if one_room:
        rooms = [running.seed.room(f"talk of {people[0].user.name}", people)] * senders
    else:
        rooms = [running.seed.room(f"notes of {person.user.name}", [person]) for person in people]
    running.seed.settle()
    clients = [
        load.Client((0 if one_room else index,), person.cookie(running.settings), rooms[index])
        for index, person in enumerate(people)
    ]
    return running.target([place], clients, streams=1 if one_room else senders)


def _durable_step(plan: Plan, running: Parley, what: str, senders: int) -> Step:
    def measure() -> Sample:
        options = load.Options(warm=plan.warm, seconds=plan.seconds(SECONDS), senders=senders)
        target = _durable_target(running, senders, one_room=what == ONE_ROOM)
        size = 0 if what == ONE_ROOM else senders
        return sample_of(US, what, load.run(target, options), options, size=size)

    return Step(US, what, measure)


@contextmanager
def _durable(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley() as running:
        yield [
            *(_durable_step(plan, running, _senders(count), count) for count in DURABLE_GOALS),
            _durable_step(plan, running, ONE_ROOM, 16),
        ]


DURABLE = Case(
    name="durable",
    title="Durable sends",
    about=(
        "So many clients of one daemon write as fast as they may: each waits for the answer that its message is committed, "
        "and on the disk, before it writes the next. Each writes to a room of its own; in the last row all write to one room "
        "and hear one another. For reference, measured elsewhere by others: posting one durable message with 16 clients on "
        "four Ryzen cores, the ports of Campfire do 226–248/s (Rails), 112/s (Django), 1,400/s (Elixir) and about 9,000/s (Rust "
        "and Go), as their harness basecamp/once-campfire-verification publishes."
    ),
    steps=_durable,
    columns=(
        Column("acks", "acks/s"),
        Column("ack_p50", "p50 ms", 1),
        Column("ack_p99", "p99 ms", 1),
        Column("cpu_chatd", "daemon, of a core", 2),
        Column("cpu_mariadb", "MariaDB", 2),
    ),
    goals=tuple(
        goal
        for count, (rate, most) in DURABLE_GOALS.items()
        for goal in (
            Goal(
                f"≥ {rate:,} acks/s with {count} senders",
                figure(US, _senders(count), "acks"),
                least=rate,
                unit="/s",
            ),
            Goal(
                f"p99 ≤ {most} ms with {count} senders",
                figure(US, _senders(count), "ack_p99"),
                most=most,
                unit=" ms",
            ),
        )
    ),
)
