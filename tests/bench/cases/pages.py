"""Pages over HTTP, which wrk asks for: what they cost the web service."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import cores
from tests.bench.case import Case, Column, Plan, Plot, Step
from tests.bench.figures import US, Goal, Sample, figure
from tests.bench.parley import Parley, parley
from tests.bench.seed import Person

SECONDS = 6.0
WARM_SECONDS = 1
CONNECTIONS = 8
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class WrkFailed(RuntimeError):
    """wrk gave up, or said what is not understood."""


def wrk(running: Parley, person: Person, path: str, seconds: float) -> dict[str, float]:
    """Ask for a page again and again; requests, failures, and times in ms. Raises `WrkFailed`."""
    command = [
        *("wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:g}s", "--latency"),
        *("-H", f"Cookie: {person.cookie(running.settings)}", "-H", "Accept-Encoding: gzip"),
        running.stack.url + path,
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    said = ran.stdout
    requests = re.search(r"(\d+) requests in", said)
    if ran.returncode or not requests:
        raise WrkFailed(said + ran.stderr)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    times = {
        f"p{percent}": float(number) * UNITS[unit]
        for percent, number, unit in re.findall(r"^ +(50|99)% +([\d.]+)(us|ms|s)$", said, re.MULTILINE)
    }
    faults = int(refused[1] if refused else 0) + sum(map(int, broken.groups() if broken else ()))
    return {"requests": int(requests[1]), "faults": faults, **times}


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that somebody asks for; `size` is what it is drawn against."""

    who: str
    what: str
    person: Person
    path: str
    size: float


def _step(plan: Plan, running: Parley, asked: Asked) -> Step:
    def measure() -> Sample:
        wrk(running, asked.person, asked.path, WARM_SECONDS)
        meter = cores.Meter(running.roles)
        meter.begin()
        found = wrk(running, asked.person, asked.path, plan.seconds(SECONDS))
        usage = meter.end()
        figures = found | {
            "per_second": found["requests"] / usage.wall,
            "per_cpu": found["requests"] / usage.by_role["web"],
            "ms_web": 1e3 * usage.by_role["web"] / found["requests"],
            "ms_mariadb": 1e3 * usage.by_role["mariadb"] / found["requests"],
        }
        faults = {"failed requests": int(found["faults"])} if found["faults"] else {}
        return Sample(asked.who, asked.what, figures, asked.size, faults, usage.spoilt)

    return Step(asked.who, asked.what, measure)


COLUMNS = (
    Column("per_cpu", "pages a CPU second of web"),
    Column("ms_web", "web, ms each", 2),
    Column("ms_mariadb", "MariaDB", 2),
    Column("per_second", "pages/s"),
    Column("p50", "p50 ms", 1),
    Column("p99", "p99 ms", 1),
)

# -- history

SIZES = (1_000, 10_000, 100_000, 1_000_000)
NEWEST, OLDEST = f"{US}, the newest page", f"{US}, the oldest page"
PATHS = {NEWEST: "", OLDEST: "?before=51"}


def _messages(size: int) -> str:
    return f"{size:,} messages"


@contextmanager
def _history_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley() as running:
        (author,) = running.seed.people(1)
        steps = []
        for size in SIZES:
            room = running.seed.room(f"{size} messages", [author])
            running.seed.history(room, author, plan.count(size))
            for who, query in PATHS.items():
                path = f"/api/rooms/{room}/messages{query}"
                steps.append(_step(plan, running, Asked(who, _messages(size), author, path, size)))
        running.seed.settle()
        yield steps


HISTORY = Case(
    name="history",
    title="How a page of history grows with the room",
    about=(
        f"50 messages as JSON, signed in, through nginx, at both ends of a room; wrk keeps {CONNECTIONS} requests under way. "
        "A CPU second of web is one of all its processes together."
    ),
    steps=_history_steps,
    columns=COLUMNS,
    goals=tuple(
        Goal(
            f"{text} ≥ 400 a CPU second of web", figure(who, _messages(size), "per_cpu"), least=400, unit="/s"
        )
        for text, who, size in (
            ("the newest page of 1,000 messages", NEWEST, min(SIZES)),
            ("the newest page of 1,000,000 messages", NEWEST, max(SIZES)),
            ("the oldest page of 1,000,000 messages", OLDEST, max(SIZES)),
        )
    ),
    plots=(
        Plot(
            "history",
            "CPU of a page of history by the size of the room",
            "ms_web",
            "messages in the room",
            "ms of web a page",
            logarithmic=True,
        ),
    ),
)

# -- the chat page

ROOMS = (1, 10, 100, 200, 1_000)


def _in_rooms(count: int) -> str:
    return f"in {count:,} room{'' if count == 1 else 's'}"


@contextmanager
def _chat_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley() as running:
        people = dict(zip(ROOMS, running.seed.people(len(ROOMS)), strict=True))
        first = 0
        for number in range(plan.count(max(ROOMS))):
            inside = [person for count, person in people.items() if number < count]
            room = running.seed.room(f"room {number}", inside)
            first = first or room
        running.seed.history(first, people[1], 200)
        running.seed.settle()
        yield [
            _step(plan, running, Asked(US, _in_rooms(count), person, f"/rooms/{first}", count))
            for count, person in people.items()
        ]


CHAT = Case(
    name="chat",
    title="How the chat page grows with the rooms of a user",
    about=(
        "The chat page of a user in so many rooms, with 50 messages, as a browser gets it: signed in, through nginx, compressed by gzip; "
        f"wrk keeps {CONNECTIONS} requests under way."
    ),
    steps=_chat_steps,
    columns=COLUMNS,
    goals=(
        Goal(
            "in 200 rooms ≥ 150 a CPU second of web",
            figure(US, _in_rooms(200), "per_cpu"),
            least=150,
            unit="/s",
        ),
    ),
    plots=(
        Plot(
            "chat-page",
            "CPU of the chat page by the rooms of a user",
            "ms_web",
            "rooms of a user",
            "ms of web a page",
            logarithmic=True,
        ),
    ),
)
