"""Rows that MariaDB packs into one column of JSON, and that are unpacked in C.

PyMySQL is Python: each column of each row costs it a microsecond, which for a page of history was a third of all.
"""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


class Packed(Generic[S]):
    """How rows of one shape are asked for, and read.

    `shape` has `array_like=True`; `columns` are the SQL expressions for its fields. What is JSON in a table is packed as
    it is by `JSON_COMPACT`, bytes by `HEX`, and a truth comes as 0 or 1.
    """

    def __init__(self, shape: type[S], columns: Mapping[str, str]) -> None:
        expressions = [columns[name] for name in shape.__struct_fields__]
        self.sql = f"JSON_ARRAY({', '.join(expressions)})"
        self.read: Callable[[str], S] = msgspec.json.Decoder(shape).decode
