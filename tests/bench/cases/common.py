"""What several cases share."""

from tests.bench.contenders import Peer
from tests.bench.figures import US, Goal, ratio

PEOPLE = 1_000  # of the one room
SECONDS = 10.0  # of a round
AS_MUCH = "as many as it takes"


def times(peer: Peer, what: str, least: float, text: str = "") -> Goal:
    """So many times a peer's deliveries."""
    reading = ratio((US, what), (peer.name, what), "deliveries")
    return Goal(text or f"≥ {least:g} × {peer.name}", reading, least=least, unit=" ×")
