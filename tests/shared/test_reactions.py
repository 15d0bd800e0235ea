"""Which emoji count as a reaction, and how many there may be."""

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import EMOJI_MAX, Reaction
from shared.reactions import BY_KEY, EMOJI_MOST, USERS_MOST, Full, clean, put, stored

OFFERED = Path(__file__).parents[2] / "web/static/vendor/emoji.js"  # by the page
EMOJI = ["👍", "❤️", "🇩🇪", "👩🏽‍💻", "5️⃣"]


@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_is_itself(emoji: str) -> None:
    assert clean(emoji) == emoji


def test_every_emoji_that_the_page_offers_is_taken_as_it_is() -> None:
    offered = re.findall(r'"[^"]+": "([^"]+)"', OFFERED.read_text())
    assert len(offered) > 1_800
    assert [emoji for emoji in offered if clean(emoji) != emoji] == []


def test_an_emoji_has_one_spelling() -> None:
    assert clean("❤") == clean("❤\ufe0f") == "❤\ufe0f"
    assert clean("👁‍🗨") == clean("👁️‍🗨️") == "👁️‍🗨️"


@pytest.mark.parametrize(
    "text", ["", "a", ":)", "👍👍", "👍 ", "\ufe0f", "🏽", "<b>", "1", "\u200d", "🇩", "x" * EMOJI_MAX]
)
def test_what_is_no_emoji_is_none(text: str) -> None:
    assert clean(text) is None


def test_every_emoji_fits_into_the_frame() -> None:
    assert max(map(len, BY_KEY.values())) <= EMOJI_MAX


def test_reactions_stand_in_the_order_in_which_they_came() -> None:
    reactions: list[Reaction] = []
    for emoji, user in [("👍", 2), ("🎉", 1), ("👍", 1)]:
        reactions = put(reactions, emoji, user, on=True)
    assert reactions == [Reaction("👍", [2, 1]), Reaction("🎉", [1])]


def test_the_last_one_takes_the_emoji_away() -> None:
    reactions = [Reaction("👍", [2, 1]), Reaction("🎉", [1])]
    reactions = put(reactions, "👍", 2, on=False)
    assert reactions == [Reaction("👍", [1]), Reaction("🎉", [1])]
    assert put(reactions, "👍", 1, on=False) == [Reaction("🎉", [1])]


def test_there_is_an_end_of_emoji_and_of_reactions() -> None:
    full = [Reaction(emoji, [1]) for emoji in list(BY_KEY.values())[:EMOJI_MOST]]
    with pytest.raises(Full):
        put(full, "🇩🇪", 1, on=True)
    assert put(full, full[0].emoji, 2, on=True)[0].users == [1, 2]
    crowd = [Reaction("👍", list(range(USERS_MOST)))]
    with pytest.raises(Full):
        put(crowd, "👍", USERS_MOST, on=True)
    assert put(crowd, "👍", 5, on=True) == crowd
    assert len(put(crowd, "👍", 5, on=False)[0].users) == USERS_MOST - 1


steps = st.lists(st.tuples(st.sampled_from(EMOJI), st.integers(1, 4), st.booleans()), max_size=30)


@given(steps)
def test_whatever_is_done_the_last_word_of_each_counts(done: list[tuple[str, int, bool]]) -> None:
    reactions: list[Reaction] = []
    for emoji, user, on in done:
        reactions = put(reactions, emoji, user, on=on)
    wanted = {(emoji, user) for (emoji, user), on in {(e, u): on for e, u, on in done}.items() if on}
    assert {(r.emoji, user) for r in reactions for user in r.users} == wanted
    assert all(len(set(r.users)) == len(r.users) > 0 for r in reactions)
    assert len({r.emoji for r in reactions}) == len(reactions)
    text = stored(reactions)
    assert (msgspec.json.decode(text, type=list[Reaction]) if text else []) == reactions


def test_no_reactions_are_stored_as_none() -> None:
    assert stored([]) is None
