"""Django Channels with channels_redis, under uvicorn: the consumer of its tutorial, made asynchronous.

    uvicorn channels_app:application        the server
    python channels_app.py                  another process, which sends to the group what is published on bench:0

`BENCH_REDIS` is the URL of Redis, `BENCH_LAYER` the class of the channel layer.
"""

import asyncio
import os

import django
from django.conf import settings

URL = os.environ["BENCH_REDIS"]
CAPACITY = 1000  # messages that may wait for a channel, beyond which they are dropped; the default is 100

settings.configure(
    SECRET_KEY="benchmark",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["channels"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": os.environ["BENCH_LAYER"],
            "CONFIG": {"hosts": [URL], "capacity": CAPACITY},
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - after django.setup
from channels.layers import get_channel_layer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One client, who is in the room."""

    async def connect(self) -> None:
        """Join the group."""
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave it."""
        await self.channel_layer.group_discard("room", self.channel_name)

    async def say(self, event: dict[str, str]) -> None:
        """A message to the group."""
        await self.send(text_data=event["text"])


async def send_what_is_published() -> None:
    """ "Using Outside Of Consumers" of the documentation."""
    import redis.asyncio as redis  # noqa: PLC0415 - only here

    layer = get_channel_layer()
    pubsub = redis.Redis.from_url(URL).pubsub(ignore_subscribe_messages=True)
    await pubsub.subscribe("bench:0")
    async for message in pubsub.listen():
        await layer.group_send("room", {"type": "say", "text": message["data"].decode()})


if __name__ == "__main__":
    asyncio.run(send_what_is_published())
else:
    application = ProtocolTypeRouter({"websocket": URLRouter([path("ws", Consumer.as_asgi())])})
