"""What is published on a user's channel (`keys.Channels.user`), besides `protocol.Marker`.

Each is a hint: a daemon that misses one finds the same by asking MariaDB or Redis.
"""

import msgspec


class UserEvent(msgspec.Struct, omit_defaults=True):
    """`joined` or `left` a `room`; or the `session` with this `sessions.digest` was `revoked`; or `read`."""

    type: str
    room: int = 0
    session: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(UserEvent)


def joined(room: int) -> bytes:
    """The user is now a member of `room`."""
    return _encoder.encode(UserEvent("joined", room=room))


def left(room: int) -> bytes:
    """The user is no longer a member of `room`."""
    return _encoder.encode(UserEvent("left", room=room))


def revoked(session: str) -> bytes:
    """The session with this digest ended: its sockets must close."""
    return _encoder.encode(UserEvent("revoked", session=session))


def decode(payload: bytes) -> UserEvent:
    """What was published. Raises `ValueError`."""
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as fault:
        raise ValueError(str(fault)) from None
