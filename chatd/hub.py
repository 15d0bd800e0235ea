"""Who is connected, and in which rooms. Pure: a peer is any hashable object.

A peer that is *behind* in a room is owed the changes since its cursor. What happens in the room
meanwhile is held for it, so that it gets everything in order.
"""

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

P = TypeVar("P", bound=Hashable)

HELD_MAX = 1024 * 1024  # bytes of one room that are held for one peer


@dataclass(slots=True)
class _Held:
    frames: list[tuple[int, bytes]] = field(default_factory=list)  # each with the version that it brings to
    size: int = 0
    overflown: bool = False

    def add(self, version: int, frame: bytes) -> None:
        self.size += len(frame)
        if self.size > HELD_MAX:
            self.frames.clear()
            self.overflown = True
        else:
            self.frames.append((version, frame))

    def begin_anew(self) -> None:
        self.frames = [(version, frame) for version, frame in self.frames if not version]
        self.size = sum(len(frame) for _, frame in self.frames)
        self.overflown = False

    def after(self, told: int) -> list[bytes]:
        """What is no change, or leads beyond the version `told`: a frame that does so only in part is whole."""
        return [frame for version, frame in self.frames if version > told or not version]


class Hub(Generic[P]):
    """The peers of this daemon, by user and by room."""

    def __init__(self) -> None:
        self._by_user: dict[int, set[P]] = {}
        self._by_room: dict[
            int, dict[P, None]
        ] = {}  # those who get changes at once, in the order in which they came
        self._behind: dict[int, dict[P, _Held]] = {}  # those who are owed changes, and what is held
        self._rooms: dict[P, set[int]] = {}
        self._users: dict[P, int] = {}
        self.left = 0  # peers that were here, and are gone
        self._meta: dict[int, int] = {}  # version of the newest change of a room's members that was seen

    def __len__(self) -> int:
        return len(self._users)

    def peers(self) -> list[P]:
        """Everybody."""
        return list(self._users)

    def users(self) -> list[int]:
        """Every user with at least one peer."""
        return list(self._by_user)

    def user_of(self, peer: P) -> int | None:
        """The user of a registered peer."""
        return self._users.get(peer)

    def register(self, peer: P, user: int) -> None:
        """A peer of `user` is here."""
        self._users[peer] = user
        self._by_user.setdefault(user, set()).add(peer)
        self._rooms[peer] = set()

    def remove(self, peer: P) -> None:
        """A peer is gone."""
        user = self._users.pop(peer, None)
        if user is None:
            return
        self.left += 1
        for room in self._rooms.pop(peer):
            self._drop(peer, room)
        peers = self._by_user[user]
        peers.discard(peer)
        if not peers:
            del self._by_user[user]

    def enter(self, peer: P, room: int, *, behind: bool = False) -> None:
        """A registered peer gets the changes of `room` from now on; `behind`: they are held at first."""
        self._rooms[peer].add(room)
        if behind:
            self.hold(peer, room)
        else:
            self._by_room.setdefault(room, {})[peer] = None

    def hold(self, peer: P, room: int) -> bool:
        """Hold a room's changes for a peer in it, until `release`; False where they are held already."""
        held = self._behind.setdefault(room, {})
        if peer in held:
            return False
        self._by_room.get(room, {}).pop(peer, None)
        held[peer] = _Held()
        return True

    def hold_anew(self, peer: P, room: int) -> None:
        """Forget the changes that are held: whoever reads the room from now on finds them. Signals are kept."""
        held = self._behind.get(room, {}).get(peer)
        if held is not None:
            held.begin_anew()

    def release(self, peer: P, room: int, *, told: int = 0) -> list[bytes] | None:
        """The peer has got what it was owed: returns what was held, and ends the holding.

        What it got may tell some of that too, so changes up to the version `told` are left out.
        None where more than `HELD_MAX` came meanwhile, and nothing of it is held any more.
        """
        held = self._behind.get(room, {}).pop(peer, None)
        if not self._behind.get(room):
            self._behind.pop(room, None)
        if held is None or room not in self._rooms.get(peer, ()):
            return []
        self._by_room.setdefault(room, {})[peer] = None
        return None if held.overflown else held.after(told)

    def leave(self, user: int, room: int) -> list[P]:
        """Take all peers of `user` out of `room`; returns those who were in it."""
        peers = [peer for peer in self._by_user.get(user, ()) if room in self._rooms[peer]]
        for peer in peers:
            self._rooms[peer].discard(room)
            self._drop(peer, room)
        return peers

    def of_user(self, user: int) -> Collection[P]:
        """The peers of a user."""
        return self._by_user.get(user, ())

    def of_room(self, room: int) -> Collection[P]:
        """The peers who get a change of `room` at once."""
        return self._by_room.get(room, ())

    def hold_back(self, room: int, version: int, frame: bytes) -> None:
        """Keep what brings `room` to `version` for those who are behind in it; 0: a signal, which is no change."""
        for held in self._behind.get(room, {}).values():
            held.add(version, frame)

    def is_in(self, peer: P, room: int) -> bool:
        """Whether a peer gets the changes of `room`."""
        return room in self._rooms.get(peer, ())

    def users_in(self, room: int) -> set[int]:
        """The users who have a peer in `room`."""
        peers: Iterable[P] = (*self._by_room.get(room, ()), *self._behind.get(room, ()))
        return {self._users[peer] for peer in peers}

    def is_empty(self, room: int) -> bool:
        """Whether nobody here is in `room`."""
        return room not in self._by_room and room not in self._behind

    def meta(self, room: int) -> int:
        """The newest version at which the members of `room` are known to have changed."""
        return self._meta.get(room, 0)

    def saw_meta(self, room: int, version: int) -> None:
        """The members of `room` changed at `version`."""
        self._meta[room] = max(self.meta(room), version)

    def forget(self, room: int) -> None:
        """Nobody here is in `room` any more."""
        self._meta.pop(room, None)

    def _drop(self, peer: P, room: int) -> None:
        tables: tuple[dict[int, dict[P, Any]], ...] = (self._by_room, self._behind)
        for table in tables:
            if room in table:
                table[room].pop(peer, None)
                if not table[room]:
                    del table[room]
