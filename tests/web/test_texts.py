"""The translations are in step with the code. If one of these fails: `python -m web.texts`, and translate what it lists."""

import re
from pathlib import Path

import pytest

from web import texts
from web.languages import read_catalogue

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def test_the_template_has_exactly_the_texts_of_the_code() -> None:
    assert texts.TEMPLATE.read_bytes() == texts.render(texts.extract())


@pytest.mark.parametrize("path", texts.language_files(), ids=lambda path: path.parent.parent.name)
class TestEachLanguage:
    def test_it_is_complete(self, path: Path) -> None:
        assert texts.untranslated(texts.updated(path, texts.extract())) == []

    def test_it_has_no_text_that_the_code_has_not(self, path: Path) -> None:
        assert path.read_bytes() == texts.render(texts.updated(path, texts.extract()))

    def test_a_translation_has_the_placeholders_of_its_text(self, path: Path) -> None:
        for message in read_catalogue(path):
            for translation in message.string if isinstance(message.string, tuple) else (message.string,):
                source = message.id if isinstance(message.id, str) else message.id[-1]
                assert sorted(PLACEHOLDER.findall(str(translation))) == sorted(PLACEHOLDER.findall(source))


def test_the_scripts_texts_are_found() -> None:
    assert any(file.startswith("static/js/") for message in texts.extract() for file, _ in message.locations)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["web.texts", *arguments])
    return texts.main()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(texts, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(texts, "TEMPLATE", tmp_path / "messages.pot")
    return tmp_path


def test_a_new_language_begins_with_every_text_untranslated(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--add", "fr") == 1
    assert "fr/LC_MESSAGES/messages.po: not translated: Choose a password." in capsys.readouterr().out
    path = folder / "fr" / "LC_MESSAGES" / "messages.po"
    assert b'"Language: fr\\n"' in path.read_bytes()
    path.write_text(
        path.read_text().replace('"Choose a password."\nmsgstr ""', '"Choose a password."\nmsgstr "X"')
    )
    assert run(monkeypatch, "--add", "fr") == 1  # keeps what was translated
    assert "Choose a password." not in capsys.readouterr().out


def test_looking_writes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--check") == 1
    assert "messages.pot: is behind the code" in capsys.readouterr().out
    assert list(folder.iterdir()) == []
    assert run(monkeypatch) == 0
    assert run(monkeypatch, "--check") == 0


def test_what_is_no_language_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="not"):
        run(monkeypatch, "--add", "not a language")
    assert list(folder.iterdir()) == []
