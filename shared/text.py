"""The rules for what people write: names of users, texts of messages."""

import re

from shared.protocol import Code

NAME = re.compile(r"[A-Za-z0-9_]{1,32}")  # what the column holds; settings may ask for less

# Default_Ignorable_Code_Point of Unicode 15.1: what draws nothing by itself.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
BLANK = "\u2800"  # a Braille cell without dots: by its category a symbol, and nothing to see

# Control characters (Unicode category Cc) draw nothing and may move what stands around them; line
# feed and tab are text. Surrogates (Cs) are no characters. One expression, not a look at each
# character: 10,000 of those took 6 ms, within the transaction that holds the room.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def nickname_key(name: str) -> str | None:
    """What two spellings of a user name share; None for what can be nobody's name.

    Only ASCII is folded: `str.lower` also makes a k of the Kelvin sign.
    """
    return name.lower() if NAME.fullmatch(name) else None


def fault_of_body(body: str, *, longest: int) -> str | None:
    """The `Code` of what is wrong with a message's text, or None. `longest` is in code points."""
    if len(body) > longest:
        return Code.TOO_LONG
    if _CONTROLS.search(body):
        return Code.CHARACTERS
    if not IGNORABLE.sub("", body).replace(BLANK, "").strip():
        return Code.EMPTY
    return None
