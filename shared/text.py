"""The rules for what people write."""

import unicodedata

from shared.protocol import Code

# Control characters draw nothing and may move what stands around them; these two are text.
KEPT_CONTROLS = frozenset("\n\t")


def has_controls(text: str) -> bool:
    """Whether `text` contains control characters or surrogates (Unicode categories Cc and Cs)."""
    return any(
        unicodedata.category(character) in ("Cc", "Cs")
        for character in text
        if character not in KEPT_CONTROLS
    )


def fault_of_body(body: str, *, longest: int) -> str | None:
    """The `Code` of what is wrong with a message's text, or None. `longest` is in code points."""
    if len(body) > longest:
        return Code.TOO_LONG
    if not body.strip():
        return Code.EMPTY
    if has_controls(body):
        return Code.CHARACTERS
    return None
