"""Python's collector of cycles, kept from holding up everybody while many connections come.

By itself it looks through all objects again whenever there are a quarter more of them: with 15,000
connections that is a pause of 0.7 s, again and again while they connect, and it finds nothing.
Only a connection that has ended leaves cycles behind.
"""

import gc

YOUNG = 5_000  # new objects before the youngest are looked through, which takes about 1 ms
MIDDLE = 10  # times that, before those are that survived it
NEVER = 1_000_000_000
LEAST = 1_000  # ended connections that are worth a full collection


class Garbage:
    """Decides when all objects are looked through: after as many connections have ended as there are."""

    def __init__(self) -> None:
        self._ended = 0

    def begin(self) -> None:
        """What lives now lives as long as the process."""
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        gc.collect()
        gc.freeze()

    def look(self, *, ended: int, alive: int) -> None:
        """Collect if it is worth it. `ended`: all connections that ever ended; `alive`: those there are."""
        if ended - self._ended > max(alive, LEAST):
            self._ended = ended
            gc.collect()
