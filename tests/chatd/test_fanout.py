"""The hot path: what is due is written once a turn, joined, and a dying peer harms nobody."""

import asyncio
import itertools
import socket
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.frames import Close
from websockets.protocol import State

from chatd.fanout import (
    ANSWERS_SECONDS,
    PART_AMONG_ANSWERS,
    REST_SECONDS,
    SLICE,
    SLICE_AMONG_ANSWERS,
    Fanout,
)
from chatd.line import Line
from chatd.peer import RESET, Peer, frame
from shared import protocol

LIMIT = 1_000
_turns = itertools.count()


class Transport:
    """Records what is written; `buffered` is what the peer has not read."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.turns: list[int] = []  # of each write, among all writes to anybody
        self.options: list[tuple[Any, ...]] = []
        self.buffered = 0
        self.aborted = False
        self.broken = False

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes) -> None:
        if self.broken:
            raise RuntimeError("unable to perform operation; the handler is closed")
        self.writes.append(data)
        self.turns.append(next(_turns))

    def get_write_buffer_size(self) -> int:
        return self.buffered

    def get_extra_info(self, name: str) -> Any:
        assert name == "socket"
        assert not self.aborted
        return SimpleNamespace(setsockopt=lambda *option: self.options.append(option))

    def abort(self) -> None:
        self.aborted = True


class Socket:
    """What `Peer` uses of a connection."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.protocol = SimpleNamespace(close_sent=None, state=State.OPEN)
        self.held: list[bytes] = []

    @property
    def paused(self) -> bool:
        return self.transport.buffered > 0

    @property
    def waiting(self) -> int:
        return self.transport.buffered

    def hold(self, data: bytes) -> None:
        self.held.append(data)


def a_peer() -> tuple[Peer, Transport]:
    socket = Socket()
    return Peer(cast(Line, socket), sid="x" * 43, user=1), socket.transport


def a_fanout(*, is_awaited: Callable[[], bool] = lambda: False) -> Fanout:
    return Fanout(asyncio.get_running_loop(), limit=LIMIT, is_awaited=is_awaited)


def served(everybody: Sequence[tuple[Peer, Transport]]) -> int:
    return sum(bool(wire.writes) for _, wire in everybody)


