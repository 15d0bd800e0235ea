"""`/healthz`: whether this process can serve, for supervisors and load balancers."""

import pymysql
from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError

from shared import migrate
from web.backends import database, redis

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def check() -> Response:
    """200 `{"status": "ok"}`, or 503 with what is away, by name."""
    faults = {name: fault for name, fault in (("mariadb", _mariadb()), ("redis", _redis())) if fault}
    response = jsonify({"status": "unavailable", "away": faults} if faults else {"status": "ok"})
    response.status_code = 503 if faults else 200
    return response


def _mariadb() -> str | None:
    try:
        with database().cursor() as cursor:
            version = migrate.version(cursor)
    except pymysql.err.MySQLError:
        return "does not answer"
    # A newer database is fine: migrations expand first, so that the last version goes on beside the new one.
    if version < migrate.latest():
        return f"has version {version} of the tables, and this code needs {migrate.latest()}"
    return None


def _redis() -> str | None:
    try:
        redis().ping()
    except RedisError:
        return "does not answer"
    return None
