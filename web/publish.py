"""Telling the daemons, after the commit, what changed.

It is a wake-up call and never the record: where Redis is away the request still succeeds, and the
daemons find the change in MariaDB by themselves.
"""

import msgspec
import structlog
from redis.exceptions import RedisError

from shared import protocol, rooms
from web.backends import channels, redis

log = structlog.get_logger(__name__)

Publication = tuple[str, bytes]


def membership(changed: rooms.Membership, *, joined: bool) -> None:
    """Somebody joined or left a room: its members hear of the change, the user's devices of the room."""
    if changed.change is None:
        return
    mine = _for_user(changed.user, type="joined" if joined else "left", room=changed.room)
    _publish([(channels(redis()).room(changed.room), protocol.encode(changed.change)), mine])


def created(room: int, owner: int) -> None:
    """A room was created, and nobody but its owner is in it."""
    _publish([_for_user(owner, type="joined", room=room)])


def _for_user(user: int, **message: object) -> Publication:
    return channels(redis()).user(user), msgspec.json.encode(message)


def _publish(publications: list[Publication]) -> None:
    try:
        with redis().pipeline(transaction=False) as pipeline:
            for channel, message in publications:
                pipeline.publish(channel, message)
            pipeline.execute()
    except RedisError as fault:
        log.warning("not published", channels=[channel for channel, _ in publications], fault=str(fault))
