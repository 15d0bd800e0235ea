"""`python -m tests.chaos`: break the running product for a while, and judge what its clients saw.

Exits 1 on a broken promise; prints the seed, with which the same faults come again.
"""

import argparse
import asyncio
import gc
import random
import sys
import time

from tests.chaos import planted
from tests.chaos.checker import check
from tests.chaos.faults import Faults, Figures
from tests.chaos.proxy import Proxy
from tests.chaos.stack import Stack
from tests.chaos.workload import Workload

SHOWN = 30


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="how long things are broken (120)")
    parser.add_argument("--kills", type=int, default=0, help="go on until so many processes were killed")
    parser.add_argument("--acked", type=int, default=0, help="go on until so many messages were acknowledged")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the faults"
    )
    parser.add_argument("--users", type=int, default=12)
    parser.add_argument("--clients", type=int, default=24, help="devices, spread over the users")
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--rate", type=float, default=400, help="commands a second, all told")
    parser.add_argument(
        "--planted", default="", help="a bug of tests.chaos.planted that the checker must find"
    )
    parser.add_argument(
        "--quiet-every", type=int, default=2, help="around one fault in so many nobody sends (2)"
    )
    parser.add_argument("--verbose", action="store_true", help="a line for each fault")
    parser.add_argument("--heal", type=float, default=6, help="seconds in which readers are whole again (6)")
    parser.add_argument(
        "--resume", type=float, default=3, help="seconds in which sends are acknowledged again (3)"
    )
    parser.add_argument("--faults", default="", help="only these, by comma")
    return parser.parse_args()


async def run(options: argparse.Namespace) -> bool:
    """One run; whether every promise was kept."""
    bug = planted.BUGS.get(options.planted)
    more = planted.environment(options.planted) if bug else {}
    stack = await asyncio.to_thread(Stack, more, drain_seconds="3")
    proxy = Proxy(stack.port)
    try:
        if bug is not None:
            bug.prepare(stack)
            bug.client()
        url = f"http://127.0.0.1:{await proxy.start()}"
        workload = Workload(
            url, seed=options.seed, users=options.users, devices=options.clients, rooms=options.rooms
        )
        await workload.prepare()
        faults = Faults(stack, workload, proxy, seed=options.seed, verbose=options.verbose)
        began = time.monotonic()
        workload.start(options.rate)
        await _break(options, faults, workload, began)
        await workload.stop()
        await faults.settle()
        seconds = time.monotonic() - began
        history = workload.history()
        history.log = await asyncio.to_thread(stack.rooms_log)
        violations = check(history) + _too_late(options, faults.figures)
        if workload.queued:
            violations.append(f"{workload.queued} commands never got a final answer")
        await workload.close()
        _report(options, faults, workload, seconds, violations)
        return not violations
    finally:
        await proxy.close()
        await asyncio.to_thread(stack.close)


def _too_late(options: argparse.Namespace, figures: Figures) -> list[str]:
    """What took longer than is promised."""
    never = [f"not healed within a minute: {late}" for late in figures.late]
    heal = [f"healed {took:.1f} s after {name}" for name, took in figures.heal.items() if took > options.heal]
    resume = [
        f"sends resumed {took:.1f} s after {name} was back"
        for name, took in figures.resume.items()
        if took > options.resume
    ]
    return never + heal + resume


async def _break(options: argparse.Namespace, faults: Faults, workload: Workload, began: float) -> None:
    count = 0
    chosen = [name for name in options.faults.split(",") if name]
    told = began
    while (
        time.monotonic() - began < options.seconds
        or sum(faults.figures.kills.values()) < options.kills
        or workload.acked < options.acked
    ):
        count += 1
        await faults.strike(faults.schedule(chosen), quiet=count % options.quiet_every == 0)
        await asyncio.sleep(random.uniform(0.1, 0.8))
        if time.monotonic() - told > 30:
            told = time.monotonic()
            kills = sum(faults.figures.kills.values())
            print(
                f"{told - began:6.0f} s  {workload.acked} acked  {kills} kills  {workload.queued} queued",
                flush=True,
            )


def _report(
    options: argparse.Namespace, faults: Faults, workload: Workload, seconds: float, violations: list[str]
) -> None:
    figures = faults.figures
    kills = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.kills.items()))
    print(
        f"\nseed {options.seed}, {seconds:.0f} s, {options.clients} clients of {options.users} users in {options.rooms} rooms"
    )
    print(f"acknowledged messages  {workload.acked}")
    print(f"commands               {sum(len(device.tries) for device in workload.devices)}")
    print(f"refused for good       {dict(workload.refused)}")
    print(f"refused for a while    {dict(workload.temporary)}")
    print(
        f"process kills          {sum(figures.kills.values())} ({kills}), {figures.busy_kills} amid 10 or more sends"
    )
    print(f"faults                 {dict(sorted(figures.faults.items()))}")
    worst = max(figures.heal.items(), key=lambda item: item[1], default=("none", 0.0))
    print(f"worst time to heal     {worst[1]:.2f} s ({worst[0]})")
    for name, took in sorted(figures.heal.items()):
        print(f"    {name:22} {took:.2f} s")
    for name, took in sorted(figures.resume.items()):
        print(f"sends resumed          {took:.2f} s at worst after {name} was back")
    print(f"worst ack              {max(device.worst_ack for device in workload.devices):.2f} s")
    print(f"violations             {len(violations)}")
    for violation in violations[:SHOWN]:
        print(f"    {violation}")


if __name__ == "__main__":
    # A full collection over the millions of messages of a long run would take seconds, and look like a fault.
    gc.set_threshold(100_000, 50, 1_000_000)
    sys.exit(0 if asyncio.run(run(arguments())) else 1)
