"""What happens in one room while somebody in it can not be told of it at once. Pure.

A peer was *told* everything up to a version, by the client's own word or by an answer of the database. What happens from
then on is kept here, once for all who wait, until each can be told the rest: in order, and nothing of it twice.

| it was told | then it |
| --- | --- |
| less than the database *owes* it since it came | asks the database |
| less than what is not kept any more | begins anew, by a `reset` |
| more than was posted here, since the database is ahead of the bus | waits until as much is posted |
| what is between | is told what is kept beyond that, and gets the rest at once |
"""

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

P = TypeVar("P", bound=Hashable)

KEPT_MAX = 1024 * 1024  # bytes of one room


class Step(Enum):
    """What a peer that waits does next."""

    ASK = auto()
    BEGIN_ANEW = auto()
    WAIT = auto()
    RESUME = auto()


@dataclass(slots=True, eq=False)  # who left the room and came back is another one
class Waiting:
    """A peer that waits: it was told everything up to `told`, and the database owes it what lies between that and `owed`."""

    told: int
    owed: int
    place: int  # of the first frame that came since
    questions: int = 0  # that are open

    @property
    def is_owed(self) -> bool:
        """Whether it has to ask the database."""
        return self.told < self.owed

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
    """Those who wait in one room, and what was posted since the first of them came, when it was `posted`."""

    def __init__(self, posted: int) -> None:
        self.waiting: dict[P, Waiting] = {}
        self.posted = posted  # everything up to this version was
        self._ahead: set[P] = set()  # those who only wait for the bus
        self._kept: deque[Posted] = deque()
        self._size = 0
        self._dropped = 0  # frames, from the beginning
        self._lost = 0  # up to this version changes are not kept any more

    def hold(self, peer: P, told: int, owed: int) -> Waiting:
        """A peer waits from now on; where it does already, nothing is changed."""
        if peer not in self.waiting:
            self.waiting[peer] = Waiting(told, owed, self._dropped + len(self._kept))
        return self.waiting[peer]

    def add(self, posted: Posted) -> list[P]:
        """Keep a frame; returns those who take a step now."""
        self.posted = max(self.posted, posted.version)
        self._kept.append(posted)
        self._size += len(posted.frame)
        while self._size > KEPT_MAX:
            oldest = self._kept.popleft()
            self._size -= len(oldest.frame)
            self._dropped += 1
            self._lost = max(self._lost, oldest.version)
        ready = [peer for peer in self._ahead if self.waiting[peer].told <= self.posted]
        self._ahead.difference_update(ready)
        return ready

    def step(self, peer: P) -> Step:
        """What a peer does next; where it only waits for the bus, `add` says when to ask again."""
        waiting = self.waiting[peer]
        if waiting.questions:
            return Step.WAIT
        if waiting.is_owed:
            return Step.ASK
        if waiting.told < self._lost:
            return Step.BEGIN_ANEW
        if waiting.told <= self.posted:
            return Step.RESUME
        self._ahead.add(peer)
        return Step.WAIT

    def release(self, peer: P) -> list[bytes]:
        """A peer waits no longer; returns the frames that it is to be told."""
        waiting = self.waiting[peer]
        self.drop(peer)
        due = []
        # From the newest back: others may wait since long before it came.
        for number, posted in enumerate(reversed(self._kept), 1):
            if self._dropped + len(self._kept) - number < waiting.place:
                break
            frame = posted.after(waiting.told)
            if frame is not None:
                due.append(frame)
        return due[::-1]

    def drop(self, peer: P) -> None:
        """A peer is gone."""
        self.waiting.pop(peer, None)
        self._ahead.discard(peer)
