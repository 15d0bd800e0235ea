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
