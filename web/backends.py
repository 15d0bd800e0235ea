"""The servers behind a process of the web service: one pool to MariaDB, one client to Redis."""

from dataclasses import dataclass
from typing import cast

import redis as redis_py
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry

from shared import keys
from shared.database import Database
from shared.settings import Settings

EXTENSION = "parley"


@dataclass(frozen=True, slots=True)
class Backends:
    """What a process keeps for all its requests. Neither server is asked before the first use."""

    settings: Settings
    database: Database
    redis: redis_py.Redis


def install(app: Flask, settings: Settings) -> None:
    """Give `app` its servers."""
    app.extensions[EXTENSION] = Backends(settings, Database(settings), connect(settings))


def of(app: Flask) -> Backends:
    """The servers of `app`."""
    return cast(Backends, app.extensions[EXTENSION])


def settings() -> Settings:
    """The settings of the current application."""
    return of(current_app).settings


def database() -> Database:
    """The database of the current application."""
    return of(current_app).database


def redis() -> redis_py.Redis:
    """The Redis client of the current application."""
    return of(current_app).redis


def channels(client: redis_py.Redis) -> keys.Channels:
    """The channels of the daemons whose keys stand in the same database."""
    return keys.Channels(client.get_connection_kwargs().get("db") or 0)


def connect(settings: Settings) -> redis_py.Redis:
    """The client of a process of web, or of a command. It connects when it is first used."""
    url, password = settings.redis_address("web")
    given = {} if password is None else {"password": password}
    return redis_py.Redis.from_url(
        url,
        **given,
        # A request waits for a server that does not answer, and so does the one behind it: rather say so soon.
        socket_connect_timeout=1,
        socket_timeout=2,
        health_check_interval=30,
        # One retry, for the connection that died with the last Redis, and none after a time-out. The library's
        # own three, with growing pauses, would hold each request for many seconds while Redis is away.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        decode_responses=False,
    )
