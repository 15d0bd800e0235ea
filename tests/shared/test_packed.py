"""What a row holds comes out of its JSON as it went in."""

from uuid import UUID, uuid4

import msgspec
import pytest

from shared.database import Database
from shared.packed import Packed

ALL = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000), *range(0x1F300, 0x1F700))))
PARTS = [ALL[start : start + 4096] for start in range(0, len(ALL), 4096)]


class Row(msgspec.Struct, array_like=True):
    text: str | None
    number: int
    truth: int
    id: UUID | None
    ids: list[int] | None


ROW = Packed(
    Row,
    {"number": "t.number", "text": "t.text", "truth": "t.truth"}
    | {"id": "HEX(t.id)", "ids": "JSON_COMPACT(t.ids)"},
)


def through(database: Database, row: Row) -> Row:
    """A row that was written plainly, as it is read packed."""
    ids = None if row.ids is None else msgspec.json.encode(row.ids).decode()
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {ROW.sql} AS packed FROM (SELECT %s AS text, %s AS number, %s AS truth, %s AS id, %s AS ids) t",
            (row.text, row.number, row.truth, row.id and row.id.bytes, ids),
        )
        (found,) = cursor.fetchall()
        return ROW.read(found["packed"])


@pytest.mark.parametrize("text", PARTS, ids=lambda text: f"from U+{ord(text[0]):04X}")
def test_every_character_comes_back(database: Database, text: str) -> None:
    row = Row(text, 1, 1, uuid4(), [])
    assert through(database, row) == row


@pytest.mark.parametrize("text", ["", '"', "\\", "\\n", "'", "%s", "\\u0041", "</script>", "🇩🇪👩🏽‍💻"])
def test_what_is_written_like_an_escape_is_none(database: Database, text: str) -> None:
    assert through(database, Row(text, 1, 0, None, None)).text == text


def test_numbers_are_whole_however_large(database: Database) -> None:
    row = Row("", 2**64 - 1, 0, None, [2**53 + 1, 3])
    assert through(database, row) == row


def test_nothing_is_nothing(database: Database) -> None:
    row = Row(None, 0, 0, None, None)
    assert through(database, row) == row
