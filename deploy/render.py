"""Fill the templates of this folder in: every `@NAME@` is replaced, and a name that is unknown is an error."""

import re
from collections.abc import Mapping
from pathlib import Path

TEMPLATES = Path(__file__).parent
PLACE = re.compile(r"@([A-Z_]+)@")


def render(template: str, values: Mapping[str, str]) -> str:
    """The text of a template of this folder with its names replaced. Raises `KeyError` for an unknown one.

    A line that consists of one name and whose value is empty is left out.
    """
    text = (TEMPLATES / template).read_text()
    text = re.sub(
        r"^@([A-Z_]+)@\n",
        lambda found: f"{values[found[1]]}\n" if values[found[1]] else "",
        text,
        flags=re.MULTILINE,
    )
    return PLACE.sub(lambda found: values[found[1]], text)
