"""`python -m chatd --index N`: run one chat daemon."""

import argparse
import sys

import structlog
import uvloop

from chatd.heads import Restored
from chatd.server import Daemon
from shared import logs
from shared.settings import Settings, SettingsError

log = structlog.get_logger("chatd")

# Threads that ask the database have little to do in Python, again and again: each time they wait this long for
# the loop to let them in. With Python's 5 ms, a commit of eight statements took 30 ms beside a busy loop.
SWITCH_SECONDS = 0.00005


async def run(settings: Settings, index: int) -> None:
    """One daemon, from start to end."""
    await Daemon(settings, index).run()


def main() -> int:
    """Read the settings and serve; 0 after an orderly stop."""
    parser = argparse.ArgumentParser(prog="python -m chatd", description="One chat daemon of Parley.")
    parser.add_argument("--index", type=int, default=0, help="number of this daemon, from 0")
    index = parser.parse_args().index
    try:
        settings = Settings.load()
    except SettingsError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    sys.setswitchinterval(SWITCH_SECONDS)
    logs.configure(process=f"chatd-{index}", level=settings.log_level)
    try:
        uvloop.run(run(settings, index))
    except ExceptionGroup as group:
        restored, others = group.split(Restored)
        if others is not None or restored is None:
            raise
        # Supervisord starts this daemon again, and every client then compares its cursors anew.
        log.error("the database was restored: starting again", reason=str(restored.exceptions[0]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
