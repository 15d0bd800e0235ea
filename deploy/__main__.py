"""The command line: `python -m deploy run|start|stop|status|restart`, which the Makefile calls."""

import os
import signal
import sys
from types import FrameType

from dotenv import dotenv_values

from deploy import advice, launcher, user
from deploy.layout import Layout
from deploy.prepare import Missing
from deploy.watch import Failed
from shared.settings import PROJECT, Settings, SettingsError, unknown_settings

STARTING = {"run": launcher.run, "start": launcher.start}
RUNNING = {"stop": launcher.stop, "status": launcher.status, "restart": launcher.restart}
INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Carry out one verb; returns the exit code, 2 for what the person who typed it has to mend."""
    if len(arguments) != 1 or arguments[0] not in STARTING | RUNNING:
        sys.stderr.write(f"usage: python -m deploy {'|'.join(STARTING | RUNNING)}\n")
        return 2
    verb = arguments[0]
    for number in launcher.SIGNALS:
        signal.signal(number, _interrupt)
    os.chdir(PROJECT)
    try:
        if verb in STARTING:
            for line in unknown_settings(_environment()):
                _warn(line)
            settings = Settings.load()
            user.step_down(settings, arguments, _warn)
            for line in advice.doubts(settings):
                _warn(line)
            return STARTING[verb](settings)
        layout = Layout.of(_settings_of_the_folder())
        if verb == "restart":
            user.follow(layout, arguments)
        return RUNNING[verb](layout)
    except SettingsError as fault:
        sys.stderr.write(f"Parley can not start with these settings:\n{_indented(str(fault))}")
        return 2
    except Missing as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    except Failed as fault:
        sys.stderr.write(launcher.explain(fault))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _warn(text: str) -> None:
    sys.stderr.write(f"Warning: {text}\n")


def _environment() -> dict[str, str]:
    given = dotenv_values(PROJECT / ".env") | dict(os.environ)
    return {name: value for name, value in given.items() if value is not None}


def _settings_of_the_folder() -> Settings:
    """Only the data folder counts for what runs already, so that a mistake in another setting stops no `stop`."""
    names = ("PARLEY_VAR", "PARLEY_VAR_FILE")
    return Settings.load({name: value for name, value in _environment().items() if name in names}, None)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
