"""Every Redis key and channel: its pattern, type, time to live, and who writes it.

| pattern | type | time to live | written by | read by |
| --- | --- | --- | --- | --- |
| `session:<sid>` | string, msgpack | see below; 1 hour before sign-in | web; chatd prolongs | web, chatd |
| `sessions:<user>` | sorted set | `PARLEY_SESSION_LIFETIME` | web; chatd moves | web |
| `tries:<bucket>`, `wait:<bucket>` | string | see `web.tries` | web | web |
| `limit:…` | list | the period of the limit | web: Flask-Limiter | web |
| `parley:room:<room>` | channel | – | chatd, web | chatd: changes of a room |
| `parley:user:<user>` | channel | – | chatd, web | chatd: `joined`, `left`, `read`, `revoked` |

A session lives for `PARLEY_SESSION_IDLE` after its last use, and never beyond `PARLEY_SESSION_LIFETIME`
after its sign-in. The sorted set is the index of a user's sessions: their ids, by the time when each was
last in use, in seconds since 1970 UTC. Only sign-in adds to it; whoever prolongs a session moves it there.
"""

SESSION_PREFIX = "session:"
USER_SESSIONS_PREFIX = "sessions:"
TRIES_PREFIX = "tries:"
WAIT_PREFIX = "wait:"
LIMIT_PREFIX = "limit"  # Flask-Limiter adds the colon
ROOM_PREFIX = "parley:room:"
USER_PREFIX = "parley:user:"


def session(sid: str) -> str:
    """The key of a session."""
    return SESSION_PREFIX + sid


def user_sessions(user: int) -> str:
    """The key of the index of a user's sessions. A session that is not in it can not be ended by its user."""
    return f"{USER_SESSIONS_PREFIX}{user}"


def tries(bucket: str) -> str:
    """The key that counts the tries of a bucket which were not right."""
    return TRIES_PREFIX + bucket


def wait(bucket: str) -> str:
    """The key that lives for as long as the next try of a bucket has to wait."""
    return WAIT_PREFIX + bucket


def room_channel(room: int) -> str:
    """The channel on which the changes of a room are published, as they go to its members."""
    return f"{ROOM_PREFIX}{room}"


def user_channel(user: int) -> str:
    """The channel of what concerns one user on all devices."""
    return f"{USER_PREFIX}{user}"