class Clock:
    """The loop's time, which stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self.now = loop.time()
        monkeypatch.setattr(loop, "time", lambda: self.now)

    async def forward(self, seconds: float) -> None:
        """Let what is due by then happen, and what that calls for at once."""
        self.now += seconds
        for _ in range(3):
            await one_turn()


async def one_turn() -> None:
    await asyncio.sleep(0)


async def test_nothing_is_written_before_the_turn_ends() -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    fanout.post([peer], b"one")
    assert wire.writes == []
    await one_turn()
    assert wire.writes == [b"one"]


async def test_all_that_is_due_in_one_turn_is_joined_into_one_write() -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    for data in (b"one", b"two", b"three"):
        fanout.post([peer], data)
    await one_turn()
    assert wire.writes == [b"onetwothree"]


async def test_what_was_written_is_not_written_again() -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    fanout.post([peer], b"one")
    await one_turn()
    fanout.post([peer], b"two")
    await one_turn()
    await one_turn()
    assert wire.writes == [b"one", b"two"]


async def test_everybody_gets_the_same_bytes_object() -> None:
    fanout, everybody, data = a_fanout(), [a_peer() for _ in range(3)], b"a frame"
    fanout.post([peer for peer, _ in everybody], data)
    await one_turn()
    assert all(wire.writes[0] is data for _, wire in everybody)


async def test_who_is_due_the_same_gets_it_joined_once_for_all() -> None:
    fanout, everybody = a_fanout(), [a_peer() for _ in range(3)]
    for data in (b"one", b"two"):
        fanout.post([peer for peer, _ in everybody], data)
    await one_turn()
    first, *others = [wire.writes for _, wire in everybody]
    assert first == [b"onetwo"]
    assert all(writes[0] is first[0] for writes in others)


async def test_an_answer_does_not_wait_until_a_large_room_was_served() -> None:
    number = 3 * SLICE
    fanout, everybody = a_fanout(), [a_peer() for _ in range(number)]
    asker, wire = everybody[-1]
    fanout.post([peer for peer, _ in everybody], b"a frame")
    await one_turn()
    fanout.answer(asker, b"an answer")
    await one_turn()
    assert wire.writes == [b"a framean answer"], "in the order in which they were owed"
    assert wire.turns[0] < min(other.turns[0] for _, other in everybody[SLICE : 2 * SLICE]), (
        "before the next slice"
    )
    await one_turn()
    await one_turn()
    assert [wire.writes for _, wire in everybody[:-1]] == [[b"a frame"]] * (number - 1)
    assert len(wire.writes) == 1


async def test_while_answers_are_awaited_a_large_room_is_served_in_small_slices_with_rests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number, clock = 3 * SLICE_AMONG_ANSWERS, Clock(monkeypatch)
    fanout, everybody = a_fanout(is_awaited=lambda: True), [a_peer() for _ in range(number)]
    (_, first), (_, second), (asker, last) = everybody[0], everybody[SLICE_AMONG_ANSWERS], everybody[-1]
    fanout.post([peer for peer, _ in everybody], b"one")
    await clock.forward(0)
    assert served(everybody) == SLICE_AMONG_ANSWERS, "then it rests"
    fanout.post([peer for peer, _ in everybody], b"two")
    fanout.answer(asker, b"an answer")
    await clock.forward(0)
    assert last.writes == [b"onetwoan answer"], "no answer waits for the end of a rest"
    assert served(everybody) == SLICE_AMONG_ANSWERS + 1
    await clock.forward(REST_SECONDS)
    assert served(everybody) == 2 * SLICE_AMONG_ANSWERS + 1
    assert second.writes == [b"onetwo"]
    await clock.forward(REST_SECONDS)
    assert served(everybody) == number
    await clock.forward(REST_SECONDS)
    assert first.writes == [b"one", b"two"]


async def test_for_a_while_after_an_answer_was_awaited_the_next_is_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting, clock = [True], Clock(monkeypatch)
    fanout = a_fanout(is_awaited=lambda: bool(waiting))
    everybody = [a_peer() for _ in range(3 * SLICE_AMONG_ANSWERS)]
    fanout.post([peer for peer, _ in everybody], b"a frame")
    await clock.forward(0)
    waiting.clear()
    await clock.forward(REST_SECONDS)
    assert served(everybody) == 2 * SLICE_AMONG_ANSWERS
    fanout.post([peer for peer, _ in everybody], b"another")
    await clock.forward(ANSWERS_SECONDS)
    assert served(everybody) == len(everybody)
    assert all(b"".join(wire.writes) == b"a frameanother" for _, wire in everybody), "without any more rests"


async def test_while_an_answer_is_awaited_the_slices_of_a_very_large_room_are_larger() -> None:
    number = 10 * SLICE_AMONG_ANSWERS * PART_AMONG_ANSWERS
    fanout, everybody = a_fanout(is_awaited=lambda: True), [a_peer() for _ in range(number)]
    fanout.post([peer for peer, _ in everybody], b"a frame")
    await one_turn()
    assert served(everybody) == number // PART_AMONG_ANSWERS


async def test_what_comes_while_a_large_room_is_served_joins_what_the_others_are_due() -> None:
    fanout, everybody = a_fanout(), [a_peer() for _ in range(2 * SLICE)]
    (first, at_once), (last, later) = everybody[0], everybody[-1]
    fanout.post([peer for peer, _ in everybody], b"one")
    await one_turn()
    fanout.post([first, last], b"two")
    await one_turn()
    assert later.writes == [b"onetwo"]
    await one_turn()
    assert at_once.writes == [b"one", b"two"]


async def test_at_the_end_all_that_is_due_is_written_at_once() -> None:
    fanout, everybody = a_fanout(), [a_peer() for _ in range(2 * SLICE)]
    fanout.post([peer for peer, _ in everybody], b"one")
    fanout.answer(everybody[-1][0], b"two")
    fanout.flush()
    assert [b"".join(wire.writes) for _, wire in everybody] == [b"one"] * (2 * SLICE - 1) + [b"onetwo"]


async def test_each_gets_what_is_its_own() -> None:
    fanout, (one, first), (two, second) = a_fanout(), a_peer(), a_peer()
    fanout.post([one, two], b"both")
    fanout.post([two], b"two")
    await one_turn()
    assert (first.writes, second.writes) == ([b"both"], [b"bothtwo"])


async def test_each_gets_the_frames_of_its_rooms_in_their_order() -> None:
    fanout, everybody = a_fanout(), [a_peer() for _ in range(12)]
    rooms = [everybody, everybody[::2], everybody[::-3], everybody[:1], everybody[4:9]]
    expected = {id(wire): b"" for _, wire in everybody}
    for number, room in enumerate(rooms * 3):
        data = b"%d," % number
        fanout.post([peer for peer, _ in room], data)
        for _, wire in room:
            expected[id(wire)] += data
    await one_turn()
    assert {id(wire): b"".join(wire.writes) for _, wire in everybody} == expected
    assert all(len(wire.writes) == 1 for _, wire in everybody)


async def test_a_dying_peer_harms_nobody() -> None:
    fanout, (dying, wire), (one, first), (two, second) = a_fanout(), a_peer(), a_peer(), a_peer()
    wire.broken = True
    fanout.post([one, dying, two], b"a frame")
    await one_turn()
    assert (first.writes, second.writes) == ([b"a frame"], [b"a frame"])
    assert wire.aborted, "it has lost a frame, and would never know"
    wire.broken = False
    fanout.post([dying, two], b"more")
    await one_turn()
    assert wire.writes == []


async def test_who_lets_far_too_much_wait_is_cut_off_at_once() -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    wire.buffered = 4 * LIMIT + 1
    fanout.post([peer], b"one")
    await one_turn()
    assert wire.aborted
    assert wire.options == [(socket.SOL_SOCKET, socket.SO_LINGER, RESET)]


async def test_a_burst_of_others_cuts_nobody_off(monkeypatch: pytest.MonkeyPatch) -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    now = 100.0
    monkeypatch.setattr("chatd.peer.time.monotonic", lambda: now)
    for buffered, seconds in ((4 * LIMIT, 4.0), (LIMIT, 4.0), (4 * LIMIT, 4.0)):
        wire.buffered = buffered
        now += seconds
        fanout.post([peer], b"one")
        await one_turn()
    assert not wire.aborted


async def test_who_does_not_read_for_five_seconds_is_cut_off_though_nothing_more_is_posted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fanout, (slow, wire), (quick, other) = a_fanout(), a_peer(), a_peer()
    now = 100.0
    monkeypatch.setattr("chatd.peer.time.monotonic", lambda: now)
    wire.buffered = LIMIT + 1
    fanout.post([slow, quick], b"a frame")
    await one_turn()
    assert fanout.cut_off_stalled() == LIMIT + 1, "so many bytes wait"
    assert not wire.aborted
    now += 5.1
    fanout.cut_off_stalled()
    assert (wire.aborted, other.aborted) == (True, False)
    assert fanout.cut_off_stalled() == 0, "nothing waits for who is gone"


async def test_who_reads_all_between_two_bursts_is_not_counted_as_waiting_all_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The looks of every second find a burst each time, and nothing of the quiet between them."""
    fanout, (peer, wire) = a_fanout(), a_peer()
    now = 100.0
    monkeypatch.setattr("chatd.peer.time.monotonic", lambda: now)
    for _ in range(8):
        for wire.buffered in (0, LIMIT + 1):
            fanout.post([peer], b"a frame")
            await one_turn()
        now += 1
        fanout.cut_off_stalled()
    assert not wire.aborted


