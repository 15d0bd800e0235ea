"""How people are: `online`, `away` or `offline`. Pure: times are seconds of a clock that never goes back, passed in.

A user is what the liveliest of their *sources* says: online before away before offline. Within a
daemon the sources of a user are connections; between daemons they are the daemons. What a source says
holds until a moment: nobody need notice that it went, it ends by itself. A connection that closed
holds for a little longer, so that a page that is loaded again makes nobody flicker.
"""

import heapq
import itertools
import math
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

P = TypeVar("P", bound=Hashable)

ONLINE, AWAY, OFFLINE = "online", "away", "offline"
CHANGE_SECONDS = 1.0  # between two changes of one user that are told
AT_ONCE = 1000  # users: 10 ms of work

FOR_EVER = math.inf


@dataclass(frozen=True, slots=True)
class _Word:
    """What a source says, and the moment at which that is over."""

    state: str
    until: float


class Table:
    """What is said of each user, and how they are by all of it."""

    def __init__(self) -> None:
        self._words: dict[int, dict[Hashable, _Word]] = {}
        self._ends: list[tuple[float, int, int, Hashable]] = []  # a heap: moment, tie-break, user, source
        self._tie = itertools.count()
        self._touched: dict[int, None] = {}  # may differ from what was told; in the order in which they did
        self._told: dict[int, str] = {}  # of each user who is not offline
        self._told_at: dict[int, float] = {}  # within `CHANGE_SECONDS`; the oldest first

    def users(self) -> list[int]:
        """Everybody who was last told of as online or away."""
        return list(self._told)

    def told(self, user: int) -> str:
        """How a user is, as `take_changes` told it last.

        Who asks for the first time is told this and not what is newer: if that is taken back before
        it is told of, it never is, and who had heard of it would believe it for ever.
        """
        return self._told.get(user, OFFLINE)

    def say(self, user: int, source: Hashable, state: str, until: float = FOR_EVER) -> None:
        """`source` says that `user` is `state`, which holds `until` then or until it says something else."""
        if state == OFFLINE:
            self._forget(user, source)
            return
        words = self._words.setdefault(user, {})
        before = words.get(source)
        words[source] = _Word(state, until)
        if before is None or before.state != state:
            self._touched[user] = None
        if until < FOR_EVER:
            heapq.heappush(self._ends, (until, next(self._tie), user, source))

    def let_go(self, user: int, source: Hashable, until: float) -> None:
        """`source` says nothing more of `user`: what it said last holds `until` then, or less long if it said so."""
        word = self._words.get(user, {}).get(source)
        if word is not None and until < word.until:
            self.say(user, source, word.state, until)

    def let_go_of_all(self, source: Hashable, until: float) -> None:
        """`source` says nothing more of anybody."""
        for user in [user for user, words in self._words.items() if source in words]:
            self.let_go(user, source, until)

    def expire(self, now: float) -> None:
        """Forget what is over: not all at once, where a daemon with many users ended."""
        for _ in range(AT_ONCE):
            if not self._ends or self._ends[0][0] > now:
                return
            _, _, user, source = heapq.heappop(self._ends)
            word = self._words.get(user, {}).get(source)
            if word is not None and word.until <= now:
                self._forget(user, source)

    def take_changes(self, now: float) -> dict[int, str]:
        """Who is not as was told, the longest so first: at most `AT_ONCE`, and each once in `CHANGE_SECONDS`."""
        self._end_pauses(now)
        changes = {}
        ready = (user for user in self._touched if user not in self._told_at)
        for user in list(itertools.islice(ready, AT_ONCE)):
            del self._touched[user]
            state = self._state(user)
            if state == self.told(user):
                continue
            if state == OFFLINE:
                del self._told[user]
            else:
                self._told[user] = state
            self._told_at[user] = now
            changes[user] = state
        return changes

    def _state(self, user: int) -> str:
        words = self._words.get(user)
        if not words:
            return OFFLINE
        return ONLINE if any(word.state == ONLINE for word in words.values()) else AWAY

    def _end_pauses(self, now: float) -> None:
        over = itertools.takewhile(lambda item: now - item[1] >= CHANGE_SECONDS, self._told_at.items())
        for user, _ in list(over):
            del self._told_at[user]

    def _forget(self, user: int, source: Hashable) -> None:
        words = self._words.get(user, {})
        if words.pop(source, None) is None:
            return
        self._touched[user] = None
        if not words:
            del self._words[user]


class Watchers(Generic[P]):
    """Who is told of whom. A watcher is any hashable object."""

    def __init__(self) -> None:
        self._of: dict[int, set[P]] = {}
        self._watched: dict[P, frozenset[int]] = {}

    def watch(self, watcher: P, users: Iterable[int]) -> None:
        """`watcher` is told of these users from now on, and of no others."""
        self.forget(watcher)
        watched = frozenset(users)
        if not watched:
            return
        self._watched[watcher] = watched
        for user in watched:
            self._of.setdefault(user, set()).add(watcher)

    def forget(self, watcher: P) -> None:
        """`watcher` is told of nobody."""
        for user in self._watched.pop(watcher, ()):
            watchers = self._of[user]
            watchers.discard(watcher)
            if not watchers:
                del self._of[user]

    def of(self, user: int) -> Collection[P]:
        """Who is told of `user`."""
        return self._of.get(user, ())
