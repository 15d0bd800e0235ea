"""Values as they stand in the environment: reading them, checking their form, writing them."""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

FILE_SUFFIX = "_FILE"
KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false"}


def read(given: Mapping[str, str], variable: str, kind: type, default: Any, rules: dict[str, Any]) -> Any:
    """The value of one variable, or of the file that it names. Raises `ValueError` with what was expected."""
    path = given.get(variable + FILE_SUFFIX)
    if path is not None:
        try:
            text: str | None = Path(path).read_text().strip()
        except OSError as fault:
            raise ValueError(f"the file of {variable}{FILE_SUFFIX} can not be read: {fault}") from None
    else:
        text = given.get(variable)
    if text is None or (text == "" and kind is not str):
        return default
    if kind is str:
        return text
    if kind not in (int, float, bool):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        value = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        raise ValueError(f"expected {KIND_NAMES[kind]}, not {text!r}") from None
    least, most = rules["least"], rules["most"]
    # Said this way round, not-a-number is out of every range.
    if not (least is None or value >= least) or not (most is None or value <= most):
        raise ValueError(
            f"expected a number from {least}{f' to {most}' if most is not None else ' up'}, not {value}"
        )
    return value


def as_table(rows: Iterable[tuple[str, object, str]]) -> str:
    """A table in Markdown of variables, their defaults and their meanings."""
    lines = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for variable, value, meaning in rows:
        default = as_text(value)
        shown = f"`{default}`" if default else "–"
        lines.append(f"| `{variable}` | {shown} | {meaning} |")
    return "\n".join(lines) + "\n"


def unknown(given: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """The variables that are none of `known`, each with a hint at the one that may be meant."""
    for name in given:
        if name.removesuffix(FILE_SUFFIX) not in known:
            near = difflib.get_close_matches(name, known, 1)
            yield name, f"; is {near[0]} meant?" if near else ""


def is_database_url(text: str) -> bool:
    """Whether this names a database, or is empty."""
    try:
        url = urlsplit(text)
        return not text or (
            url.scheme in ("mysql", "mariadb") and url.path.strip("/") != "" and url.port != 0
        )
    except ValueError:
        return False


def is_origin(text: str) -> bool:
    """Whether this is an origin as browsers write it (RFC 6454 §6.2)."""
    try:
        url = urlsplit(text)
        return (
            url.scheme in ("http", "https")
            and bool(url.hostname)
            and url.geturl() == f"{url.scheme}://{url.netloc}"
        )
    except ValueError:
        return False


def is_network(text: str) -> bool:
    """Whether this is an address, or a network in CIDR notation."""
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def as_text(value: Any) -> str:
    """A value as it stands in the environment."""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
