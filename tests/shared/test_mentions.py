"""Whom a text calls."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mentions import NAMES_MAX, NOBODY, called
from tests.timing import best_of_tries, within

CASES = json.loads(Path(__file__).with_name("mention_cases.json").read_text())


@pytest.mark.parametrize(("text", "names", "everyone"), CASES, ids=[repr(case[0]) for case in CASES])
def test_a_text_calls_whom_its_reader_sees_called(text: str, names: list[str], everyone: bool) -> None:
    found = called(text)
    assert (list(found.names), found.everyone) == (names, everyone)


def test_a_text_without_the_sign_calls_nobody() -> None:
    assert called("a long text " * 100) is NOBODY


def test_no_more_are_called_than_one_message_may() -> None:
    found = called(" ".join(f"@user{number}" for number in range(NAMES_MAX + 10)) + " @room")
    assert found.names == tuple(f"user{number}" for number in range(NAMES_MAX))
    assert found.everyone


pieces = st.sampled_from(["@", "bob", "room", "`", "``", "```", "~~~", "\n", " ", "\\", "> ", "- ", "/", "é"])


@given(st.lists(pieces, max_size=30).map("".join))
def test_whatever_stands_there_only_what_stands_behind_the_sign_is_called(text: str) -> None:
    for name in called(text).names:
        assert f"@{name}" in text.lower()


@given(st.lists(pieces, max_size=20).map("".join))
def test_in_a_fence_that_is_not_closed_nobody_is_called(text: str) -> None:
    assert called("~~~~\n" + text.replace("~", "")) == NOBODY


@pytest.mark.parametrize("piece", ["\\", "`", "``` ", "~~~\n", "> ", "1. ", "@a", "\\`", "` @a\n"])
@best_of_tries
def test_whatever_is_said_ten_thousand_times_is_read_at_once(piece: str) -> None:
    text = (piece * 10_000)[:9_990] + "a`@bob"
    with within(0.2):
        called(text)
