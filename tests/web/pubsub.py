"""Listening to what is published."""

from typing import Any, Self

import msgspec
import redis

from tests.servers import wait_for


class Heard:
    """What is published on some channels, as a context manager."""

    def __init__(self, client: "redis.Redis", *channels: str) -> None:
        self._pubsub = client.pubsub()  # type: ignore[no-untyped-call]
        self._channels = channels

    def __enter__(self) -> Self:
        self._pubsub.subscribe(*self._channels)
        for _ in self._channels:
            wait_for(lambda: self._pubsub.get_message(timeout=1), what="subscribed")
        return self

    def __exit__(self, *_: object) -> None:
        self._pubsub.close()

    def next(self) -> Any:
        """The next message, decoded."""
        message = wait_for(lambda: self._pubsub.get_message(timeout=1), what="a message")
        return msgspec.json.decode(message["data"])

    def is_silent(self) -> bool:
        """Whether nothing more comes."""
        return self._pubsub.get_message(timeout=0.1) is None
