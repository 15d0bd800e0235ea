"""`make attack`: attack a private Parley, say what was tried and what came of it; exits 1 where something was found.

    make attack A='--only wire,timing --sign-ins 100'

The parts are `site` (headers of every kind of answer), `scanners` (wapiti and sqlmap, signed in and as a visitor),
`wire` (WebSocket: broken frames, a fuzz, lines that dawdle) and `timing` (sign-in and reset links). A run of all
parts writes `tests/security/RESULTS.md`.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.security.attack import headers, scanning, slow, timing, wire
from tests.security.attack.report import Part, write
from tests.security.attack.site import Product
from tests.servers import wait_for

Z_MOST = 3.3  # of a rank test: exceeded by chance once in a thousand runs
RATIO_MOST = 1.05  # of two medians; a difference below it takes many more tries than the limits allow
WITNESS_SECONDS = 2.0  # the longest that somebody else may wait while others attack


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    sign_ins: int
    connections: int
    lines: int
    seconds: int
    seed: int


def site(product: Product, _: Options) -> Part:
    """The headers."""
    anna = product.person(f"s{time.monotonic_ns()}")
    faults = headers.check(product, anna.cookies())
    return Part("Headers", [f"{len(headers.KINDS)} kinds of answers asked for"], faults)


def wire_part(product: Product, options: Options) -> Part:
    """The WebSocket."""
    anna, bert = (product.person(f"{letter}{time.monotonic_ns()}").cookies() for letter in "ab")
    pids = _daemons(product)
    wrong = asyncio.run(wire.conformance(product, anna))
    fuzzed = asyncio.run(wire.fuzz(product, anna, bert, connections=options.connections, seed=options.seed))
    dawdled = asyncio.run(slow.dawdle(product, bert, each=options.lines))
    faults = wrong + slow.too_long(dawdled)
    if _daemons(product) != pids:
        faults.append("a daemon has died")
    if "unforeseen" in "".join(product.log(name) for name in pids):
        faults.append("a daemon met something unforeseen")
    worst = max(fuzzed.worst_ack, dawdled.page, dawdled.handshake)
    if worst > WITNESS_SECONDS:
        faults.append(f"somebody else waited {worst:.1f} s")
    figures = [
        f"{len(wire.CASES)} cases of RFC 6455 and of limits; answered otherwise than they must be: {len(wrong)}",
        f"Fuzz: {fuzzed.frames:,} spoiled frames on {fuzzed.connections} connections; somebody else's message was"
        f" acknowledged after at most {fuzzed.worst_ack * 1000:.0f} ms; memory of all daemons"
        f" {fuzzed.memory_before / 1024:.0f} MiB before, {fuzzed.memory_after / 1024:.0f} MiB after",
        f"{dawdled.lines} lines that dawdle, at once: somebody else's page took at most"
        f" {dawdled.page * 1000:.0f} ms, a handshake {dawdled.handshake * 1000:.0f} ms",
    ]
    figures += [
        f"{name}: " + ("held (only others count)" if seconds is None else f"cut off after {seconds:.0f} s")
        for name, seconds in dawdled.cut.items()
    ]
    return Part("WebSocket, and lines that dawdle", figures, faults)


def timing_part(product: Product, options: Options) -> Part:
    """The stop-watch."""
    wait_for(lambda: product.deploy("status").returncode == 0, what="all processes are well")
    name = f"t{time.monotonic_ns()}"
    product.person(name)
    found = {
        "Sign-in, wrong password of a known name / unknown name": timing.sign_in(
            product, name, count=options.sign_ins, seed=options.seed
        ),
        "Link to a new password, too old / never made": timing.reset_links(
            product, name, count=options.sign_ins, seed=options.seed
        ),
    }
    figures, faults = [], []
    for what, timed in found.items():
        figures.append(
            f"{what}, {timed.count} of each in random order: median {timed.known:.2f} / {timed.unknown:.2f} ms,"
            f" ratio {timed.ratio:.3f}, Mann-Whitney z = {timed.z:+.2f},"
            f" {'the same words' if timed.same_words else 'DIFFERENT WORDS'}"
        )
        if not timed.same_words:
            faults.append(f"{what}: the answers differ")
        if abs(timed.z) > Z_MOST and not 1 / RATIO_MOST < timed.ratio < RATIO_MOST:
            faults.append(f"{what}: the times differ")
    return Part("Timing", figures, faults)


PARTS: dict[str, Callable[[Product, Options], Part]] = {
    "site": site,
    "scanners": lambda product, options: scanning.part(product, seconds=options.seconds),
    "wire": wire_part,
    "timing": timing_part,
}


def _daemons(product: Product) -> dict[str, int]:
    names = [f"chatd:chatd-{index}" for index in range(product.settings.daemons)]
    return {name: product.pid(name) for name in names}


def main() -> int:
    """Run the parts; the exit code."""
    parser = argparse.ArgumentParser(prog="make attack", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help="these parts, by comma")
    parser.add_argument("--sign-ins", type=int, default=500, help="with a known name, and as many without")
    parser.add_argument("--connections", type=int, default=200, help="of the WebSocket fuzz")
    parser.add_argument("--lines", type=int, default=30, help="that dawdle, of each kind")
    parser.add_argument("--seconds", type=int, default=20, help="for each module of wapiti")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    options = Options(given.sign_ins, given.connections, given.lines, given.seconds, given.seed)
    chosen = given.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # that a line was cut off is what is wanted
    began, parts = time.monotonic(), []
    product = Product()
    try:
        for name in chosen:
            part = PARTS[name](product, options)
            print(part, flush=True)
            parts.append(part)
    finally:
        product.close()
    if set(chosen) == set(PARTS):
        command = "make attack" + (f" A='{' '.join(sys.argv[1:])}'" if sys.argv[1:] else "")
        write(
            Path(__file__).parent.parent / "RESULTS.md",
            command,
            parts,
            time.monotonic() - began,
            options.seed,
        )
    return int(any(part.faults for part in parts))


if __name__ == "__main__":
    sys.exit(main())
