"""`python -m tests.bench`: measure, keep what was found, and write RESULTS.md."""

import argparse
import os
import resource
import signal
import sys

from tests.bench import cores, load, machine, report, results, rounds, verdict
from tests.bench.case import Case, Plan
from tests.bench.cases import CASES
from tests.bench.contenders import missing
from tests.bench.figures import ROUNDS_LEAST, Table
from tests.system.stack import clean_environment


def main() -> int:
    """Measure what is asked for; 1 where Parley failed, lost or mixed up messages, or missed a goal."""
    options = read_options()
    if options.render:
        write_report()
        return 0
    prepare()
    plan = Plan(options.quick, 1 if options.quick else options.rounds, names(options.who))
    complaints: list[str] = []
    for case in choose(options.only):
        measured, wrong = measure(case, plan)
        complaints += [f"{case.name}: {text}" for text in wrong]
        print("\n".join(report.section(case, measured, needed=plan.needed)))
    if not options.quick:
        write_report()
    sys.stderr.write("".join(f"{text}\n" for text in complaints))
    return 1 if complaints else 0


def write_report() -> None:
    """RESULTS.md, of every case that was ever measured validly."""
    found = [(case, measured) for case in CASES if (measured := results.read(case.name))]
    if found:
        report.write(found)


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measure Parley beside its peers.")
    parser.add_argument(
        "--only", default="", help=f"cases, by comma: {', '.join(case.name for case in CASES)}"
    )
    parser.add_argument(
        "--rounds", type=rounds_of, default=ROUNDS_LEAST, help=f"fewer than {ROUNDS_LEAST} are not kept"
    )
    parser.add_argument("--quick", action="store_true", help="see whether it works; its figures mean nothing")
    parser.add_argument(
        "--who", default="", help="contenders, by comma, a part of each name; only for what is not kept"
    )
    parser.add_argument("--render", action="store_true", help="write RESULTS.md anew from what was measured")
    options = parser.parse_args()
    if options.who and not options.quick and options.rounds >= ROUNDS_LEAST:
        parser.error("--who needs --quick or --rounds 1: contenders are compared within one run")
    return options


def rounds_of(text: str) -> int:
    """A number of rounds. Raises `ValueError`."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return int(text)


def names(text: str) -> tuple[str, ...]:
    """What stands between commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def choose(text: str) -> list[Case]:
    """The cases of these names, in the order of the list; all where none is named. Ends on an unknown one."""
    wanted = set(names(text))
    known = {case.name for case in CASES}
    if wanted - known:
        raise SystemExit(f"no such case: {', '.join(sorted(wanted - known))}; there are {', '.join(known)}")
    return [case for case in CASES if not wanted or case.name in wanted]


def prepare() -> None:
    """Compile, allow many files, and go to the cores of the load, as everything that is started from here."""
    if lacking := missing():
        raise SystemExit(
            "not everything is installed; `deploy/install.sh bench` does it:\n" + "\n".join(lacking)
        )
    load.build()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with it
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Nothing of what this shell or `.env` says may change what is measured.
    os.environ.update(clean_environment())
    cores.bind(os.getpid(), cores.cores()[1])


def measure(case: Case, plan: Plan) -> tuple[results.Measured, list[str]]:
    """Run a case; what it found, and what is wrong with it. It is kept where it went to its end without faults."""
    samples = rounds.run(case, plan)
    command = f"make bench ONLY={case.name}"
    table = Table(samples, plan.needed)
    faults, goals = verdict.faults(table), verdict.goals(case, table)
    if plan.quick:
        return results.Measured(
            case.name, "just now", f"{command} A=--quick", machine.describe(), samples
        ), faults
    disturbed = verdict.disturbed(table)
    if faults or plan.is_a_look:
        measured = results.Measured(case.name, "just now, not kept", command, machine.describe(), samples)
    else:
        measured = results.keep(case.name, command, machine.describe(), samples)
    return measured, faults + disturbed + goals


if __name__ == "__main__":
    sys.exit(main())
