"""Telling the daemons, after the commit, what changed.

It is a wake-up call and never the record: where Redis is away the request still succeeds, and the
daemons find the change in MariaDB by themselves.
"""

import structlog
from redis.exceptions import RedisError

from shared import events, protocol, rooms
from web.backends import channels, redis

log = structlog.get_logger(__name__)

Publication = tuple[str, bytes]


def membership(changed: rooms.Membership, *, joined: bool) -> None:
    """Somebody joined or left a room: its members hear of the change, the user's devices of the room."""
    if changed.change is None:
        return
    mine = events.joined(changed.room) if joined else events.left(changed.room)
    _publish([_to_room(changed.change), _to_user(changed.user, mine)])


def created(room: int, owner: int) -> None:
    """A room was created, and nobody but its owner is in it."""
    _publish([_to_user(owner, events.joined(room))])


def changed(change: protocol.RoomChange) -> None:
    """A room got another name or topic: its members hear of it."""
    _publish([_to_room(change)])


def own(user: int, marker: protocol.Marker) -> None:
    """What is the user's own in a room changed: their devices hear of it."""
    _publish([_to_user(user, protocol.encode(marker))])


def _to_room(change: protocol.RoomChange) -> Publication:
    return channels(redis()).room(change.room), protocol.encode(change)


def _to_user(user: int, message: bytes) -> Publication:
    return channels(redis()).user(user), message


def _publish(publications: list[Publication]) -> None:
    try:
        with redis().pipeline(transaction=False) as pipeline:
            for channel, message in publications:
                pipeline.publish(channel, message)
            pipeline.execute()
    except RedisError as fault:
        log.warning("not published", channels=[channel for channel, _ in publications], fault=str(fault))
