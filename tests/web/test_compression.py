"""`web.compression`: the chat page is small on the wire, and its length tells nothing."""

import gzip

import pytest

from tests.web.browser import Browser


def test_the_chat_page_is_compressed_for_who_takes_gzip(alice: Browser) -> None:
    plain = alice.get("/rooms/1")
    small = alice.get("/rooms/1", headers={"Accept-Encoding": "br, gzip;q=0.8"})
    assert plain.content_encoding is None
    assert small.content_encoding == "gzip"
    assert small.content_length == len(small.data) < len(plain.data) / 2
    assert b'id="composer-text"' in gzip.decompress(small.data)


@pytest.mark.parametrize("accepts", ["identity", "gzip;q=0", "br"])
def test_who_does_not_take_gzip_gets_it_as_it_is(alice: Browser, accepts: str) -> None:
    page = alice.get("/rooms/1", headers={"Accept-Encoding": accepts})
    assert page.content_encoding is None
    assert page.data.startswith(b"<!doctype html>")


def test_a_cache_is_told_that_there_are_two_answers(alice: Browser) -> None:
    for accepts in ("gzip", "identity"):
        assert "Accept-Encoding" in alice.get("/rooms/1", headers={"Accept-Encoding": accepts}).vary


def test_the_same_page_has_many_lengths(alice: Browser) -> None:
    lengths = {len(alice.get("/rooms/1", headers={"Accept-Encoding": "gzip"}).data) for _ in range(20)}
    assert max(lengths) - min(lengths) > 10
