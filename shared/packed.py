"""Rows that MariaDB packs into one column of JSON, and that are unpacked in C.

PyMySQL is Python: each column of each row costs it a microsecond, which for a page of history was a third of all, and each
row two more: the 128 rooms that a batch locks took 1.2 ms, and all in one row take 0.5.
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
        # Of all rows, in no order: MariaDB would sort copies of what is packed. Up to `database.PACKED_BYTES`.
        self.all = f"JSON_ARRAYAGG({self.sql})"
        self._read_all: Callable[[str], list[S]] = msgspec.json.Decoder(list[shape]).decode  # type: ignore[valid-type]

    def read_all(self, packed: str | None) -> list[S]:
        """The rows that `all` packed: NULL where there are none."""
        return self._read_all(packed) if packed is not None else []
