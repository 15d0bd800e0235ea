"""The reactions under a message: which emoji count, how many there may be, how they are stored. Pure."""

import emoji
import msgspec

from shared.protocol import Reaction

EMOJI_MOST = 20  # different ones under a message
USERS_MOST = 1_000  # reactions under a message, of all emoji

_VARIATION = "\ufe0f"  # says "as a picture"; keyboards leave it out where they like
# Every emoji that Unicode recommends (UTS #51: fully qualified), by what is left of it without variations.
BY_KEY = {
    found.replace(_VARIATION, ""): found
    for found, known in emoji.EMOJI_DATA.items()
    if known["status"] == emoji.STATUS["fully_qualified"]
}
_encoder = msgspec.json.Encoder()


class Full(ValueError):
    """The message holds as many reactions as it can."""


def clean(text: str) -> str | None:
    """The one spelling of an emoji; None for what is none, or more than one."""
    return BY_KEY.get(text.replace(_VARIATION, ""))


def put(reactions: list[Reaction], emoji: str, user: int, *, on: bool) -> list[Reaction]:
    """The reactions after `user` put one there or took it away: the same list where it was so. Raises `Full`."""
    held = next((reaction for reaction in reactions if reaction.emoji == emoji), None)
    if on == (held is not None and user in held.users):
        return reactions
    if not on:
        left = [Reaction(r.emoji, [u for u in r.users if u != user]) if r is held else r for r in reactions]
        return [reaction for reaction in left if reaction.users]
    if sum(len(reaction.users) for reaction in reactions) >= USERS_MOST:
        raise Full
    if held is not None:
        return [Reaction(emoji, [*r.users, user]) if r is held else r for r in reactions]
    if len(reactions) >= EMOJI_MOST:
        raise Full
    return [*reactions, Reaction(emoji, [user])]


def stored(reactions: list[Reaction]) -> str | None:
    """What stands in the table; NULL where there are none."""
    return _encoder.encode(reactions).decode() if reactions else None
