"""Who is connected, and in which rooms. Pure: a peer is any hashable object.

A peer that can not be told of a room at once waits in the room's `Backlog`.
"""

from collections.abc import Collection, Hashable, Iterable
from typing import Generic, TypeVar

from chatd.backlog import Backlog, Posted, Step, Waiting

P = TypeVar("P", bound=Hashable)


class Hub(Generic[P]):
    """The peers of this daemon, by user and by room."""

    def __init__(self) -> None:
        self._by_user: dict[int, set[P]] = {}
        self._by_room: dict[
            int, dict[P, None]
        ] = {}  # those who get changes at once, in the order in which they came
        self._backlogs: dict[int, Backlog[P]] = {}  # of the rooms in which somebody waits
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

    def enter(self, peer: P, room: int) -> None:
        """A registered peer gets the changes of `room` from now on."""
        self._rooms[peer].add(room)
        self._by_room.setdefault(room, {})[peer] = None

    def hold(self, peer: P, room: int, *, told: int, owed: int, posted: int) -> Waiting:
        """A peer in `room`, where everything up to `posted` was, waits from now on, see `Waiting`.

        Where it does already, nothing is changed.
        """
        self._by_room.get(room, {}).pop(peer, None)
        if room not in self._backlogs:
            self._backlogs[room] = Backlog(posted)
        return self._backlogs[room].hold(peer, told, owed)

    def waiting(self, peer: P, room: int) -> Waiting | None:
        """How a peer waits; None for one that gets all at once, or is not in the room."""
        backlog = self._backlogs.get(room)
        return backlog.waiting.get(peer) if backlog else None

    def step(self, peer: P, room: int) -> Step:
        """What a peer that waits does next."""
        return self._backlogs[room].step(peer)

    def posted(self, room: int) -> int:
        """The version up to which everything was posted in a room in which somebody waits."""
        return self._backlogs[room].posted

    def release(self, peer: P, room: int) -> list[bytes]:
        """A peer that waits gets from now on all at once; returns what it is to be told before."""
        frames = self._backlogs[room].release(peer)
        self._by_room.setdefault(room, {})[peer] = None
        self._forget_backlog(room)
        return frames

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

    def keep(self, room: int, posted: Posted) -> Collection[P]:
        """Keep a frame for those who wait; returns those of them who take a step now."""
        backlog = self._backlogs.get(room)
        return backlog.add(posted) if backlog else ()

    def is_in(self, peer: P, room: int) -> bool:
        """Whether a peer gets the changes of `room`."""
        return room in self._rooms.get(peer, ())

    def users_in(self, room: int) -> set[int]:
        """The users who have a peer in `room`."""
        backlog = self._backlogs.get(room)
        peers: Iterable[P] = (*self._by_room.get(room, ()), *(backlog.waiting if backlog else ()))
        return {self._users[peer] for peer in peers}

    def is_empty(self, room: int) -> bool:
        """Whether nobody here is in `room`."""
        return room not in self._by_room and room not in self._backlogs

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
        here = self._by_room.get(room, {})
        here.pop(peer, None)
        if not here:
            self._by_room.pop(room, None)
        if room in self._backlogs:
            self._backlogs[room].drop(peer)
            self._forget_backlog(room)

    def _forget_backlog(self, room: int) -> None:
        if not self._backlogs[room].waiting:
            del self._backlogs[room]
