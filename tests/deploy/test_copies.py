"""`deploy.copies`: each version of the page's files is there as a whole, and only the newest stay."""

import os
import shutil
from pathlib import Path

import pytest

from deploy import copies, prepare
from deploy.layout import Layout
from shared import static_files
from shared.settings import Settings


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "js").mkdir(parents=True)
    (folder / "page.css").write_text("a {}")
    (folder / "README.md").write_text("for developers")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var" / "static"


def upgrade(source: Path, folder: Path, text: str) -> str:
    """Another text in the files, and what a start does with it; returns the version."""
    (source / "js" / "main.js").write_text(text)
    version = copies.add(folder, source)
    copies.keep_newest(folder, version)
    return version


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_copy_has_every_file_that_is_served(source: Path, folder: Path) -> None:
    version = upgrade(source, folder, "start();")
    assert version == static_files.version(source)
    assert static_files.names(folder / version) == ["js/main.js", "page.css"]
    assert (folder / version / "js" / "main.js").read_text() == "start();"
    assert not (folder / version / "README.md").exists()


def test_the_page_itself_is_copied(tmp_path: Path) -> None:
    version = copies.add(tmp_path)
    assert version == static_files.version() == static_files.version(tmp_path / version)


def test_copying_again_changes_nothing(source: Path, folder: Path) -> None:
    version = upgrade(source, folder, "start();")
    before = (folder / version / "js" / "main.js").stat()
    assert upgrade(source, folder, "start();") == version
    after = (folder / version / "js" / "main.js").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert kept(folder) == {version}


def test_a_page_that_was_opened_before_an_upgrade_keeps_its_files(source: Path, folder: Path) -> None:
    old = upgrade(source, folder, "old();")
    new = upgrade(source, folder, "new();")
    assert old != new
    assert (folder / old / "js" / "main.js").read_text() == "old();"
    assert (folder / new / "js" / "main.js").read_text() == "new();"


def test_only_the_newest_versions_stay(source: Path, folder: Path) -> None:
    versions = [upgrade(source, folder, f"version({number});") for number in range(5)]
    assert kept(folder) == set(versions[-copies.KEPT :])


def test_a_version_that_is_used_again_is_new_again(source: Path, folder: Path) -> None:
    first = upgrade(source, folder, "first();")
    others = [upgrade(source, folder, f"other({number});") for number in range(2)]
    assert upgrade(source, folder, "first();") == first
    last = upgrade(source, folder, "last();")
    assert kept(folder) == {first, others[1], last}


def test_the_version_of_now_stays_whatever_the_clock_said_before(source: Path, folder: Path) -> None:
    for number in range(copies.KEPT):
        os.utime(folder / upgrade(source, folder, f"version({number});"), (2**32, 2**32))
    assert upgrade(source, folder, "now();") in kept(folder)


def test_what_an_interruption_left_is_no_version_and_goes(source: Path, folder: Path) -> None:
    half = folder / copies.PART / "js" / "main.js"
    half.parent.mkdir(parents=True)
    half.write_text("sta")
    version = upgrade(source, folder, "start();")
    assert kept(folder) == {version}
    assert (folder / version / "js" / "main.js").read_text() == "start();"


@pytest.mark.parametrize("damage", ["emptied", "gone", "more"])
def test_a_copy_that_is_not_whole_any_more_is_made_anew(source: Path, folder: Path, damage: str) -> None:
    version = upgrade(source, folder, "start();")
    file = folder / version / "js" / "main.js"
    if damage == "emptied":
        file.write_text("")
    elif damage == "gone":
        shutil.rmtree(file.parent)
    else:
        file.with_name("more.js").touch()
    assert upgrade(source, folder, "start();") == version
    assert static_files.version(folder / version) == version
    assert file.read_text() == "start();"


def test_a_read_only_project_is_copied_and_its_copies_go_again(source: Path, folder: Path) -> None:
    (source / "js" / "main.js").write_text("start();")
    (source / "js" / "main.js").chmod(0o400)
    (source / "js").chmod(0o500)
    version = copies.add(folder, source)
    assert os.access(folder / version / "js" / "main.js", os.W_OK)
    assert (folder / version / "js").stat().st_mode & 0o200
    (source / "js").chmod(0o700)


def test_an_nginx_that_was_started_without_copies_is_given_none(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    prepare.make_folders(layout)
    (layout.static / "0123456789ab").mkdir()
    (layout.etc / "nginx.conf").write_text("location ^~ /static/ { alias /opt/parley/web/static/; }")
    assert copies.add_while_running(layout) is None
    assert not layout.static.exists()


def test_the_nginx_of_now_is_given_the_files_of_now(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "var")
    prepare.make_folders(layout)
    prepare.make_secrets(layout)
    prepare.services(Settings.load({"PARLEY_VAR": str(layout.var)}, None))
    assert copies.add_while_running(layout) == static_files.version()
