"""Pages over HTTP, which wrk asks for: what they cost the web service."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import cores
from tests.bench.case import Case, Column, Plan, Plot, Step
from tests.bench.figures import US, Goal, Sample, figure
from tests.bench.parley import Parley, parley
from tests.bench.wrk import CONNECTIONS, Wanted, compare, fetch, wrk

SECONDS = 6.0
WARM_SECONDS = 1
PAGE = 50  # messages
MEASURED = "web"


@dataclass(frozen=True, slots=True)
class Asked:
    """A row: a page that is asked for; `size` is what it is drawn against."""

    who: str
    what: str
    wanted: Wanted
    size: float


def _step(plan: Plan, running: Parley, asked: Asked) -> Step:
    def measure() -> Sample:
        size = fetch(running, asked.wanted)
        wrk(running, asked.wanted, WARM_SECONDS)
        meter = cores.Meter(running.roles)
        meter.begin()
        found = wrk(running, asked.wanted, plan.seconds(SECONDS))
        usage = meter.end()
        compare(found, size)
        figures = found | {
            "per_second": found["requests"] / usage.wall,
            "per_cpu": found["requests"] / usage.by_role[MEASURED],
            "ms_web": 1e3 * usage.by_role[MEASURED] / found["requests"],
            "ms_mariadb": 1e3 * usage.by_role["mariadb"] / found["requests"],
            **usage.shares([MEASURED], len(cores.cores()[1])),
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


def _in_history(text: str) -> dict[str, int]:
    return {"messages": len(json.loads(text)["messages"])}


@contextmanager
def _history_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley(measured=MEASURED) as running:
        (author,) = running.seed.people(1)
        steps = []
        for size in SIZES:
            room = running.seed.room(f"{size} messages", [author])
            running.seed.history(room, author, plan.count(size))
            for who, query in PATHS.items():
                wanted = Wanted(author, f"/api/rooms/{room}/messages{query}", _in_history, {"messages": PAGE})
                steps.append(_step(plan, running, Asked(who, _messages(size), wanted, size)))
        running.seed.settle()
        yield steps


HISTORY = Case(
    name="history",
    title="How a page of history grows with the room",
    about=(
        f"{PAGE} messages as JSON, signed in, through nginx, at both ends of a room; wrk keeps {CONNECTIONS} requests under way, "
        "each of which is made when another is answered (a closed loop). "
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


def _in_chat(text: str) -> dict[str, int]:
    found = re.search(r'<script type="application/json" id="boot">(.*?)</script>', text, re.DOTALL)
    if found is None:
        return {}
    boot = json.loads(found[1])
    return {"messages": len(boot["page"]["messages"]), "rooms": len(boot["rooms"])}


@contextmanager
def _chat_steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley(measured=MEASURED) as running:
        people = dict(zip(ROOMS, running.seed.people(len(ROOMS)), strict=True))
        first = 0
        most = plan.count(max(ROOMS))
        for number in range(most):
            inside = [person for count, person in people.items() if number < count]
            room = running.seed.room(f"room {number}", inside)
            first = first or room
        running.seed.history(first, people[1], 200)
        running.seed.settle()
        steps = []
        for count, person in people.items():
            parts = {"messages": PAGE, "rooms": min(count, most) + 1}  # and the one that everybody is in
            wanted = Wanted(person, f"/rooms/{first}", _in_chat, parts, encoding="gzip")
            steps.append(_step(plan, running, Asked(US, _in_rooms(count), wanted, count)))
        yield steps


CHAT = Case(
    name="chat",
    title="How the chat page grows with the rooms of a user",
    about=(
        f"The chat page of a user in so many rooms, with {PAGE} messages, as a browser gets it: signed in, through nginx, compressed "
        f"by gzip; wrk keeps {CONNECTIONS} requests under way, each of which is made when another is answered (a closed loop)."
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
