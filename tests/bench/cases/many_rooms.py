"""Many rooms: each client gets a little of many."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.bench import load
from tests.bench.case import Case, Column, Plan, Step, sample_of
from tests.bench.cases.common import AS_MUCH, SECONDS, times
from tests.bench.contenders import C_SERVER, C_SERVER_TEN, Peer
from tests.bench.feed import CommittedFeed
from tests.bench.figures import US, Sample
from tests.bench.parley import BODY, Parley, parley

PEOPLE = 2_000
ROOMS_EACH = 50
SMALLEST, LARGEST = 20, 200
SEED = 7
BACKLOG = "a backlog"
WINDOWS = {AS_MUCH: 64, BACKLOG: 1_000}  # messages under way at once


def deal(people: int, rooms_each: int, smallest: int, largest: int) -> list[list[int]]:
    """The members of each room, so that everybody is in about `rooms_each` of them. The same at each call."""
    drawn = random.Random(SEED)
    rooms: list[list[int]] = []
    left = [rooms_each] * people
    while (willing := [person for person in range(people) if left[person] > 0]) and len(willing) >= smallest:
        size = min(drawn.randint(smallest, largest), len(willing))
        # Those who are in the fewest rooms first, so that nobody is left with many to choose alone.
        members = sorted(drawn.sample(willing, len(willing)), key=lambda person: -left[person])[:size]
        for person in members:
            left[person] -= 1
        rooms.append(members)
    return rooms


def _rooms(plan: Plan) -> list[list[int]]:
    return deal(plan.count(PEOPLE), plan.count(ROOMS_EACH), SMALLEST, LARGEST)


def of_people(rooms: Sequence[Sequence[int]], people: int) -> list[list[int]]:
    """The rooms that each is in."""
    found: list[list[int]] = [[] for _ in range(people)]
    for room, members in enumerate(rooms):
        for person in members:
            found[person].append(room)
    return found


def _order(rooms: int) -> list[int]:
    return random.Random(SEED).sample(range(rooms), rooms)


def _options(plan: Plan, what: str) -> load.Options:
    return load.Options(warm=plan.warm, seconds=plan.seconds(SECONDS), window=WINDOWS[what], drain=30)


def _parley_target(running: Parley, rooms: Sequence[Sequence[int]], people: int) -> load.Target:
    members = running.seed.people(people)
    ids = [
        running.seed.room(f"room {number}", [members[person] for person in chosen])
        for number, chosen in enumerate(rooms)
    ]
    running.seed.settle()
    authors = [[members[person].user for person in chosen] for chosen in rooms]
    return running.target(
        running.straight(),
        running.clients(members, of_people(rooms, people), 1),
        streams=len(rooms),
        feed=CommittedFeed(
            running.settings, list(zip(ids, authors, strict=True)), _order(len(rooms)), body=BODY
        ),
    )


def _parley_step(plan: Plan, what: str) -> Step:
    def measure() -> Sample:
        with parley(in_memory=True) as running:
            target = _parley_target(running, _rooms(plan), plan.count(PEOPLE))
            options = _options(plan, what)
            return sample_of(US, what, load.run(target, options), options)

    return Step(US, what, measure)


def _peer_step(plan: Plan, peer: Peer, what: str) -> Step:
    def measure() -> Sample:
        rooms = _rooms(plan)
        streams = of_people(rooms, plan.count(PEOPLE))
        options = _options(plan, what)
        with peer.run(streams, order=_order(len(rooms))) as target:
            return sample_of(peer.name, what, load.run(target, options), options)

    return Step(peer.name, what, measure)


@contextmanager
def _steps(plan: Plan) -> Iterator[Sequence[Step]]:
    yield [
        _parley_step(plan, AS_MUCH),
        _peer_step(plan, C_SERVER, AS_MUCH),
        _peer_step(plan, C_SERVER_TEN, AS_MUCH),
        _parley_step(plan, BACKLOG),
        _peer_step(plan, C_SERVER, BACKLOG),
    ]


MANY_ROOMS = Case(
    name="rooms",
    title="Many rooms",
    about=(
        "2,000 clients, each in 50 rooms of 20 to 200 members; the messages go to all rooms in turn, so that a client is due "
        "little at a time. The C server sends the same bytes to the same sockets, and does nothing else: what the kernel's "
        "send costs. Parley's files lie in memory. 64 messages are under way at once, or 1,000: a backlog."
    ),
    steps=_steps,
    columns=(
        Column("deliveries", "deliveries/s"),
        Column("sent", "messages/s"),
        Column("p50", "p50 ms", 1),
        Column("p99", "p99 ms", 1),
        Column("cpu_chatd", "daemon, of a core", 2),
    ),
    compared=dict.fromkeys(WINDOWS, "deliveries"),
    goals=(
        times(C_SERVER, AS_MUCH, 0.8, "≥ 80 % of the C server with one frame a send"),
        times(C_SERVER, BACKLOG, 1.0, "above it where a backlog forms"),
    ),
)
