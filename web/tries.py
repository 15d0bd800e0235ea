"""Wrong passwords and codes make the next try wait, for longer each time; nobody is locked out.

A try is counted, atomically in Redis, in *buckets* before the password is looked at, so that a
hundred at once are a hundred; a right one is taken back. Beyond `PARLEY_SIGN_IN_TRIES` each doubles
the wait, from one second to `longest`. A try that is refused for that reason is not counted, so
that whoever goes on does not make it worse. A bucket is forgotten after an hour without a try.

Who may be slowed down by whom (NIST SP 800-63B-4 §3.2.2, OWASP "Device Cookies"):

- A device that has signed in to the account before has a bucket of its own: what strangers try
  does not concern it. `device_cookie` says how a device is known.
- All others share one bucket an account, for names that nobody has as well, and one an address. The
  account's waits a minute at most, so that strangers with many addresses leave a place for its
  owner's new device; an address waits up to a quarter of an hour.
"""

import hashlib
import math
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, cast

from flask import has_request_context, request
from redis import Redis
from redis.exceptions import RedisError

from shared import keys
from web import device_cookie
from web.backends import redis, settings
from web.errors import TooMany
from web.throttle import address

MEMORY_SECONDS = 3600
ACCOUNT_SECONDS = 60
LONGEST_SECONDS = 900
ADDRESS_FACTOR = 4
PASSWORD, CODE = "password", "code"  # what somebody proves who is half or wholly signed in

# KEYS: the count and the wait of each bucket. ARGV: for each how many are free, and the longest wait in seconds;
# at the end for how long a count is remembered, and a name for this try. Returns the milliseconds to wait; 0: the try is counted.
_TRY = """
local left = 0
for i = 2, #KEYS, 2 do left = math.max(left, redis.call('PTTL', KEYS[i])) end
if left > 0 then return left end
for i = 1, #KEYS, 2 do
  local over = redis.call('INCR', KEYS[i]) - tonumber(ARGV[i])
  redis.call('EXPIRE', KEYS[i], ARGV[#ARGV - 1])
  if over >= 0 then
    local seconds = math.min(tonumber(ARGV[i + 1]), 2 ^ math.min(over, 20))
    redis.call('SET', KEYS[i + 1], ARGV[#ARGV], 'PX', math.floor(seconds * 1000))
  end
end
return 0
"""

# KEYS: the count and the wait of each bucket. ARGV: for each 1 where several accounts share it; at the end the name of
# the try. It takes back its own count and its own wait only: another try beside it may have been wrong.
_RIGHT = """
for i = 1, #KEYS, 2 do
  if ARGV[(i + 1) / 2] == '0' then
    redis.call('DEL', KEYS[i], KEYS[i + 1])
  else
    if tonumber(redis.call('GET', KEYS[i]) or '0') > 0 then redis.call('DECR', KEYS[i]) end
    if redis.call('GET', KEYS[i + 1]) == ARGV[#ARGV] then redis.call('DEL', KEYS[i + 1]) end
  end
end
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where tries are counted: `free` ones without a wait, then up to `longest` seconds between two."""

    name: str
    free: int
    longest: int
    shared: bool = False  # by several accounts: a right password of one says nothing of the others


@dataclass(frozen=True, slots=True)
class Try:
    """A try that is counted as wrong until it is told that it was right.

    As a context manager it takes itself back where nobody could tell: the database is away, say,
    or too many passwords are being looked at.
    """

    name: str
    buckets: Sequence[Bucket]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            with suppress(RedisError):  # the fault that ended the try says more
                self._take_back([1] * len(self.buckets))

    def right(self) -> None:
        """Take it back: the account starts anew, the address has one try less. Raises redis-py's errors."""
        self._take_back([int(bucket.shared) for bucket in self.buckets])

    def _take_back(self, only_this: Sequence[int]) -> None:
        """For each bucket 1 to take back this try alone, 0 to forget all of them."""
        if self.buckets:
            names = _names(self.buckets)
            redis().eval(_RIGHT, len(names), *names, *only_this, self.name)


def password(name: str) -> Try:
    """Count a try to sign in by this name, which may be nobody's. Raises `TooMany`, and redis-py's errors."""
    account = _digest(name.lower())
    device = device_cookie.of_name(name, request.cookies)
    free = settings().sign_in_tries
    if device:
        return _begin([Bucket(f"device:{account}:{device}", free, ACCOUNT_SECONDS)])
    return _begin(
        [
            Bucket(f"account:{account}", free, ACCOUNT_SECONDS),
            Bucket(f"address:{_digest(address())}", free * ADDRESS_FACTOR, LONGEST_SECONDS, shared=True),
        ]
    )


def own(user: int, what: str) -> Try:
    """Count a try of somebody who has shown to know the password: a code, or the password again.

    Only such a one can make the account's owner wait here, and nobody without the password. Raises as `password` does.
    """
    free = settings().sign_in_tries
    return _begin([Bucket(f"{what}:{user}", free, LONGEST_SECONDS)])


def forget(client: Redis, name: str, user: int) -> None:
    """No wait any more for the owner of an account, whom the operator or a link has just let in again.

    Of the devices that signed in before only that of this request is known, if it is one. Addresses keep their counts: they are
    others' as well. Raises redis-py's errors.
    """
    account = _digest(name.lower())
    buckets = [f"account:{account}", f"{PASSWORD}:{user}", f"{CODE}:{user}"]
    device = device_cookie.of_name(name, request.cookies) if has_request_context() else None
    if device:
        buckets.append(f"device:{account}:{device}")
    client.delete(*(key for bucket in buckets for key in (keys.tries(bucket), keys.wait(bucket))))


def _begin(buckets: Sequence[Bucket]) -> Try:
    if not settings().sign_in_tries:
        return Try("", [])
    names, this = _names(buckets), secrets.token_hex(8)
    numbers = [number for bucket in buckets for number in (bucket.free, bucket.longest)]
    left = cast(int, redis().eval(_TRY, len(names), *names, *numbers, MEMORY_SECONDS, this))
    if left > 0:
        raise TooMany(math.ceil(left / 1000))
    return Try(this, buckets)


def _names(buckets: Sequence[Bucket]) -> list[str]:
    return [key for bucket in buckets for key in (keys.tries(bucket.name), keys.wait(bucket.name))]


def _digest(text: str) -> str:
    """Of any text a short part of a key; what people type as a name may be their password."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
