"""Passwords: argon2id, bounded in memory, with the same work whether there is something to compare or not."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

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
        self._turns = BoundedSemaphore(running)
        self._places = BoundedSemaphore(running + waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it. Raises `Busy`."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            with self._turns:
                yield
        finally:
            self._places.release()


# Each takes 19 MiB while it runs, and a core: more at once would be slower for everybody.
RUNNING = 2
_gate = Gate(running=RUNNING, waiting=4)


def leave_free(threads: int) -> None:
    """Leave a quarter of the process's `threads` free of passwords, and at least one."""
    global _gate  # noqa: PLW0603 - one gate a process, as there is one memory
    most = max(1, threads - max(1, threads // 4))
    running = min(RUNNING, most)
    _gate = Gate(running=running, waiting=most - running)


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
