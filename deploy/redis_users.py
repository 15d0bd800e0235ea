"""The users of the private Redis: each process has one who may do just what it does (https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/).

A Redis of one's own needs no such users; `python -m deploy.redis_users` prints the same rights, without
passwords, for whoever wants them there.
"""

import hashlib
import sys
from collections.abc import Mapping

from shared import keys

# CLIENT SETINFO, which redis-py sends and does without, is unknown before Redis 7.2 and would stop its start.
CONNECTION = ("auth", "hello", "ping", "select")
# Flask-Limiter counts in a script, and a script may do no more than who runs it.
LIMITS = (
    "eval",
    "evalsha",
    "script|load",
    "exists",
    "lindex",
    "llen",
    "lpush",
    "lrange",
    "ltrim",
    "incrby",
    "rename",
)
SESSIONS = (
    "get",
    "set",
    "del",
    "ttl",
    "pttl",
    "expire",
    "pexpire",
    "incr",
    "decr",
    "zadd",
    "zrange",
    "zrem",
    "zcard",
)
TRANSACTIONS = ("multi", "exec", "discard", "watch", "unwatch")

COMMANDS = {
    "web": (*CONNECTION, *SESSIONS, *TRANSACTIONS, *LIMITS, "publish"),
    "chatd": (*CONNECTION, "get", "expire", "zadd", "publish", "subscribe", "unsubscribe"),
}
KEYS = {
    "web": (
        keys.SESSION_PREFIX,
        keys.USER_SESSIONS_PREFIX,
        keys.TRIES_PREFIX,
        keys.WAIT_PREFIX,
        f"{keys.LIMIT_PREFIX}:",
    ),
    "chatd": (keys.SESSION_PREFIX, keys.USER_SESSIONS_PREFIX),
}
CHANNELS = {
    "web": (keys.ROOM_PREFIX, keys.USER_PREFIX),
    "chatd": (keys.ROOM_PREFIX, keys.USER_PREFIX, keys.PRESENCE_PREFIX),
}
USERS = (*COMMANDS, "admin")


def rights(user: str) -> str:
    """What a user may do, as `ACL SETUSER` takes it."""
    if user == "admin":
        return "~* &* +@all"
    patterns = [f"~{prefix}*" for prefix in KEYS[user]] + [f"&{prefix}*" for prefix in CHANNELS[user]]
    return " ".join([*patterns, "-@all", *(f"+{command}" for command in COMMANDS[user])])


def acl(passwords: Mapping[str, str]) -> str:
    """The text of the file of users, of whose passwords it holds only digests: each is 256 random bits."""
    digests = {user: hashlib.sha256(passwords[user].encode()).hexdigest() for user in USERS}
    lines = [f"user {user} on #{digests[user]} {rights(user)}" for user in USERS]
    # Nobody can come in as `default`, but it must be allowed everything: it is whom Redis takes for the author of the
    # transactions in its append-only file, and what he may not do is left out without a word when it is loaded.
    return "\n".join([f"user default off resetpass {rights('admin')}", *lines]) + "\n"


if __name__ == "__main__":
    sys.stdout.writelines(f"ACL SETUSER {user} on {rights(user)}\n" for user in COMMANDS)
