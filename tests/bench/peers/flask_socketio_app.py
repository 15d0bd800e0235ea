"""Flask-SocketIO with a Redis queue, under gunicorn's gevent worker, as its page "Deployment" says.

    gunicorn -k gevent -w 1 flask_socketio_app:app       the server
    python flask_socketio_app.py                         another process that emits what is published on bench:0

`BENCH_REDIS_NETWORK` is the URL of Redis, by its port: a socket is taken for another kind of queue.
"""

import os

from flask import Flask
from flask_socketio import SocketIO, join_room

URL = os.environ["BENCH_REDIS_NETWORK"]


def emit_what_is_published() -> None:
    """ "Emitting from an External Process" of the documentation."""
    import redis  # noqa: PLC0415 - under gevent the server patches first

    emitter = SocketIO(message_queue=URL)
    pubsub = redis.Redis.from_url(URL).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    pubsub.subscribe("bench:0")
    for message in pubsub.listen():
        emitter.emit("message", message["data"].decode(), to="room")


if __name__ == "__main__":
    emit_what_is_published()
else:
    app = Flask(__name__)
    socketio = SocketIO(app, message_queue=URL, async_mode="gevent", cors_allowed_origins="*")

    @socketio.on("connect")  # type: ignore[untyped-decorator]
    def on_connect() -> None:
        """Everybody is in the room."""
        join_room("room")
