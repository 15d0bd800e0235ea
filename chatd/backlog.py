"""What happens in one room while somebody in it can not be told of it at once. Pure.

A peer was *told* everything up to a version, by the client's own word or by an answer of the database. What happens from
then on is kept here, once for all who wait, until each can be told the rest: in order, and nothing of it twice.

| it was told | then it |
| --- | --- |
| less than it is *owed*, or less than what is not kept any more | asks the database |
| more than was delivered here, since the database is ahead of the bus | waits until as much is delivered |
| neither | is told what is kept beyond that, and gets the rest at once |
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P", bound=Hashable)

KEPT_MAX = 1024 * 1024  # bytes of one room: who needs more asks the database


class Step(Enum):
    """What a peer that waits does next."""

    ASK = auto()
    WAIT = auto()
    RESUME = auto()


@dataclass(slots=True, eq=False)  # who left the room and came back is another one
class Waiting:
    """A peer that waits: it was told everything up to `told`, and the database has to tell it the rest up to `owed`."""

    told: int
    owed: int
    place: int  # of the first frame that came since
    questions: int = 0  # that are open

    def tell(self, version: int) -> None:
        """It was told everything up to `version`."""
        self.told = max(self.told, version)


class Posted(NamedTuple):
    """A frame for everybody in the room: the changes (since, version], or, where both are 0, a signal, which is none.

    `rest` makes the frame for who was told some of the changes.
    """

    since: int
    version: int
    frame: bytes
    rest: Callable[[int], bytes] | None = None

    def after(self, told: int) -> bytes | None:
        """The frame for who was told everything up to a version; None where there is nothing to add."""
        if self.since < told < self.version and self.rest is not None:
            return self.rest(told)
        return self.frame if self.version > told or not self.version else None


class Backlog(Generic[P]):
    """Those who wait in one room, and what happened since the first of them came."""

    def __init__(self) -> None:
        self.waiting: dict[P, Waiting] = {}
        self._ahead: set[P] = set()  # those who only wait for the bus
        self._posted: deque[Posted] = deque()
        self._size = 0
        self._dropped = 0  # frames, from the beginning
        self._lost = 0  # up to this version changes are not kept any more

    def hold(self, peer: P, told: int, owed: int) -> Waiting:
        """A peer waits from now on; where it does already, nothing is changed."""
        if peer not in self.waiting:
            self.waiting[peer] = Waiting(told, owed, self._dropped + len(self._posted))
        return self.waiting[peer]

    def add(self, posted: Posted) -> list[P]:
        """Keep a frame; returns those who may get all from now on."""
        self._posted.append(posted)
        self._size += len(posted.frame)
        while self._size > KEPT_MAX:
            oldest = self._posted.popleft()
            self._size -= len(oldest.frame)
            self._dropped += 1
            self._lost = max(self._lost, oldest.version)
        return [peer for peer in self._ahead if self.waiting[peer].told <= posted.version]

    def owed(self, peer: P) -> int:
        """The version up to which the database has to tell a peer; 0 where that is nothing."""
        waiting = self.waiting[peer]
        owed = max(waiting.owed, self._lost)
        return owed if waiting.told < owed else 0

    def step(self, peer: P, delivered: int) -> Step:
        """What a peer does next, where everything up to the version `delivered` was posted here."""
        waiting = self.waiting[peer]
        if waiting.questions:
            return Step.WAIT
        if self.owed(peer):
            return Step.ASK
        if waiting.told <= delivered:
            return Step.RESUME
        self._ahead.add(peer)
        return Step.WAIT

    def release(self, peer: P) -> list[bytes]:
        """A peer waits no longer; returns the frames that it is to be told."""
        waiting = self.waiting[peer]
        self.drop(peer)
        kept = islice(self._posted, max(0, waiting.place - self._dropped), None)
        frames = [posted.after(waiting.told) for posted in kept]
        return [frame for frame in frames if frame is not None]

    def drop(self, peer: P) -> None:
        """A peer is gone."""
        self.waiting.pop(peer, None)
        self._ahead.discard(peer)
