"""The chat daemon: live messages over WebSocket.

The law of this folder: it knows nothing of Flask or of `web`. `hub` and `sequencer` are pure: no
I/O, no asyncio. The event loop never waits for a database: statements run in threads. Nothing is
done per recipient but to append bytes; there is no task, queue or await for each.
"""
