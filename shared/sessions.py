"""The session as both doors read it: one cookie, one key, one codec.

The cookie holds nothing but a random id; what it stands for lies in Redis under
`keys.session(sid)` as msgpack. There is no other format: nothing that Redis holds can run as
code, as a pickle would (OWASP Session Management, "Session ID Content").
"""

import hashlib
import re
from typing import Any

import msgspec

COOKIE = "parley_session"
USER_ID = "user_id"  # the field of a signed-in session that names the user

SID_BYTES = 32  # of randomness; OWASP asks for at least 8 (64 bits)
ANONYMOUS_SECONDS = 3600  # a visitor's session holds a form token only

_SID = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, as secrets.token_urlsafe writes them
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Any])


def is_sid(text: str) -> bool:
    """Whether `text` has the form of a session id, so that it may become part of a key."""
    return _SID.fullmatch(text) is not None


def sid_of_cookie(header: str) -> str | None:
    """The session id in a `Cookie` header (RFC 6265 §5.4), or None.

    Not `http.cookies`: that gives up the whole header at the first pair it does not like, and
    browsers send the cookies of every program on the same host. Of several the first counts, as
    it does for the web service.
    """
    for pair in header.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == COOKIE:
            return value.strip() if is_sid(value.strip()) else None
    return None


def encode(session: dict[str, Any]) -> bytes:
    """The stored form of a session."""
    return _encoder.encode(session)


def decode(stored: bytes) -> dict[str, Any]:
    """A stored session; empty, as if there were none, where it is damaged."""
    try:
        return _decoder.decode(stored)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}


def user_of(stored: bytes | None) -> int | None:
    """The id of the signed-in user of a stored session, or None."""
    user = decode(stored).get(USER_ID) if stored else None
    return user if isinstance(user, int) and not isinstance(user, bool) and user > 0 else None


def digest(sid: str) -> str:
    """A name for a session that is safe to publish and to log: its id can not be found from it."""
    return hashlib.sha256(sid.encode()).hexdigest()[:32]
