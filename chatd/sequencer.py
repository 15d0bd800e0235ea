"""The gap rule: puts the changes of each room in order, and says when one is missing. Pure.

For a change with version v of a room of which everything up to `seen` was delivered:

| v is | then |
| --- | --- |
| seen + 1 | deliver it, and what was held behind it |
| ≤ seen | drop it: it was delivered |
| > seen + 1 | hold it; somebody must ask the database for what lies after `seen` |

One question per room at a time. A gap may stay for as long as the database is away, so only `HELD_MAX` changes are
held; of more, only the newest is kept, as the sign that something is missing: the answer brings the others.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

HELD_MAX = 256  # changes of one room: far more than publishes that cross, and of the longest messages 15 MB


@dataclass(slots=True)
class _Room(Generic[T]):
    seen: int | None = None  # None: subscribed, and the head is not yet known
    head: int = 0  # the newest version that is known to exist
    held: dict[int, T] = field(default_factory=dict)  # once `seen` is known: nothing up to `seen` + 1
    asking: bool = False
    asked: int = 0  # the newest version that was held when the question went out


class Sequencer(Generic[T]):
    """The versions of the rooms that this daemon delivers; `most` changes of each are held."""

    def __init__(self, *, most: int = HELD_MAX) -> None:
        self._most = most
        self._rooms: dict[int, _Room[T]] = {}

    def __contains__(self, room: int) -> bool:
        return room in self._rooms

    def rooms(self) -> list[int]:
        """Every room that is followed."""
        return list(self._rooms)

    def expect(self, room: int) -> None:
        """Hold what arrives for `room` from now on, until `track` says where it stands."""
        self._rooms.setdefault(room, _Room())

    def track(self, room: int, head: int) -> list[T]:
        """The room stood at `head` when it was read; returns what is to be delivered behind that.

        Where the room was already followed, `head` is only news of its newest version.
        """
        state = self._rooms.setdefault(room, _Room())
        state.head = max(state.head, head)
        return self._go_to(state, head) if state.seen is None else []

    def forget(self, room: int) -> None:
        """Nobody here is in this room any more."""
        self._rooms.pop(room, None)

    def seen(self, room: int) -> int | None:
        """The version up to which everything was delivered; None where that is not known."""
        state = self._rooms.get(room)
        return state.seen if state else None

    def arrive(self, room: int, version: int, change: T) -> list[T]:
        """A change arrived; returns the changes that are to be delivered now, in order."""
        state = self._rooms.get(room)
        if state is None:
            return []
        seen = state.seen
        if seen is None or version > seen + 1:
            self._hold(state, version, change)
        elif version > seen:
            state.seen = version
            return [change, *self._following(state)] if state.held else [change]
        return []

    def newest(self, room: int) -> int:
        """The newest version that is known to exist; 0 where the room is not followed."""
        state = self._rooms.get(room)
        return max(state.head, *state.held, state.seen or 0) if state else 0

    def has_gap(self, room: int) -> bool:
        """Whether something is known to be missing, and nobody has asked for it yet."""
        state = self._rooms.get(room)
        return state is not None and not state.asking and self._is_behind(state)

    def ask(self, room: int) -> None:
        """Somebody is about to ask for what is missing."""
        self._rooms[room].asking = True

    def give_up(self, room: int) -> None:
        """The question failed; somebody may ask again."""
        state = self._rooms.get(room)
        if state is not None:
            state.asking = False

    def missing_since(self, room: int) -> int | None:
        """The version after which to ask; None where nothing is missing any more, and the question is off."""
        state = self._rooms.get(room)
        if state is None or state.seen is None:
            return None
        if not self._is_behind(state):
            state.asking = False
            return None
        state.asked = max(state.held, default=0)
        return state.seen

    def answered(self, room: int, to: int) -> list[T]:
        """What was missing up to `to` is delivered; returns what is to be delivered behind it.

        A change is published after its commit: what was held when the question went out and is
        newer than the answer never was one of this room, and is dropped.
        """
        state = self._rooms.get(room)
        if state is None:
            return []
        state.asking = False
        for version in [version for version in state.held if to < version <= state.asked]:
            del state.held[version]
        return self._go_to(state, max(state.seen or 0, to))

    @staticmethod
    def _is_behind(state: _Room[T]) -> bool:
        return state.seen is not None and (bool(state.held) or state.head > state.seen)

    def _hold(self, state: _Room[T], version: int, change: T) -> None:
        state.held[version] = change
        if len(state.held) > self._most:
            newest = max(state.held)
            state.held = {newest: state.held[newest]}

    @classmethod
    def _go_to(cls, state: _Room[T], seen: int) -> list[T]:
        """Everything up to `seen` is delivered: take what follows it."""
        state.seen = seen
        state.held = {version: change for version, change in state.held.items() if version > seen}
        return cls._following(state)

    @staticmethod
    def _following(state: _Room[T]) -> list[T]:
        """Take from what is held all that follows `seen` without a gap."""
        due: list[T] = []
        while state.seen is not None and state.seen + 1 in state.held:
            state.seen += 1
            due.append(state.held.pop(state.seen))
        return due
