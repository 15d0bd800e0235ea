"""Messages that reach a server by Redis.

The load generator publishes them at their time, and asks for them here a few milliseconds before. What is
published on Parley's channels was committed first, by the statements with which a daemon commits: the
daemons compare what they hear with the database all the time.
"""

import socket
import struct
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Protocol

import hiredis

from shared import batch, keys, log, protocol
from shared.database import OwnConnection
from shared.settings import Settings

MARK = "~:{stream:06x}:{number:08x}"  # see load/ledger.h
END_SECONDS = 5.0  # for the last answer
HEAD = struct.Struct("=II")
COUNT = struct.Struct("=I")

Item = tuple[int, str, bytes]  # stream, channel, payload


class Feed(Protocol):
    """Makes the next messages."""

    def take(self, count: int) -> Sequence[Item]:
        """So many messages, ready to be published."""
        ...


def text_of(stream: int, number: int, length: int) -> str:
    """A text of `length` characters with the mark by which the load generator knows it."""
    return MARK.format(stream=stream, number=number).ljust(length, ".")


class PlainFeed:
    """For peers: a message like Parley's, on the channel `bench:<stream>`."""

    def __init__(self, order: Sequence[int], *, body: int) -> None:
        self._streams = cycle(order)
        self._numbers = dict.fromkeys(order, 0)
        self._body = body

    def take(self, count: int) -> Sequence[Item]:
        """So many messages."""
        return [self._next(next(self._streams)) for _ in range(count)]

    def _next(self, stream: int) -> Item:
        number = self._numbers[stream]
        self._numbers[stream] = number + 1
        payload = protocol.encode(
            protocol.Message(
                room=stream + 1,
                number=number + 1,
                version=number + 2,
                author=protocol.User(stream + 1, "bench00001"),
                client_id=uuid.uuid4(),
                body=text_of(stream, number, self._body),
                body_version=number + 2,
                at=time.time_ns() // 1_000_000,
            )
        )
        return stream, f"bench:{stream}", payload


class CommittedFeed:
    """For Parley: each message is committed to its room, then published as a daemon publishes it.

    `rooms` are, for each stream, the room's id and some of its members, who write in turn. `order` is the order in
    which streams take turns.
    """

    def __init__(
        self,
        settings: Settings,
        rooms: Sequence[tuple[int, Sequence[protocol.User]]],
        order: Sequence[int],
        *,
        body: int,
    ) -> None:
        self._connection = OwnConnection(settings)
        self._channels = keys.Channels(settings.redis_database)
        self._longest = settings.message_max
        self._rooms = rooms
        self._streams: Iterator[int] = cycle(order)
        self._numbers = [0] * len(rooms)
        self._body = body

    def take(self, count: int) -> Sequence[Item]:
        """So many messages, committed by one transaction."""
        streams = [next(self._streams) for _ in range(count)]
        requests = [self._request(stream) for stream in streams]
        with self._connection.transaction() as cursor:
            result, _ = batch.write(cursor, requests, longest=self._longest)
        items = []
        for stream, outcome in zip(streams, result.outcomes, strict=True):
            assert isinstance(outcome, log.Accepted)
            channel = self._channels.room(outcome.message.room)
            items.append((stream, channel, protocol.encode(outcome.message)))
        return items

    def _request(self, stream: int) -> log.Request:
        room, authors = self._rooms[stream]
        number = self._numbers[stream]
        self._numbers[stream] = number + 1
        text = text_of(stream, number, self._body)
        author = authors[number % len(authors)]
        return log.Request(author, protocol.Send(uuid.uuid4(), text, room), time.time_ns() // 1_000_000)


class Feeding:
    """Answers the load generator's questions in a thread of its own, until it ends.

    Where the feed fails, `fault` says so, and the load generator finds the connection ended and gives up.
    """

    def __init__(self, feed: Feed) -> None:
        self.fault: Exception | None = None
        self.cpu_seconds = 0.0  # of the thread
        self._feed = feed
        self._ours, self.theirs = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Feeding":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.theirs.close()
        self._end()
        self._thread.join(END_SECONDS)
        self._ours.close()

    def _serve(self) -> None:
        while asked := _receive(self._ours):
            try:
                answer = b"".join(wire(item) for item in self._feed.take(asked))
            except Exception as fault:  # nobody else hears of it in this thread
                self.fault = fault
                self._end()
                return
            self.cpu_seconds = time.thread_time()
            try:
                self._ours.sendall(answer)
            except OSError:  # the load generator has ended
                return

    def _end(self) -> None:
        with suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)


def wire(item: Item) -> bytes:
    """A message as the load generator takes it: its stream, the length, and the command for Redis."""
    stream, channel, payload = item
    command: bytes = hiredis.pack_command(("PUBLISH", channel, payload))  # type: ignore[arg-type] # its stubs know only tuples of one
    return HEAD.pack(stream, len(command)) + command


def _receive(connection: socket.socket) -> int:
    try:
        question = connection.recv(COUNT.size, socket.MSG_WAITALL)
    except OSError:
        return 0
    return COUNT.unpack(question)[0] if len(question) == COUNT.size else 0
