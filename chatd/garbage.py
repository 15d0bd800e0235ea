"""Memory that is not needed any more: when it is looked for, and when the system gets it back.

Python's collector of cycles must not hold up everybody while many connections come. By itself it looks
through all objects again whenever there are a quarter more of them: with 15,000 connections that is a
pause of 0.7 s, again and again while they connect, and it finds nothing. Only a connection that has
ended leaves cycles behind.

And what waited for readers that stalled lies between what lives on, so that the C library would keep it for ever.
"""

import ctypes
import gc
import time

YOUNG = 5_000  # new objects before the youngest are looked through, which takes about 1 ms
MIDDLE = 2  # times that, before those are that survived it: 5 to 12 ms; after ten times it was 25 to 36
NEVER = 1_000_000_000
LEAST = 1_000  # ended connections that are worth a full collection
WORTH_BYTES = 1024 * 1024  # so much less waiting for readers than before is worth the 6 ms
PAUSE_SECONDS = 30.0  # between two times that memory is given back

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; others have none


class Garbage:
    """Decides when all objects are looked through, and when memory goes back to the system."""

    def __init__(self) -> None:
        self._ended = 0
        self._most = 0  # bytes that waited for readers, since memory was given back
        self._released = -PAUSE_SECONDS

    def begin(self) -> None:
        """What lives now lives as long as the process."""
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.collect()
        gc.freeze()

    def look(self, *, ended: int, alive: int) -> None:
        """Collect when as many connections have ended as there are. `ended`: of all that there ever were."""
        if ended - self._ended > max(alive, LEAST):
            self._ended = ended
            gc.collect()

    def note_waiting(self, size: int) -> None:
        """So many bytes wait for readers now: where they were many more, what they took is given back, soon."""
        self._most = max(self._most, size)
        now = time.monotonic()
        if self._most - size > WORTH_BYTES and now - self._released > PAUSE_SECONDS:
            self._most, self._released = size, now
            release()


def release() -> None:
    """Give back to the system what this process has freed."""
    if _trim is not None:
        _trim(0)
