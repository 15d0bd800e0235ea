"""What wrk says, and that it was given the page which is measured."""

import gzip
from typing import Any, cast

import pytest

from tests.bench.seed import Person
from tests.bench.wrk import Wanted, WrkFailed, WrongPage, compare, look, read

SAID = """Running 6s test @ http://127.0.0.1:8000/rooms/2
  1 threads and 8 connections
  Latency Distribution
     50%   54.90ms
     75%   60.00ms
     90%   70.00ms
     99%    1.20s
  1000 requests in 6.00s, 10.00MB read
  Socket errors: connect 0, read 1, write 0, timeout 2
  Non-2xx or 3xx responses: 3
Requests/sec:    166.66
"""
WANTED = Wanted(
    cast(Person, None), "/rooms/2", lambda text: {"rooms": text.count("room")}, {"rooms": 2}, "gzip"
)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def test_what_wrk_found_is_read() -> None:
    found = read(SAID)
    assert found == {"requests": 1000, "faults": 6, "bytes": 10 * 2**20, "p50": 54.9, "p99": 1200.0}
    with pytest.raises(WrkFailed):
        read("unable to connect")


def test_the_page_is_compressed_and_holds_what_it_is_to_hold() -> None:
    look(answer(gzip.compress(b"room room"), "200 OK", "Content-Encoding: gzip"), WANTED)


@pytest.mark.parametrize(
    ("came", "complaint"),
    [
        (answer(b"", "303 See Other", "Location: /sign-in"), "303"),
        (answer(b"room room"), "identity"),
        (answer(gzip.compress(b"room", mtime=0), "200 OK", "Content-Encoding: gzip"), "instead of"),
    ],
    ids=["a redirect", "not compressed", "a room too few"],
)
def test_another_page_is_refused(came: bytes, complaint: str) -> None:
    with pytest.raises(WrongPage, match=complaint):
        look(came, WANTED)


def test_wrk_must_have_been_given_as_much_for_each_request() -> None:
    found: dict[str, Any] = {"requests": 1000, "bytes": 10_000_000}
    compare(found, 10_300)
    compare({"requests": 20, "bytes": 14 * 10_000}, 10_000)  # 6 of 8 were under way at the end
    for size in (8_000, 12_000):
        with pytest.raises(WrongPage):
            compare(found, size)
    with pytest.raises(WrongPage):
        compare({"requests": 0, "bytes": 0}, 10_000)
