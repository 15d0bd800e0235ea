"""What the web service and the chat daemon both need, and nothing else.

The law of this folder: it knows neither Flask nor asyncio; it imports neither `web` nor
`chatd`; every SQL statement, every Redis key name and every message of the protocol stands
here, once.
"""
