"""Every Redis key and channel: its pattern, type, time to live, and who writes it.

| pattern | type | time to live | written by | read by |
| --- | --- | --- | --- | --- |
| `session:<sid>` | string, msgpack | see below; 1 hour before sign-in | web; chatd prolongs | web, chatd |
| `sessions:<user>` | sorted set | `PARLEY_SESSION_LIFETIME` | web; chatd moves | web |
| `tries:<bucket>`, `wait:<bucket>` | string | see `web.tries` | web | web |
| `limit:…` | list | the period of the limit | web: Flask-Limiter | web |
| `parley:room:<database>:<room>` | channel | – | chatd, web | chatd: changes of a room |
| `parley:user:<database>:<user>` | channel | – | chatd, web | chatd: `joined`, `left`, `read`, `revoked` |
| `parley:presence:<database>` | channel | – | chatd | chatd: how the users of each daemon are |

A session lives for `PARLEY_SESSION_IDLE` after its last use, and never beyond `PARLEY_SESSION_LIFETIME`
after its sign-in. The sorted set is the index of a user's sessions: their ids, by the time when each was
last in use, in seconds since 1970 UTC. Only sign-in adds to it; whoever prolongs a session moves it there.

Several Parleys may share one Redis, each with a database of its own, which keeps their keys apart. What is
published is heard in all databases, so that the number of ours stands in the channels' names.
"""

from dataclasses import dataclass

SESSION_PREFIX = "session:"
USER_SESSIONS_PREFIX = "sessions:"
TRIES_PREFIX = "tries:"
WAIT_PREFIX = "wait:"
LIMIT_PREFIX = "limit"  # Flask-Limiter adds the colon
ROOM_PREFIX = "parley:room:"
USER_PREFIX = "parley:user:"
PRESENCE_PREFIX = "parley:presence:"


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


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of the Parley whose keys stand in this database of Redis."""

    database: int = 0

    @property
    def rooms(self) -> str:
        """What the names of all rooms' channels begin with."""
        return f"{ROOM_PREFIX}{self.database}:"

    @property
    def users(self) -> str:
        """What the names of all users' channels begin with."""
        return f"{USER_PREFIX}{self.database}:"

    @property
    def presence(self) -> str:
        """The channel on which the daemons tell each other how their users are."""
        return f"{PRESENCE_PREFIX}{self.database}"

    def room(self, room: int) -> str:
        """The channel on which the changes of a room are published, as they go to its members."""
        return f"{ROOM_PREFIX}{self.database}:{room}"

    def user(self, user: int) -> str:
        """The channel of what concerns one user on all devices."""
        return f"{USER_PREFIX}{self.database}:{user}"
