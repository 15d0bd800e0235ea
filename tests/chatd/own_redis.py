"""A Redis that a test may stop and kill."""

import shutil
import signal
import subprocess

import redis

from deploy import prepare
from tests.servers import short_folder, wait_for

SECONDS = 60.0


class OwnRedis:
    """Its sessions survive what is done to it."""

    def __init__(self) -> None:
        self.folder = short_folder()
        self.url = f"unix://{self.folder}/redis.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        options = ["--port", "0", "--unixsocket", f"{self.folder}/redis.sock", "--dir", str(self.folder)]
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", "log"]
        self.process = subprocess.Popen(
            [prepare.program("redis-server"), *options, *durable], stdin=subprocess.DEVNULL
        )
        with redis.Redis.from_url(self.url) as client:
            wait_for(client.ping, SECONDS, what="redis")

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGSTOP: it neither answers nor disconnects."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
