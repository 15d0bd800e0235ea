"""Passwords: argon2id, bounded in memory, with the same work whether there is something to compare or not."""

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet, argon2id: m = 19 MiB, t = 2, p = 1 is its minimum.
# 60 ms on a core of 2024.
_hasher = PasswordHasher(time_cost=3, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash("nobody has this password, nor this hash")

# Each takes 19 MiB while it runs, and a core: more at once would be slower for everybody.
_slots = BoundedSemaphore(2)


def hash(password: str) -> str:
    """The hash to store, with its parameters and salt."""
    with _slots:
        return _hasher.hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that `stored` was made from.

    Where there is no such user (None), a hash of the same cost is verified in vain, so that the
    time of the answer does not tell whether there is one (OWASP Authentication Cheat Sheet).
    """
    with _slots:
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
