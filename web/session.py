"""Sessions: Flask-Session's Redis store, made strict.

What differs from the library's own:

- Values are msgpack, by the codec of `shared.sessions`, and nothing else. The library falls back
  to JSON and then to pickle, so that whoever can write to Redis could run code here. What can not
  be decoded is no session.
- A cookie that has not the form of a session id never becomes part of a key.
- A session that was read is only ever written where it still stands (SET XX), and kept alive by
  EXPIRE, which makes nothing either: a request in flight can not bring back a session that was
  signed out meanwhile. Only an id that this request drew is written unconditionally.
- Redis away means *unknown*: the request is answered by 503, and the cookie stays.
"""

from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, Request, Response
from flask_session.base import Serializer
from flask_session.redis.redis import RedisSession, RedisSessionInterface
from redis import Redis
from redis.exceptions import RedisError

from shared import keys, sessions
from shared.settings import Settings

COOKIE = sessions.COOKIE

log = structlog.get_logger(__name__)


class SessionStoreAway(Exception):
    """Redis can not be reached: nobody knows who asks."""


class Session(RedisSession):  # type: ignore[misc]
    """One request's session."""

    stored = False  # whether it was read from Redis, so that it may only be written where it still stands
    away = False  # whether Redis could not be reached
    seconds_left = 0  # to live, when it was read

    def clear(self) -> None:
        """Empty it; the library's own would keep a field by which it is not empty."""
        dict.clear(self)
        self.modified = self.accessed = True


class Msgpack(Serializer):  # type: ignore[misc]
    """The one format of a stored session."""

    def encode(self, session: Session) -> bytes:
        """The stored form."""
        return sessions.encode(dict(session))

    def decode(self, serialized_data: bytes) -> dict[str, Any]:
        """The session; empty where what is stored is damaged."""
        return sessions.decode(serialized_data)


class Sessions(RedisSessionInterface):  # type: ignore[misc]
    """Opens and keeps the sessions of an application."""

    session_class = Session

    def __init__(self, app: Flask, client: "Redis", settings: Settings) -> None:
        super().__init__(
            app,
            client=client,
            key_prefix=keys.SESSION_PREFIX,
            permanent=False,
            sid_length=sessions.SID_BYTES,
        )
        self.serializer = Msgpack()
        self._idle = settings.session_idle
        self._cookie_lifetime = timedelta(seconds=settings.session_lifetime)
        # Keeping alive by every request would be a write for every read; an hour of two weeks does not matter.
        self._slack = min(3600, self._idle // 20)

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session that the cookie names, or a new one, which is not written before it holds something."""
        sid = request.cookies.get(COOKIE, "")
        if not sessions.is_sid(sid):
            return self._new()
        try:
            with self.client.pipeline(transaction=False) as pipeline:
                value, seconds = pipeline.get(keys.session(sid)).ttl(keys.session(sid)).execute()
        except RedisError as fault:
            log.warning("session store away", fault=type(fault).__name__)  # its text may quote the session id
            session = self._new()
            session.away = True
            return session
        content = self.serializer.decode(value) if value else {}
        if not content:
            return self._new()
        session = Session(content, sid=sid)
        session.stored, session.seconds_left = True, seconds
        return session

    def save_session(self, app: Flask, session: Session, response: Response) -> None:
        """Write what changed. Raises `SessionStoreAway` where that fails: the answer would be a lie."""
        if session.accessed or session.modified:
            response.vary.add("Cookie")
        if session.away:
            return
        try:
            self._save(session, response)
        except RedisError as fault:
            session.away = True
            raise SessionStoreAway from fault

    def regenerate(self, session: Session) -> None:
        """Empty the session, end what was stored of it, and give it a new id (OWASP: at each sign-in).

        Raises redis-py's errors.
        """
        self.end(session)
        session.sid, session.stored = self._generate_sid(self.sid_length), False

    def end(self, session: Session) -> None:
        """End the session now, and the cookie with the response. Raises redis-py's errors."""
        if session.stored:
            self._delete_session(keys.session(session.sid))
        session.clear()

    def _new(self) -> Session:
        return Session(sid=self._generate_sid(self.sid_length))

    def _save(self, session: Session, response: Response) -> None:
        if not session.modified:
            if session.stored and sessions.USER_ID in session:
                self._keep_alive(session)
        elif not session:
            self._delete_session(keys.session(session.sid))
            self._set_cookie(response, "", timedelta(0))
        else:
            seconds = self._idle if sessions.USER_ID in session else sessions.ANONYMOUS_SECONDS
            value = self.serializer.encode(session)
            self.client.set(keys.session(session.sid), value, ex=seconds, xx=session.stored)
            if not session.stored:
                self._set_cookie(response, session.sid, self._cookie_lifetime)

    def _keep_alive(self, session: Session) -> None:
        if self._idle - session.seconds_left > self._slack:
            try:
                self.client.expire(keys.session(session.sid), self._idle)
            except RedisError as fault:  # the request is done, and the next one comes in time
                log.warning("session not kept alive", fault=type(fault).__name__)

    def _set_cookie(self, response: Response, value: str, lifetime: timedelta) -> None:
        response.set_cookie(
            COOKIE,
            value,
            max_age=lifetime,
            path=self.get_cookie_path(self.app),
            secure=self.get_cookie_secure(self.app),
            httponly=self.get_cookie_httponly(self.app),
            samesite=self.get_cookie_samesite(self.app),
        )
