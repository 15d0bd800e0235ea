"""How much anybody may ask for. Pure: the time, in seconds of any clock that never goes back, is passed in.

The rates are token buckets, kept as the generic cell rate algorithm keeps them (ITU-T I.371): one
number a bucket, the moment at which it will be full again. A bucket that is full is as good as none,
so memory holds only those who asked for something just now. All of it is of one daemon.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum

BURST_SECONDS = 10.0  # of a rate, at once: who comes back from a dead spot has something to say
DEBT_SECONDS = 15.0  # at most, of who took more than there was; then it is as if it had not happened
NOTICE_SECONDS = 60.0  # between two lines in the log about the same thing
ROUNDING_SECONDS = 1e-6  # who waits for as long as was said is let through, whatever was rounded
SWEEP_LEAST = 1000  # buckets that are not worth looking through


class Kind(StrEnum):
    """What is counted."""

    MESSAGE = "message"  # send, edit, delete
    SYNC = "sync"
    READ = "read"
    SIGNAL = "signal"  # what is small, often and never stored
    HANDSHAKE = "handshake"


# An address may be an office of thousands behind one router: it may ask for as much as so many users at their
# most. Nearly nobody ever is at the most, so that few users' worth of messages are many people's. But what every
# open page says by itself, and what a message makes everybody's page say, comes from all of them.
ADDRESS_FACTORS = {
    Kind.MESSAGE: 10.0,
    Kind.SYNC: 40.0,
    Kind.READ: 50.0,
    Kind.SIGNAL: 100.0,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` on average and `burst` at once; a rate of 0 per second is no limit at all."""

    per_second: float
    burst: float

    @classmethod
    def of(cls, per_second: float, factor: float = 1.0) -> "Rate":
        """`factor` times so many per second, and `BURST_SECONDS` of it at once."""
        return cls(per_second * factor, max(1.0, per_second * factor * BURST_SECONDS))

    def wait(self, full_at: float, now: float) -> float:
        """Seconds until a bucket that is full again at `full_at` has one to give; 0: it has."""
        if not self.per_second:
            return 0.0
        seconds = full_at - now - (self.burst - 1.0) / self.per_second
        return seconds if seconds > ROUNDING_SECONDS else 0.0

    def taken(self, full_at: float, now: float, count: int = 1) -> float:
        """When the bucket is full again after `count` were taken."""
        if not self.per_second:
            return now
        return min(
            max(full_at, now) + count / self.per_second, now + self.burst / self.per_second + DEBT_SECONDS
        )


class Buckets:
    """A bucket for each key, all of one rate."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._full_at: dict[Hashable, float] = {}
        self._sweep_at = SWEEP_LEAST

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until there is one for `key`; 0: now."""
        return self.rate.wait(self._full_at.get(key, now), now)

    def take(self, key: Hashable, now: float, count: int = 1) -> None:
        """Take so many, whether there are so many or not."""
        if not self.rate.per_second:
            return
        self._full_at[key] = self.rate.taken(self._full_at.get(key, now), now, count)
        if len(self._full_at) >= self._sweep_at:
            self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
            self._sweep_at = max(SWEEP_LEAST, 2 * len(self._full_at))


class Limits:
    """The rates of all kinds, each for a user and for an address; and of the log about them."""

    def __init__(self, per_second: Mapping[Kind, float], *, handshakes_of_address: float = 0.0) -> None:
        """`per_second` of each kind is what one user may do; 0: no limit.

        Handshakes of an address have a rate of their own: after a restart everybody in an office comes at
        once, and a flood comes before anybody knows whose it is.
        """
        self._users = {kind: Buckets(Rate.of(per_second[kind])) for kind in Kind}
        self._addresses = {
            kind: Buckets(Rate.of(per_second[kind], factor)) for kind, factor in ADDRESS_FACTORS.items()
        }
        self._addresses[Kind.HANDSHAKE] = Buckets(Rate.of(handshakes_of_address))
        self._notices = Buckets(Rate(1 / NOTICE_SECONDS, 1))

    def take(self, kind: Kind, now: float, *, user: int | None = None, address: str | None = None) -> float:
        """Count one of `kind` for who asks, as far as that is known.

        Returns 0, or the seconds after which it would be let through; then nothing was counted.
        """
        of_user, of_address = self._users[kind], self._addresses[kind]
        wait = 0.0
        if user is not None:
            wait = of_user.wait(user, now)
        if address is not None:
            wait = max(wait, of_address.wait(address, now))
        if not wait:
            if user is not None:
                of_user.take(user, now)
            if address is not None:
                of_address.take(address, now)
        return wait

    def worth_a_line(self, about: Hashable, now: float) -> bool:
        """Whether to write about it to the log: at most once a minute, so that no flood floods the log."""
        if self._notices.wait(about, now):
            return False
        self._notices.take(about, now)
        return True


class Quota:
    """How many each may hold at once; `most` 0: any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[Hashable, int] = {}

    def __len__(self) -> int:
        return len(self._held)

    def enter(self, key: Hashable) -> bool:
        """Hold one more; False, and nothing is held, where that is too many."""
        held = self._held.get(key, 0)
        if self._most and held >= self._most:
            return False
        self._held[key] = held + 1
        return True

    def leave(self, key: Hashable) -> None:
        """Hold one less."""
        held = self._held[key] - 1
        if held:
            self._held[key] = held
        else:
            del self._held[key]