async def test_who_reads_again_in_time_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    fanout, (peer, wire) = a_fanout(), a_peer()
    now = 100.0
    monkeypatch.setattr("chatd.peer.time.monotonic", lambda: now)
    for _ in range(2):
        wire.buffered = LIMIT + 1
        fanout.post([peer], b"a frame")
        await one_turn()
        now += 4
        wire.buffered = LIMIT
        assert fanout.cut_off_stalled() == LIMIT
        now += 4
    assert not wire.aborted


async def test_nothing_is_written_to_who_is_gone() -> None:
    fanout, (closing, one), (closed, two) = a_fanout(), a_peer(), a_peer()
    one.aborted = True
    cast(Any, closed.ws).close_sent = Close(1001, "")
    fanout.post([closing, closed], b"a frame")
    await one_turn()
    assert (one.writes, two.writes) == ([], [])


async def test_posting_to_nobody_costs_nothing() -> None:
    fanout = a_fanout()
    fanout.post([], b"a frame")
    await one_turn()


def test_a_frame_is_a_text_frame_without_a_mask() -> None:
    """RFC 6455 §5.1 and §5.2: FIN and opcode 1; a server must not mask."""
    data = frame(protocol.Pong())
    assert data == bytes([0x81, len(b'{"type":"pong"}')]) + b'{"type":"pong"}'
    assert frame(protocol.encode(protocol.Pong())) == data
    assert frame(b"x" * 126)[:4] == bytes([0x81, 126, 0, 126])


async def test_who_asks_too_much_waits_for_answers() -> None:
    peer, _ = a_peer()
    peer.unanswered = Peer.UNANSWERED_MAX
    waiting = asyncio.create_task(peer.until_few_unanswered())
    await one_turn()
    assert not waiting.done()
    peer.answered()
    await asyncio.wait_for(waiting, 60)
