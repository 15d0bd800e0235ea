"""How long the chat page takes in Chromium until somebody can use it."""

import os
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page

from tests.bench import cores
from tests.bench.case import Case, Column, Plan, Step
from tests.bench.figures import US, Goal, Sample, figure
from tests.bench.parley import Parley, parley
from tests.bench.seed import Person
from tests.chromium import chromium

ROOMS = 20
MESSAGES = 200
LOADS = 5  # in a row, of which the median counts
DRAWN = 50  # messages that the page loads at first
SLOWER = 4
WAIT_MS = 60_000
SETTLING_MS = 3_000  # a new window of Chromium draws its own frame, a page of its own, in this time
FIRST, AGAIN = "first visit", "again"
SLOWED, AS_IT_IS = f"CPU slowed {SLOWER} times", "CPU as it is"

# Usable: the composer takes text, the newest messages stand there, and the browser has painted them. The
# frame after the one in which they were drawn begins when that one has been painted.
WATCH = """
(() => {
  const usable = () => {
    const composer = document.querySelector("#composer-text");
    const rows = document.querySelectorAll("#message-list .message[data-number]");
    return composer && !composer.disabled && !composer.readOnly && composer.checkVisibility() && rows.length >= DRAWN;
  };
  const look = () => {
    if (usable()) requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("usable")));
    else requestAnimationFrame(look);
  };
  look();
})();
""".replace("DRAWN", str(DRAWN))
IS_USABLE = "() => performance.getEntriesByName('usable').length > 0"
# Times since the start of the navigation, in ms; bytes with 300 for the head of each response (by W3C
# Resource Timing browsers say that instead of its size), 0 of what the cache has.
READ = """() => {
  const loads = performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"));
  const at = (name) => performance.getEntriesByName(name)[0]?.startTime ?? 0;
  return {
    usable: at("usable"),
    painted: at("first-contentful-paint"),
    bytes: loads.reduce((sum, load) => sum + load.transferSize, 0),
    requests: loads.filter((load) => load.transferSize > 0).length,
  };
}"""


@contextmanager
def tab(browser: Browser, running: Parley, person: Person, slower: int) -> Iterator[Page]:
    """A tab of somebody who is signed in, with an empty cache, its CPU so many times slower.

    Its window has been open for a while, as a person's is.
    """
    context: BrowserContext = browser.new_context()
    try:
        name, _, sid = person.cookie(running.settings).partition("=")
        context.add_cookies([{"name": name, "value": sid, "url": running.stack.url}])
        page = context.new_page()
        page.wait_for_timeout(SETTLING_MS)
        page.add_init_script(WATCH)
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
        yield page
    finally:
        context.close()


def load(page: Page, address: str) -> dict[str, float]:
    """Open the chat page, and say how long it took. Raises Playwright's `TimeoutError` after a minute."""
    page.goto(address, wait_until="commit")
    page.wait_for_function(IS_USABLE, polling=100, timeout=WAIT_MS)
    found: dict[str, float] = page.evaluate(READ)
    return found


def seeded(running: Parley) -> tuple[Person, int]:
    """Somebody in many rooms, and the one of them where much was said, all of which they have read."""
    author, reader = running.seed.people(2)
    for number in range(ROOMS - 1):
        running.seed.room(f"another room {number}", [author, reader])
    talk = running.seed.room("talk", [author])
    running.seed.history(talk, author, MESSAGES)
    running.seed.join(talk, [reader])
    running.seed.settle()
    return reader, talk


def _what(slower: int, visit: str) -> str:
    return f"{SLOWED if slower > 1 else AS_IT_IS}, {visit}"


def _step(
    plan: Plan, running: Parley, browser: Browser, reader: tuple[Person, int], slower: int, visit: str
) -> Step:
    what = _what(slower, visit)
    person, talk = reader
    address = f"{running.stack.url}/rooms/{talk}"

    def measure() -> Sample:
        loads = []
        meter = cores.Meter(lambda: {**running.roles(), "browser": cores.family(os.getpid())[1:]})
        usages = []
        for _ in range(1 if plan.quick else LOADS):
            with tab(browser, running, person, slower) as page:
                if visit == AGAIN:
                    load(page, address)
                meter.begin()
                loads.append(load(page, address))
                usages.append(meter.end())
        figures = {name: statistics.median(found[name] for found in loads) for name in loads[0]}
        spoilt = next((usage.spoilt for usage in usages if usage.spoilt), "")
        return Sample(US, what, figures | {"machine_load": os.getloadavg()[0]}, spoilt=spoilt)

    return Step(US, what, measure)


@contextmanager
def _steps(plan: Plan) -> Iterator[Sequence[Step]]:
    with parley(measured="web") as running, chromium() as browser:
        reader = seeded(running)
        yield [
            _step(plan, running, browser, reader, slower, visit)
            for slower in (SLOWER, 1)
            for visit in (FIRST, AGAIN)
        ]


PAGE = Case(
    name="page",
    title="The chat page, until it can be used",
    about=(
        f"In Chromium, through nginx without TLS, somebody who is signed in and in {ROOMS} rooms opens one with {MESSAGES} messages: "
        f"from the start of the navigation until the composer takes text and the newest {DRAWN} messages are painted. "
        f"Slowed: DevTools lets the page's CPU do a {SLOWER}th (Emulation.setCPUThrottlingRate). A first visit finds an empty cache. "
        f"A round is the median of {LOADS} loads. Of the bytes 300 stand for the head of each response."
    ),
    steps=_steps,
    columns=(
        Column("usable", "usable, ms"),
        Column("painted", "first paint, ms"),
        Column("bytes", "transferred kB", 1, 1e-3),
        Column("requests", "requests"),
        Column("machine_load", "machine's load", 1),
    ),
    goals=(
        Goal(
            f"usable within 1 s, {SLOWED}, first visit",
            figure(US, _what(SLOWER, FIRST), "usable"),
            most=1000,
            unit=" ms",
        ),
    ),
)
