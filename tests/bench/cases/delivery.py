"""Changes that arrive by Redis, and what it takes to deliver them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.bench import load
from tests.bench.case import Case, Column, Plan, Plot, Step, sample_of
from tests.bench.cases.common import AS_MUCH, PEOPLE, SECONDS, times
from tests.bench.contenders import (
    BROADCAST,
    C_SERVER,
    CHANNELS,
    CHANNELS_PUBSUB,
    EVERYBODY,
    FLASK_SOCKETIO,
    NODE_WS,
    PARLEY,
    PARLEY_LOCAL,
    PEERS_OF_FAN_OUT,
    SOCKET_IO,
    OurSelf,
    Peer,
)
from tests.bench.figures import US, Goal, Sample, Table, figure, ratio, worst_ratio
from tests.bench.parley import parley

CALM = "50 messages/s"
HIGH = "600 messages/s"
HIGHEST = "1,000 messages/s"
RATES = {CALM: 50.0, HIGH: 600.0, HIGHEST: 1000.0}
STALLED_SECONDS = 45.0  # the kernel hides what a client does not read for 16 s of it
STALLED_SHARE = 0.05


def _step(contender: OurSelf | Peer, plan: Plan, what: str) -> Step:
    """One contender, one room, at a rate or as fast as it goes."""

    def measure() -> Sample:
        rate = RATES.get(what, 0.0)
        options = load.Options(
            warm=plan.warm, seconds=plan.seconds(SECONDS), rate=rate, window=contender.window
        )
        with contender.one_room(plan.count(PEOPLE)) as target:
            ran = load.run(target, options)
        return sample_of(contender.name, what, ran, options, size=rate)

    return Step(contender.name, what, measure)


@contextmanager
def _fan_out(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [
        *(_step(contender, plan, AS_MUCH) for contender in EVERYBODY),
        _step(PARLEY_LOCAL, plan, AS_MUCH),
        *(_step(contender, plan, CALM) for contender in (PARLEY, *PEERS_OF_FAN_OUT, C_SERVER)),
        _step(PARLEY, plan, HIGH),
        _step(PARLEY, plan, HIGHEST),
    ]


FAN_OUT = Case(
    name="fan-out",
    title="Fan-out: one room of 1,000",
    about=(
        "Messages of about 190 bytes reach the server by Redis, and the server sends each to the 1,000 clients of one "
        "room, straight, without TLS. Parley's are committed to MariaDB first (whose files lie in memory here, as the peers "
        "store nothing), and checked against it by the daemon as always. As many as it takes: 64 messages are under way at once "
        "(8 for Channels), so that they come in bursts, of at least 16 where they are made for Parley. Nobody waits for an answer "
        "here: in the next two cases messages come from clients, who do. Socket.IO, Flask-SocketIO and Channels hear of a "
        "message from a process on the load's core that emits what Redis brings, which is how their documentation lets "
        "another process publish. "
        "The C server is what the kernel takes for the sends alone, with no protocol."
    ),
    steps=_fan_out,
    columns=(
        Column("deliveries", "deliveries/s"),
        Column("p50", "p50 ms", 1),
        Column("p99", "p99 ms", 1),
        Column("cpu_per_million", "CPU s per million", 2),
        Column("load_core", "load's core", 2),
    ),
    compared={AS_MUCH: "deliveries", CALM: "p99"},
    goals=(
        Goal("≥ 1,000,000 deliveries/s", figure(US, AS_MUCH, "deliveries"), least=1_000_000, unit="/s"),
        Goal("p99 ≤ 60 ms at 600,000/s", figure(US, HIGH, "p99"), most=60, unit=" ms"),
        times(NODE_WS, AS_MUCH, 15),
        times(FLASK_SOCKETIO, AS_MUCH, 30),
        times(SOCKET_IO, AS_MUCH, 1),
        times(CHANNELS, AS_MUCH, 1),
        times(CHANNELS_PUBSUB, AS_MUCH, 1),
        times(BROADCAST, AS_MUCH, 1),
        Goal(
            "p99 at 50 messages/s no worse than the best peer's",
            worst_ratio((US, CALM), [(peer.name, CALM) for peer in PEERS_OF_FAN_OUT], "p99"),
            most=1.0,
            unit=" ×",
        ),
    ),
)

READING = "everybody reads"
STALLING = "5 % have stopped reading"


def _stalled_step(plan: Plan, what: str) -> Step:
    def measure() -> Sample:
        options = load.Options(
            warm=plan.warm,
            seconds=plan.seconds(STALLED_SECONDS),
            rate=RATES[HIGH],
            stall=STALLED_SHARE if what == STALLING else 0.0,
            drain=30,
        )
        with PARLEY.one_room(plan.count(PEOPLE)) as target:
            ran = load.run(target, options)
        return sample_of(US, what, ran, options)

    return Step(US, what, measure)


@contextmanager
def _stalled(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_stalled_step(plan, what) for what in (READING, STALLING)]


def _of_stalled(name: str) -> Goal:
    return Goal(
        {
            "p99": "the others' p99 grows by less than 20 %",
            "rss_chatd_after": "memory is back to normal afterwards (within 5 %)",
        }[name],
        ratio((US, STALLING), (US, READING), name),
        most={"p99": 1.2, "rss_chatd_after": 1.05}[name],
        unit=" ×",
    )


def _share_cut_off(table: Table) -> float:
    """Of those who do not read, in the round in which it was the smallest."""
    return table.counted(US, STALLING, "cut").least / table.value(US, STALLING, "stalled")


STALLED = Case(
    name="stalled",
    title="Readers that stall",
    about=(
        "The same room, fed the same way, at 600 messages/s for 45 s, without and with one client in twenty that has stopped reading and "
        "stays connected, with a receive buffer of 64 KiB. The daemon cuts those off when 1 MiB has waited for 5 s, or four "
        "times as much does."
    ),
    steps=_stalled,
    columns=(
        Column("deliveries", "deliveries/s"),
        Column("p50", "p50 ms", 1),
        Column("p99", "p99 ms", 1),
        Column("rss_chatd_ready", "daemon MB before", 1, 2**-20),
        Column("rss_chatd_peak", "at most", 1, 2**-20),
        Column("rss_chatd_after", "afterwards", 1, 2**-20),
        Column("stalled", "do not read"),
        Column("cut", "cut off"),
    ),
    goals=(
        _of_stalled("p99"),
        Goal(
            "memory at most 4 MiB for each stalled client above normal",
            lambda table: (
                (table.value(US, STALLING, "rss_chatd_peak") - table.value(US, READING, "rss_chatd_peak"))
                / 2**20
                / (PEOPLE * STALLED_SHARE)
            ),
            most=4,
            unit=" MiB",
        ),
        _of_stalled("rss_chatd_after"),
        Goal("all who stopped reading are cut off", _share_cut_off, least=1.0, unit=" of them"),
    ),
)

NUMBERS = (1, 2, 4)
DAEMONS_RATE = 200.0


def _daemons_step(plan: Plan, number: int) -> Step:
    def measure() -> Sample:
        options = load.Options(warm=plan.warm, seconds=plan.seconds(SECONDS), rate=DAEMONS_RATE, drain=30)
        with parley(daemons=number, in_memory=True) as running:
            ran = load.run(running.one_room(plan.count(PEOPLE), feeds=True), options)
        return sample_of(US, _daemons(number), ran, options, size=number)

    return Step(US, _daemons(number), measure)


def _daemons(number: int) -> str:
    return "1 daemon" if number == 1 else f"{number} daemons"


@contextmanager
def _several_daemons(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_daemons_step(plan, number) for number in NUMBERS]


DAEMONS = Case(
    name="daemons",
    title="What a delivery costs with several daemons",
    about=(
        "The 1,000 clients of one room, spread over the daemons, which share one core; 200 messages/s, Parley's files in "
        "memory. The CPU time is that of all processes of Parley, MariaDB, Redis and nginx included, and of what commits and publishes."
    ),
    steps=_several_daemons,
    columns=(
        Column("deliveries", "deliveries/s"),
        Column("p99", "p99 ms", 1),
        Column("cpu_per_million", "CPU s per million", 3),
    ),
    goals=tuple(
        Goal(
            f"the same within 15 % with {number} daemons as with one",
            ratio((US, _daemons(number)), (US, _daemons(1)), "cpu_per_million"),
            least=0.85,
            most=1.15,
            unit=" ×",
        )
        for number in NUMBERS[1:]
    ),
)

SIZES = (100, 1_000, 10_000)


def _members(size: int) -> str:
    return f"{size:,} members"


def _members_step(plan: Plan, size: int) -> Step:
    def measure() -> Sample:
        options = load.Options(warm=plan.warm, seconds=plan.seconds(SECONDS), window=PARLEY.window, drain=30)
        with PARLEY.one_room(plan.count(size)) as target:
            ran = load.run(target, options)
        return sample_of(US, _members(size), ran, options, size=size)

    return Step(US, _members(size), measure)


@contextmanager
def _growing(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [_members_step(plan, size) for size in SIZES]


MEMBERS = Case(
    name="members",
    title="How a delivery grows with the members of a room",
    about="As the fan-out, as many messages as it takes, in rooms of several sizes in which everybody is connected.",
    steps=_growing,
    columns=(
        Column("deliveries", "deliveries/s"),
        Column("sent", "messages/s"),
        Column("p50", "p50 ms", 1),
        Column("p99", "p99 ms", 1),
        Column("cpu_per_million", "CPU s per million", 2),
        Column("load_core", "load's core", 2),
        Column("rss_chatd_end", "daemon MB", 0, 2**-20),
    ),
    plots=(
        Plot(
            "members",
            "What a million deliveries cost by the members of the room",
            "cpu_per_million",
            "members",
            "CPU s of all but the receivers",
            logarithmic=True,
        ),
    ),
)
