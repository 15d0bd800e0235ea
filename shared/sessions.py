"""The session as both doors read it: one cookie, one key, one codec.

The cookie holds nothing but a random id; what it stands for lies in Redis under
`keys.session(sid)` as msgpack. There is no other format: nothing that Redis holds can run as
code, as a pickle would (OWASP Session Management, "Session ID Content").
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Self, TypeGuard

import msgspec

COOKIE = "parley_session"
# Browsers take a cookie of this prefix only from https, for this host and the whole of it, so that neither
# a sister domain nor a page without TLS can plant one (RFC 6265bis §4.1.3.2).
HOST_COOKIE = f"__Host-{COOKIE}"

# The fields of a signed-in session; there may be others, as the secret of the form tokens.
USER_ID = "user_id"
BEGAN = "began"
AGENT = "agent"
ADDRESS = "address"

SID_BYTES = 32  # of randomness; OWASP asks for at least 8 (64 bits)
ANONYMOUS_SECONDS = 3600  # a visitor's session holds a form token only
PER_USER = 100  # sessions; one more ends the one that was not seen for the longest time
AGENT_MAX = 300  # characters of a User-Agent that are kept

_SID = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes, as secrets.token_urlsafe writes them
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in by a session: since when (seconds since 1970 UTC), by which program, and from where."""

    user: int
    began: int
    agent: str = ""
    address: str = ""

    @classmethod
    def of(cls, session: dict[str, Any]) -> Self | None:
        """What stands in a decoded session; None in a visitor's, and in one that was not made by us."""
        user, began = session.get(USER_ID), session.get(BEGAN)
        if not _is_count(user) or not _is_count(began):
            return None
        agent, address = session.get(AGENT), session.get(ADDRESS)
        return cls(
            user, began, agent if isinstance(agent, str) else "", address if isinstance(address, str) else ""
        )

    def fields(self) -> dict[str, Any]:
        """What stands in the session."""
        return {
            USER_ID: self.user,
            BEGAN: self.began,
            AGENT: self.agent[:AGENT_MAX],
            ADDRESS: self.address,
        }

    def seconds_left(self, *, now: float, idle: int, lifetime: int) -> int:
        """How long the session lives if nobody uses it again; 0 or less: it is over.

        `idle` and `lifetime` are the settings: the idle and the absolute time-out of the OWASP
        Session Management Cheat Sheet.
        """
        return min(idle, int(self.began + lifetime - now))


def cookie_name(*, secure: bool) -> str:
    """The name of the cookie; `secure` where browsers reach Parley by https. The other name is never read."""
    return HOST_COOKIE if secure else COOKIE


def is_sid(text: str) -> bool:
    """Whether `text` has the form of a session id, so that it may become part of a key."""
    return _SID.fullmatch(text) is not None


def sid_of_cookie(header: str, cookie: str = COOKIE) -> str | None:
    """The session id in a `Cookie` header (RFC 6265 §5.4), or None. `cookie` is its `cookie_name`.

    Not `http.cookies`: that gives up the whole header at the first pair it does not like, and
    browsers send the cookies of every program on the same host. Of several the first counts, as
    it does for the web service.
    """
    for pair in header.split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == cookie:
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


def signed_in(stored: bytes | None) -> SignedIn | None:
    """Who is signed in by a stored session, or None. It may be over: `SignedIn.seconds_left`."""
    return SignedIn.of(decode(stored)) if stored else None


def is_other_type(error: str) -> bool:
    """Whether Redis' answer says that a key holds no string: then it is no session either, nor is Redis away."""
    return error.startswith("WRONGTYPE")


def digest(sid: str) -> str:
    """A name for a session that is safe to publish and to log: its id can not be found from it."""
    return hashlib.sha256(sid.encode()).hexdigest()[:32]


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
