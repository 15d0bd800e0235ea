"""What people may write."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import Code
from shared.text import fault_of_body, nickname_key


@pytest.mark.parametrize(
    "body", ["a", "two\nlines\tand a tab", "日本語", "🏳️‍🌈", "e\u0301", "\u200bx", "x" * 100]
)
def test_text_of_every_script_is_fine(body: str) -> None:
    assert fault_of_body(body, longest=100) is None


@pytest.mark.parametrize("body", ["", " ", "\n\t ", "\u00a0", "\u3000"])
def test_white_space_says_nothing(body: str) -> None:
    assert fault_of_body(body, longest=100) == Code.EMPTY


@pytest.mark.parametrize(
    "body", ["\u200b", "\u200d\ufeff", "\u3164", "\u2800", "\u202e", "\U000e0041", " \u200b\n\u2060"]
)
def test_what_draws_nothing_says_nothing(body: str) -> None:
    assert fault_of_body(body, longest=100) == Code.EMPTY


@pytest.mark.parametrize("body", ["a\x00", "a\rb", "\x1b[31mred", "a\x7f", "a\x85", "a\ud800"])
def test_control_characters_and_surrogates_are_refused(body: str) -> None:
    assert fault_of_body(body, longest=100) == Code.CHARACTERS


def test_the_limit_counts_code_points_not_bytes() -> None:
    assert fault_of_body("🙂" * 100, longest=100) is None
    assert fault_of_body("🙂" * 101, longest=100) == Code.TOO_LONG


def test_length_is_looked_at_first_since_the_rest_costs_time_for_each_character() -> None:
    assert fault_of_body("\x00" * 101, longest=100) == Code.TOO_LONG


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs", "Cf", "Co", "Cn"])))
def test_no_other_character_counts_as_control(text: str) -> None:
    assert fault_of_body(text, longest=1000) != Code.CHARACTERS


@given(st.text(), st.characters(categories=["Cc", "Cs"]), st.text())
def test_a_control_is_found_wherever_it_stands(before: str, control: str, after: str) -> None:
    found = fault_of_body(before + control + after, longest=1000) == Code.CHARACTERS
    assert found or control in "\n\t"
    assert unicodedata.category(control) in ("Cc", "Cs")


def test_a_nickname_is_found_whatever_its_capitals() -> None:
    assert nickname_key("Kate_1") == nickname_key("kATE_1") == "kate_1"


@pytest.mark.parametrize("name", ["", "\u212aate", "käthe", "kate ", "kate\n"])
def test_what_can_be_nobodys_name_is_no_nickname(name: str) -> None:
    assert nickname_key(name) is None
