"""The sessions of a user: entered at sign-in, listed, ended.

Nothing here needs a request: `end_all` also serves commands. Every function raises redis-py's
errors, and does then either all of its work or none that leaves a live session out of the index.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from redis import Redis

from shared import events, keys, sessions
from shared.settings import Settings
from web.backends import channels


@dataclass(frozen=True, slots=True)
class Entry:
    """One session of a user. `seen` is when it was last in use, in seconds since 1970 UTC."""

    sid: str
    signed_in: sessions.SignedIn
    seen: float

    @property
    def name(self) -> str:
        """What names it in pages and in what is published."""
        return sessions.digest(self.sid)


def enter(client: Redis, sid: str, stored: bytes, who: sessions.SignedIn, settings: Settings) -> None:
    """Store a new session and its place in the index, at once: `end_all` finds every session that there is.

    Beyond `sessions.PER_USER` those end that were not in use for the longest time.
    """
    now, index = time.time(), keys.user_sessions(who.user)
    with client.pipeline(transaction=True) as pipeline:
        pipeline.set(keys.session(sid), stored, ex=max(1, seconds_left(who, settings, now)))
        pipeline.zadd(index, {sid: now})
        pipeline.expire(index, settings.session_lifetime)
        pipeline.zrange(index, 0, -(sessions.PER_USER + 1))
        surplus: list[bytes] = pipeline.execute()[-1]
    if surplus:
        end(client, who.user, [member.decode() for member in surplus])


def touch(client: Redis, sid: str, who: sessions.SignedIn, settings: Settings) -> None:
    """The session is in use. Makes nothing: one that ended meanwhile stays so, and so does its entry (XX)."""
    now, index = time.time(), keys.user_sessions(who.user)
    with client.pipeline(transaction=False) as pipeline:
        pipeline.expire(keys.session(sid), seconds_left(who, settings, now))
        pipeline.zadd(index, {sid: now}, xx=True)
        pipeline.expire(index, settings.session_lifetime)
        pipeline.execute()


def of(client: Redis, user: int, settings: Settings) -> list[Entry]:
    """The sessions of a user, the last used first. Those that are over are ended on the way."""
    index, now = keys.user_sessions(user), time.time()
    members = cast(list[tuple[bytes, float]], client.zrange(index, 0, -1, withscores=True))
    members.reverse()
    with client.pipeline(transaction=False) as pipeline:
        for sid, _ in members:
            pipeline.get(keys.session(sid.decode()))
        values = pipeline.execute(raise_on_error=False) if members else []
    alive, dead = [], []
    for (sid, seen), value in zip(members, values, strict=True):
        who = sessions.signed_in(readable(value))
        if who is not None and who.user == user and seconds_left(who, settings, now) > 0:
            alive.append(Entry(sid.decode(), who, seen))
        else:
            dead.append(sid.decode())
    end(client, user, dead)
    return alive


def end(client: Redis, user: int, sids: Sequence[str]) -> None:
    """End sessions of a user, and tell the daemons, which close their sockets."""
    if not sids:
        return
    with client.pipeline(transaction=True) as pipeline:
        pipeline.delete(*(keys.session(sid) for sid in sids))
        pipeline.zrem(keys.user_sessions(user), *sids)
        for sid in sids:
            pipeline.publish(channels(client).user(user), events.revoked(sessions.digest(sid)))
        pipeline.execute()


def end_all(client: Redis, user: int, *, except_sid: str | None = None) -> int:
    """End every session of a user but `except_sid`; returns how many there were.

    Call it after the commit of what makes them void (a new password, a disabled account). A sign-in
    that began before the commit may end after this: it looks at the account again once its session
    is in the index (`identity.begin`).
    """
    members = cast(list[bytes], client.zrange(keys.user_sessions(user), 0, -1))
    sids = [sid for sid in (member.decode() for member in members) if sid != except_sid]
    end(client, user, sids)
    return len(sids)


def seconds_left(who: sessions.SignedIn, settings: Settings, now: float) -> int:
    """How long a session lives if nobody uses it again; 0 or less: it is over."""
    return who.seconds_left(now=now, idle=settings.session_idle, lifetime=settings.session_lifetime)


def readable(answer: object) -> bytes | None:
    """What a key of a session holds, as Redis answered within a pipeline. Raises its errors.

    A key that holds no string (a list, say) is no session, which is not the same as Redis away.
    """
    if isinstance(answer, Exception) and not sessions.is_other_type(str(answer)):
        raise answer
    return answer if isinstance(answer, bytes) else None
