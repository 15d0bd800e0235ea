"""Passwords: argon2id, bounded in memory, with the same work whether there is something to compare or not."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1 is its minimum.
# 60 ms on a core of 2024.
_hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password, nor this hash")


class Busy(Exception):
    """Too many passwords wait to be hashed; the same request succeeds a moment later."""


class Gate:
    """Lets `running` at once do what costs a core and memory, and `waiting` more wait for their turn.

    Whoever comes then is refused at once (`Busy`): a flood of sign-ins must not take all threads
    of a process, as the other pages would stand still with it.
    """

    def __init__(self, *, running: int, waiting: int) -> None:
        self.places = running + waiting
        self._taken = 0
        self._lock = Lock()
        self._turns = BoundedSemaphore(running)

    @property
    def full(self) -> bool:
        """Whether the next one is refused."""
        return self._taken >= self.places

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it. Raises `Busy`."""
        with self._lock:
            if self.full:
                raise Busy
            self._taken += 1
        try:
            with self._turns:
                yield
        finally:
            with self._lock:
                self._taken -= 1


# Each takes 19 MiB while it runs, and a core: more at once would be slower for everybody.
RUNNING = 2


def gate_for(threads: int) -> Gate:
    """A gate that leaves a quarter of a process's `threads`, and at least one, to other pages."""
    most = max(1, threads - max(1, threads // 4))
    running = min(RUNNING, most)
    return Gate(running=running, waiting=most - running)


_gate = gate_for(8)


def leave_free(threads: int) -> None:
    """This process has so many threads."""
    global _gate  # noqa: PLW0603 - one gate a process, as there is one memory
    _gate = gate_for(threads)


def is_busy() -> bool:
    """Whether the next one would be refused."""
    return _gate.full


def hash(password: str) -> str:
    """The hash to store, with its parameters and salt. Raises `Busy`."""
    with _gate.turn():
        return _hasher.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that `stored` was made from. Raises `Busy`.

    Where there is no such user (None), a hash of the same cost is verified in vain, so that the
    time of the answer does not tell whether there is one (OWASP Authentication Cheat Sheet).
    """
    with _gate.turn():
        try:
            right = _hasher.verify(stored or _NOBODY, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _normal(password: str) -> bytes:
    """The same bytes from every keyboard: NFKC (NIST SP 800-63B-4 §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode()
