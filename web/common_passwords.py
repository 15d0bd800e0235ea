"""Passwords that are guessed first (NIST SP 800-63B-4 §3.1.1.2: the whole password is compared, not parts of it)."""

import gzip
import unicodedata
from functools import cache
from pathlib import Path

LIST = Path(__file__).parent / "blocklist" / "common-passwords.txt.gz"
SERVICE = "parley"


def is_common(password: str) -> bool:
    """Whether the password is among the most common ones, in whatever capitals."""
    return _folded(password) in _common()


def is_name(password: str, name: str) -> bool:
    """Whether it is the user's name or the service's, also if that is repeated or followed by digits."""
    text = _folded(password).rstrip("0123456789!.")
    return any(text and not text.replace(word, "") for word in (_folded(name), SERVICE) if word)


@cache
def _common() -> frozenset[str]:
    """2 MB of memory, read when the first password is chosen."""
    return frozenset(map(_folded, gzip.decompress(LIST.read_bytes()).decode().split("\n"))) - {""}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
