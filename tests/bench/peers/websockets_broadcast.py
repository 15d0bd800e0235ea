"""`websockets` with `broadcast()` beside Redis, on uvloop, without compression: as fast as its documentation knows.

python websockets_broadcast.py ADDRESS REDIS_URL
"""

import sys

import redis.asyncio as redis
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

BACKLOG = 1024
clients: set[ServerConnection] = set()


async def handler(socket: ServerConnection) -> None:
    """One client."""
    clients.add(socket)
    try:
        await socket.wait_closed()
    finally:
        clients.remove(socket)


async def main(address: str, url: str) -> None:
    """Serve, and broadcast what is published."""
    host, _, port = address.rpartition(":")
    pubsub = redis.Redis.from_url(url).pubsub(ignore_subscribe_messages=True)
    await pubsub.subscribe("bench:0")
    async with serve(handler, host, int(port), compression=None, backlog=BACKLOG):
        async for message in pubsub.listen():
            broadcast(clients, message["data"].decode())


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:3]))
