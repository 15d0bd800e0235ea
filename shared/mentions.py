"""Whom a text calls by `@nickname` or `@room`. Pure.

What stands in code is code: within backticks and fences as CommonMark has them (0.31, §6.1 and §4.5). The page
marks the same words (`web/static/js/mentions.js`); one table of cases, `tests/shared/mention_cases.json`,
holds for both. Every step is linear in the text, which may be anything.
"""

import re
from dataclasses import dataclass

NAMES_MAX = 50  # called by one message; who comes later in the text is not
ROOM = "room"  # what calls everybody, and so is nobody's name here

# Not in an address (`bob@example.org`, `https://example.org/@bob`), nor after a backslash, and a whole word.
_CALL = re.compile(r"(?<![A-Za-z0-9_@/\\])@([A-Za-z0-9_]{1,32})(?![A-Za-z0-9_@])")
# What opens a fence, also in quotes and lists, and what closes one.
_OPENS = re.compile(r"((?:[ \t>]|[-+*][ \t]|[0-9]{1,9}[.)][ \t])*)(`{3,}(?=[^`]*$)|~{3,})")
_CLOSES = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*$")
_QUOTED = re.compile(r"[ \t>]*")
# Backslashes are looked at from their first one only, else each of many would be tried as the beginning.
_TICKS = re.compile(r"(?<!\\)(\\*)(`+)")


@dataclass(frozen=True, slots=True)
class Called:
    """The nicknames, in small letters, in the order of the text, each once; and whether `@room` is among them."""

    names: tuple[str, ...] = ()
    everyone: bool = False


NOBODY = Called()


def called(body: str) -> Called:
    """Whom a text calls, be they members or not: at most `NAMES_MAX` names."""
    if "@" not in body:
        return NOBODY
    names: dict[str, None] = {}
    everyone = False
    for text in _prose(body):
        for found in _CALL.finditer(_without_spans(text)):
            name = found[1].lower()
            if name == ROOM:
                everyone = True
            elif len(names) < NAMES_MAX:
                names[name] = None
    return Called(tuple(names), everyone)


def _prose(body: str) -> list[str]:
    """The paragraphs of a text, without fences: a code span ends with its paragraph."""
    parts: list[list[str]] = [[]]
    fence, depth = "", 0  # what opened the one that we are in, and in how many quotes it stands
    for line in body.split("\n"):
        if fence and _depth(line) >= depth:
            closes = _CLOSES.match(line)
            if closes and closes[1].startswith(fence):
                fence = ""
            continue
        fence = ""  # a quote that ends takes its fence with it
        if opens := _OPENS.match(line):
            fence, depth = opens[2], opens[1].count(">")
            parts.append([])
        elif line.strip():
            parts[-1].append(line)
        else:
            parts.append([])
    return ["\n".join(lines) for lines in parts if lines]


def _depth(line: str) -> int:
    """In how many quotes a line stands."""
    found = _QUOTED.match(line)
    return found[0].count(">") if found else 0


def _without_spans(text: str) -> str:
    """A paragraph with each code span as one backtick: a run of backticks up to the next one of the same length."""
    if "`" not in text:
        return text
    runs = list(_TICKS.finditer(text))
    later: dict[int, int] = {}  # length of a run → index of the nearest one behind
    closes: list[int | None] = [None] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        run = runs[index]
        # Outside of code a backslash takes the first backtick away; within code it is a character.
        closes[index] = later.get(len(run[2]) - len(run[1]) % 2)
        later[len(run[2])] = index
    kept: list[str] = []
    index = start = 0
    while index < len(runs):
        end = closes[index]
        if end is None or len(runs[index][2]) == len(runs[index][1]) % 2:
            index += 1
            continue
        kept.append(text[start : runs[index].start(2)])
        start, index = runs[end].end(), end + 1
    kept.append(text[start:])
    return "`".join(kept)
