"""`shared.static_files`: a version stands for the names and the contents of all files that are served."""

import re
from pathlib import Path

import pytest

from shared import static_files


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    (folder / "js").mkdir(parents=True)
    (folder / "page.css").write_text("a {}")
    (folder / "js" / "main.js").write_text("start();")
    return folder


def test_the_same_files_have_the_same_version_wherever_they_lie(files: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", static_files.version(files))
    assert static_files.version(files) == static_files.version(files.rename(tmp_path / "elsewhere"))


def test_another_content_is_another_version(files: Path) -> None:
    before = static_files.version(files)
    (files / "js" / "main.js").write_text("begin();")
    assert static_files.version(files) != before


def test_another_name_is_another_version(files: Path) -> None:
    before = static_files.version(files)
    (files / "js" / "main.js").rename(files / "main.js")
    assert static_files.version(files) != before


def test_a_file_more_is_another_version(files: Path) -> None:
    before = static_files.version(files)
    (files / "empty.js").touch()
    assert static_files.version(files) != before


def test_what_is_not_for_browsers_counts_for_nothing(files: Path) -> None:
    before = static_files.version(files)
    (files / "README.md").write_text("# The page")
    (files / "js" / ".main.js.swp").write_text("what an editor left")
    assert static_files.version(files) == before
    assert static_files.names(files) == ["js/main.js", "page.css"]


def test_the_files_of_the_page_have_a_version() -> None:
    assert "js/main.js" in static_files.names()
    assert re.fullmatch(r"[0-9a-f]{12}", static_files.version())


def test_the_address_holds_the_version_where_there_is_a_copy_of_it(tmp_path: Path) -> None:
    assert static_files.address(tmp_path) == "/static"
    (static_files.copies(tmp_path) / "0123456789ab").mkdir(parents=True)
    assert static_files.address(tmp_path) == "/static"
    now = static_files.version()
    (static_files.copies(tmp_path) / now).mkdir()
    assert static_files.address(tmp_path) == f"/static/{now}"
