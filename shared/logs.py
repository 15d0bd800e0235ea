"""Structured logs: one line an event, as JSON, to standard error. Never a password, cookie or message text."""

import logging
import sys
from contextlib import suppress

import structlog


class _Output:
    """Writes lines to standard error. Where that can not be written nobody is to stop for it."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = msg


def configure(*, process: str, level: str) -> None:
    """Send the log of this process and of its libraries to standard error, as one JSON object a line."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _with_process(process),
    ]
    # Our own lines go past the standard library, where two for each connection took a tenth of a handshake's time.
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=_Output,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # A line for each handshake and each close, without who it was: chatd writes its own.
    logging.getLogger("websockets").setLevel(max(logging.WARNING, logging.getLogger().level))


def _with_process(name: str) -> structlog.typing.Processor:
    def add(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = name
        return event

    return add
