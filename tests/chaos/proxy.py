"""A TCP proxy that is a bad network: it delays, cuts, and half-closes what runs through it."""

import asyncio
import contextlib
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class _Link:
    """One client's connection and the one behind it."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    stalled: bool = False


@dataclass(slots=True)
class Proxy:
    """Listens on loopback and passes everything on to `port`, but for what it is told to do."""

    port: int
    delay: float = 0.0  # seconds, each way
    links: set[_Link] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _flow: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> int:
        """Begin; returns the port."""
        self._flow.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """End all connections, and listen no more."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self, share: float = 1.0) -> int:
        """Break this share of the connections as a dead network does; returns how many."""
        chosen = list(self.links)[: max(1, int(len(self.links) * share))] if self.links else []
        for link in chosen:
            for writer in link.writers:
                writer.transport.abort()
        return len(chosen)

    def half_close(self, share: float = 0.3) -> int:
        """End one direction of this share of the connections; returns how many."""
        chosen = list(self.links)[: max(1, int(len(self.links) * share))] if self.links else []
        for link in chosen:
            with contextlib.suppress(OSError, RuntimeError):
                link.writers[0].write_eof()
        return len(chosen)

    def stall(self) -> None:
        """Pass nothing on, in either direction, and say nothing of it."""
        self._flow.clear()

    def flow(self) -> None:
        """Pass on again."""
        self._flow.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            writer.transport.abort()
            self._tasks.discard(task)
            return
        link = _Link((writer, behind_writer))
        self.links.add(link)
        try:
            await asyncio.gather(self._pass_on(reader, behind_writer), self._pass_on(behind_reader, writer))
        finally:
            self.links.discard(link)
            self._tasks.discard(task)
            for end in link.writers:
                end.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while data := await reader.read(65_536):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flow.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()
