"""The way between a browser and the product, which can be down."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.chaos.proxy import Proxy

T = TypeVar("T")
NOWHERE = 0  # no port: every connection to it fails


class Network:
    """A TCP proxy with an event loop in a thread of its own: the one of the tests is Playwright's."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._proxy = Proxy(port)
        self.url = f"http://127.0.0.1:{self._run(self._proxy.start())}"

    def down(self) -> None:
        """Cut what there is, and refuse what comes."""
        self._run(self._lead(NOWHERE))

    def up(self) -> None:
        """Pass everything on again."""
        self._run(self._lead(self._port))

    def close(self) -> None:
        """End everything."""
        self._run(self._proxy.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _lead(self, port: int) -> None:
        self._proxy.port = port
        self._proxy.cut()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
