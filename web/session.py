"""Sessions: Flask-Session's Redis store, made strict.

What differs from the library's own:

- Values are msgpack, by the codec of `shared.sessions`, and nothing else. The library falls back
  to JSON and then to pickle, so that whoever can write to Redis could run code here. What can not
  be decoded is no session.
- A cookie that has not the form of a session id never becomes part of a key.
- A session that was read is only ever written where it still stands (SET XX), and kept alive by
  EXPIRE, which makes nothing either: a request in flight can not bring back a session that was
  signed out meanwhile. Only an id that this request drew is written unconditionally.
- A sign-in is stored at once, together with its place in the index of the user's sessions
  (`user_sessions`), and not at the end of the request: whoever ends all sessions finds it.
- A session ends by itself when nobody used it for `PARLEY_SESSION_IDLE`, and
  `PARLEY_SESSION_LIFETIME` after its sign-in, even while Redis still has it.
- Redis away means *unknown*: the request is answered by 503, and the cookie stays.
"""

import time
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask, Request, Response
from flask_session.base import Serializer
from flask_session.redis.redis import RedisSession, RedisSessionInterface
from redis import Redis
from redis.exceptions import RedisError, WatchError

from shared import keys, sessions
from shared.settings import Settings
from web import user_sessions

SLACK_SECONDS = 60  # between two writes that keep a session alive; what "last seen" may lag behind

log = structlog.get_logger(__name__)


class SessionStoreAway(Exception):
    """Redis can not be reached: nobody knows who asks."""


class Session(RedisSession):  # type: ignore[misc]
    """One request's session."""

    stored = False  # whether it stands in Redis, so that it may only be written where it still does
    known = False  # whether the browser has its id
    away = False  # whether Redis could not be reached
    seconds_left = 0  # to live, when it was read
    raw = b""  # as it was read
    address = ""  # from which this request came

    def clear(self) -> None:
        """Empty it; the library's own would keep a field by which it is not empty."""
        dict.clear(self)
        self.modified = self.accessed = True

    @property
    def signed_in(self) -> sessions.SignedIn | None:
        """Who is signed in."""
        return sessions.SignedIn.of(self)


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
        self._settings = settings
        self._cookie = sessions.cookie_name(secure=settings.secure_cookies)
        self._slack = min(SLACK_SECONDS, settings.session_idle // 20)

    def open_session(self, app: Flask, request: Request) -> Session:
        """The session that the cookie names, or a new one, which is not written before it holds something."""
        sid = request.cookies.get(self._cookie, "")
        if not sessions.is_sid(sid):
            return self._new()
        try:
            with self.client.pipeline(transaction=False) as pipeline:
                pipeline.get(keys.session(sid)).ttl(keys.session(sid))
                value, seconds = pipeline.execute(raise_on_error=False)
            raw = user_sessions.readable(value)
        except RedisError as fault:
            log.warning("session store away", fault=type(fault).__name__)  # its text may quote the session id
            session = self._new()
            session.away = True
            return session
        content = self.serializer.decode(raw) if raw else {}
        if not self._is_alive(content):
            return self._new()
        session = Session(content, sid=sid)
        session.stored = session.known = True
        session.raw, session.seconds_left, session.address = raw or b"", seconds, request.remote_addr or ""
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

    def begin(self, session: Session, who: sessions.SignedIn, **fields: Any) -> None:
        """Sign somebody in, under a new id (OWASP: at each sign-in); the session stands in Redis on return.

        What it held before is gone, and what was stored of it has ended. Raises redis-py's errors.
        """
        self.renew(session, **who.fields(), **fields)
        try:
            user_sessions.enter(
                self.client, session.sid, self.serializer.encode(session), who, self._settings
            )
        except RedisError:
            session.away = True  # it is not written later either, as it would then be in no index
            raise
        session.stored, session.modified = True, False

    def renew(self, session: Session, **fields: Any) -> None:
        """A new session in the place of this one, which has ended, under a new id. Raises redis-py's errors."""
        self.end(session)
        session.sid, session.stored, session.known = self._generate_sid(self.sid_length), False, False
        session.update(**fields)

    def end(self, session: Session) -> None:
        """End the session now, and the cookie with the response. Raises redis-py's errors."""
        who = session.signed_in
        if session.stored and who is not None:
            user_sessions.end(self.client, who.user, [session.sid])
        elif session.stored:
            self._delete_session(keys.session(session.sid))
        session.clear()

    def stands(self, session: Session) -> bool:
        """Whether the session is in Redis now. Raises redis-py's errors."""
        return bool(self.client.exists(keys.session(session.sid)))

    def _new(self) -> Session:
        return Session(sid=self._generate_sid(self.sid_length))

    def _is_alive(self, content: dict[str, Any]) -> bool:
        """Whether what was read is a session, and not over."""
        if sessions.USER_ID not in content:
            return bool(content)
        who = sessions.SignedIn.of(content)
        return who is not None and user_sessions.seconds_left(who, self._settings, time.time()) > 0

    def _save(self, session: Session, response: Response) -> None:
        who = session.signed_in
        if not session:
            if session.modified:
                self._delete_session(keys.session(session.sid))
                self._set_cookie(response, "", timedelta(0))
            return
        if session.modified:
            left = sessions.ANONYMOUS_SECONDS
            if who is not None:
                left = max(1, user_sessions.seconds_left(who, self._settings, time.time()))
            value = self.serializer.encode(session)
            self.client.set(keys.session(session.sid), value, ex=left, xx=session.stored)
        if session.known and who is not None:
            self._keep_alive(session, who)
        if not session.known:
            self._set_cookie(response, session.sid, timedelta(seconds=self._settings.session_lifetime))

    def _keep_alive(self, session: Session, who: sessions.SignedIn) -> None:
        """Being asked for is being in use; written down once a minute.

        The time to live tells when that was last, except near the absolute end, which holds it down.
        """
        left = user_sessions.seconds_left(who, self._settings, time.time())
        if left == self._settings.session_idle and left - session.seconds_left <= self._slack:
            return
        try:
            user_sessions.touch(self.client, session.sid, who, self._settings)
            if session.address != who.address:
                self._moved(session)
        except RedisError as fault:  # the request is done, and the next one comes in time
            log.warning("session not kept alive", fault=type(fault).__name__)

    def _moved(self, session: Session) -> None:
        """Note the new address, unless another request wrote or ended the session meanwhile."""
        key = keys.session(session.sid)
        content = self.serializer.encode(Session(dict(session) | {sessions.ADDRESS: session.address}))
        with self.client.pipeline() as pipeline:
            try:
                pipeline.watch(key)
                if pipeline.get(key) == session.raw:
                    pipeline.multi()
                    pipeline.set(key, content, xx=True, keepttl=True)
                    pipeline.execute()
            except WatchError:
                log.debug("session written by another request")

    def _set_cookie(self, response: Response, value: str, lifetime: timedelta) -> None:
        response.set_cookie(
            self._cookie,
            value,
            max_age=lifetime,
            path="/",  # of the whole host and no other, as the prefix of the name demands
            secure=self._settings.secure_cookies,
            httponly=True,
            samesite="Lax",
        )
