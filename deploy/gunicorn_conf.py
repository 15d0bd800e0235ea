"""gunicorn for the web service. It is read anew when gunicorn is reloaded (SIGHUP)."""

import gc
import os

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from shared import logs
from shared.settings import Settings

GARBAGE_YOUNG = 20_000  # objects more than before, until those are looked at; Python's own are 700, 10 and 10
GARBAGE_MIDDLE = 10  # times that, until those are that survived it
GARBAGE_OLD = 20  # times that, until all are


class JsonLogger(Logger):  # type: ignore[misc]
    """Sends gunicorn's own messages where all others go: one JSON object a line."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def post_worker_init(_: object) -> None:
    """A worker has loaded the code, which stays: Python's collector need not look at it again, nor so often at all.

    Requests leave few circles behind, and a page of 200 rooms makes hundreds of objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_YOUNG, GARBAGE_MIDDLE, GARBAGE_OLD)


_settings = Settings.load()
logs.configure(process="web", level=_settings.log_level)

bind = f"unix:{_settings.var}/run/web.sock"
umask = 0o077
worker_class = "gthread"
workers = _settings.web_workers
threads = _settings.web_threads
timeout = 60
graceful_timeout = 10
max_requests = 0
# nginx's limits are tighter (large_client_header_buffers), so that what is too long is refused there, in words.
limit_request_line = 0
limit_request_fields = 32_768
limit_request_field_size = 32_768
control_socket_disable = True
accesslog = None  # nginx writes it
loglevel = _settings.log_level
logger_class = JsonLogger

# A worker shows that it lives by touching a file: better not on a disk that may be slow.
if os.access("/dev/shm", os.W_OK):  # noqa: S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
