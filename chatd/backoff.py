"""How long a client waits before it connects again: "full jitter", as in the AWS Architecture
Blog's "Exponential Backoff And Jitter". The page's `backoff.js` keeps the same limits.
"""

import random

LEAST_SECONDS, MOST_SECONDS = 0.5, 30.0
TOLD, WELCOMED = 3, 2  # failures that count at most: ceilings of 4 s and 2 s
TOO_MANY = 4  # failures that count at least: a ceiling of 8 s, then 16 s, then 30 s


class Backoff:
    """Seconds to wait, from a ceiling that doubles with each failure."""

    def __init__(self) -> None:
        self._failures = 0

    def next(self) -> float:
        """Seconds until the next attempt."""
        ceiling = min(MOST_SECONDS, LEAST_SECONDS * 2**self._failures)
        self._failures += 1
        return random.uniform(0, ceiling)  # noqa: S311 - spreads load

    def told(self) -> None:
        """A daemon answered, and said "try again": it will be well in a moment."""
        self._failures = min(self._failures, TOLD)

    def welcomed(self) -> None:
        """It worked for a moment."""
        self._failures = min(self._failures, WELCOMED)

    def too_many(self) -> None:
        """A daemon said "too many": the next wait is one of the longer ones, however well it went before."""
        self._failures = max(self._failures, TOO_MANY)

    def reset(self) -> None:
        """It worked for long enough."""
        self._failures = 0
