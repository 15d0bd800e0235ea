"""Every Redis key and channel: its pattern, type, time to live, and who writes it.

| pattern | type | time to live | written by | read by |
| --- | --- | --- | --- | --- |
| `session:<sid>` | string, msgpack | `PARLEY_SESSION_IDLE`; 1 hour before sign-in | web | web, chatd |
| `parley:room:<room>` | channel | – | chatd, web | chatd: changes of a room |
| `parley:user:<user>` | channel | – | chatd, web | chatd: `joined`, `left`, `read`, `revoked` |
"""

SESSION_PREFIX = "session:"
ROOM_PREFIX = "parley:room:"
USER_PREFIX = "parley:user:"


def session(sid: str) -> str:
    """The key of a session."""
    return SESSION_PREFIX + sid


def room_channel(room: int) -> str:
    """The channel on which the changes of a room are published, as they go to its members."""
    return f"{ROOM_PREFIX}{room}"


def user_channel(user: int) -> str:
    """The channel of what concerns one user on all devices."""
    return f"{USER_PREFIX}{user}"
