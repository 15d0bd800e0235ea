"""The stop-watch: does sign-in take as long for a name that nobody has?"""

import http.client
import math
import random
import re
import secrets
import statistics
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from shared import password_resets, users
from shared.database import Cursor, Database
from tests.security.attack.site import Product
from web import reset

TOKEN = re.compile(r'value="[^"]{60,}"')  # it is another one each second
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Timed:
    """Medians in milliseconds; `z` of Mann and Whitney's test, whose size exceeds 3 by chance once in 370."""

    count: int
    known: float
    unknown: float
    z: float
    same_words: bool

    @property
    def ratio(self) -> float:
        """How much longer the known take."""
        return self.known / self.unknown


def sign_in(product: Product, known: str, *, count: int, seed: int) -> Timed:
    """Try wrong passwords, `count` times with a known name and as often with unknown ones, in random order."""
    line = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
    line.request("GET", "/sign-in")
    answer = line.getresponse()
    text = answer.read().decode()
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    token = text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    chance = random.Random(seed)
    order = [True] * count + [False] * count
    chance.shuffle(order)
    times: dict[bool, list[float]] = {True: [], False: []}
    words: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    for is_known in order:
        name = known if is_known else "".join(chance.choices("abcdefghijk", k=len(known)))
        body = urlencode({"name": name, "password": "not the password", "csrf_token": token})
        began = time.perf_counter()
        line.request("POST", "/sign-in", body, {"Cookie": cookie, "Content-Type": FORM})
        answer = line.getresponse()
        text = answer.read().decode()
        times[is_known].append((time.perf_counter() - began) * 1000)
        words[is_known].add((answer.status, TOKEN.sub("TOKEN", text).replace(name, "NAME")))
    line.close()
    return timed(times, words)


def reset_links(product: Product, known: str, *, count: int, seed: int) -> Timed:
    """Open links to a new password: "known" is one that was made and is too old, "unknown" one that never was."""
    old = secrets.token_urlsafe(reset.TOKEN_BYTES)
    pool = Database(product.settings)

    def add(cursor: Cursor) -> None:
        account = users.by_name(cursor, known)
        assert account
        password_resets.add(cursor, user=account.id, token=old, expires_at=int(time.time()) - 1)

    pool.transact(add)
    line = http.client.HTTPConnection("127.0.0.1", product.port, timeout=30)
    chance = random.Random(seed)
    order = [True] * count + [False] * count
    chance.shuffle(order)
    times: dict[bool, list[float]] = {True: [], False: []}
    words: dict[bool, set[tuple[int, str]]] = {True: set(), False: set()}
    for is_known in order:
        token = old if is_known else secrets.token_urlsafe(reset.TOKEN_BYTES)
        began = time.perf_counter()
        line.request("GET", f"/reset/{token}")
        answer = line.getresponse()
        text = answer.read().decode()
        times[is_known].append((time.perf_counter() - began) * 1000)
        words[is_known].add((answer.status, text.replace(token, "TOKEN")))
    line.close()
    return timed(times, words)


def timed(times: dict[bool, list[float]], words: dict[bool, set[tuple[int, str]]]) -> Timed:
    """What the stop-watch says of the known and the unknown."""
    return Timed(
        len(times[True]),
        statistics.median(times[True]),
        statistics.median(times[False]),
        mann_whitney(times[True], times[False]),
        words[True] == words[False],
    )


def mann_whitney(one: list[float], other: list[float]) -> float:
    """The test's U as standard deviations from what chance gives; times have no ties to speak of."""
    ranked = sorted([(value, True) for value in one] + [(value, False) for value in other])
    ranks = sum(rank for rank, (_, is_one) in enumerate(ranked, 1) if is_one)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    return (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
