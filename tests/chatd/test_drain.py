"""The end of a drain: all who are left are told at once, and nobody holds it up."""

import asyncio
from typing import cast

import pytest
from websockets.asyncio.server import ServerConnection

from chatd.server import SLICE, close_all
from shared.protocol import Close


class Left:
    """A connection that answers a close when all were told, or never."""

    def __init__(self, told: "list[Left]", *, all_of: int) -> None:
        self._told = told
        self._all_of = all_of
        self.ended = False

    async def close(self, code: int, _: str) -> None:
        """Wait for the answer of the client."""
        assert code == Close.RESTART
        self._told.append(self)
        while len(self._told) < self._all_of:
            await asyncio.sleep(0)
        self.ended = True


def left(count: int, *, all_of: int) -> "list[ServerConnection]":
    told: list[Left] = []
    return [cast(ServerConnection, Left(told, all_of=all_of)) for _ in range(count)]


async def test_all_are_told_before_anybody_is_waited_for() -> None:
    connections = left(3 * SLICE, all_of=3 * SLICE)
    async with asyncio.timeout(20):
        await close_all(connections)
    assert all(cast(Left, one).ended for one in connections)


async def test_who_never_answers_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.server.CLOSING_SECONDS", 0.05)
    connections = left(SLICE + 1, all_of=SLICE + 2)
    async with asyncio.timeout(20):
        await close_all(connections)
    assert not any(cast(Left, one).ended for one in connections)


async def test_a_connection_that_breaks_meanwhile_harms_no_other() -> None:
    class Broken(Left):
        async def close(self, code: int, _: str) -> None:
            await super().close(code, _)
            raise ConnectionResetError

    connections = left(SLICE, all_of=SLICE + 1)
    told = cast(Left, connections[0])._told
    await close_all([*connections, cast(ServerConnection, Broken(told, all_of=SLICE + 1))])
    assert all(cast(Left, one).ended for one in connections)


async def test_where_nobody_is_left_nothing_is_waited_for() -> None:
    async with asyncio.timeout(1):
        await close_all([])
