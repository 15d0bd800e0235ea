from pathlib import Path

import pytest
from flask import Flask

from tests.web.browser import Browser, text_of
from tests.web.conftest import MakeApp
from web import languages
from web.languages import Languages


@pytest.mark.parametrize("asked", ["", "en", "fr", "en-GB,de;q=0.5", "*", "xx-invalid;q=abc", "de;q=0"])
def test_english_is_for_all_who_ask_for_nothing_that_there_is(asked: str, browser: Browser) -> None:
    page = browser.get("/nothing", headers={"Accept-Language": asked})
    assert "There is nothing here" in text_of(page)


@pytest.mark.parametrize("asked", ["de", "de-AT", "fr, de;q=0.5", "de-CH, en;q=0.9"])
def test_whoever_asks_for_german_gets_it(asked: str, browser: Browser) -> None:
    page = browser.get("/nothing", headers={"Accept-Language": asked})
    assert "Hier ist nichts" in text_of(page)
    assert 'lang="de"' in page.text


def test_faults_are_told_in_the_same_language(browser: Browser) -> None:
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    text = text_of(browser.fill_in("/register", name="ab", password="kurz"))
    assert "Ein Benutzername hat mindestens 4 Zeichen" in text
    assert "Ein Passwort hat mindestens 8 Zeichen" in text


def test_the_page_gets_the_texts_of_its_scripts(alice: Browser) -> None:
    alice.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    boot = alice.boot()
    assert boot["locale"] == "de"
    assert boot["texts"]
    assert all(boot["texts"].values())


PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

#: static/js/a.js
msgid "Send"
msgstr "Envoyer"

#: forms.py static/js/b.js
msgid "Name"
msgstr "Nom"

#: forms.py
msgid "Gender"
msgstr "Genre"

#: static/js/a.js
msgid "Leave"
msgstr ""

#, fuzzy
#: static/js/a.js
msgid "Join"
msgstr "Joindre?"
"""


def test_a_language_is_a_file_and_needs_no_build(
    tmp_path: Path, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "fr" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(PO)
    monkeypatch.setattr(languages, "Languages", lambda: Languages(tmp_path))
    browser = Browser(make_app()).register("alice")
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    boot = browser.boot()
    assert boot["locale"] == "fr"
    assert boot["texts"] == {"Send": "Envoyer", "Name": "Nom"}


def test_outside_a_request_there_is_english(app: Flask) -> None:
    with app.app_context():
        assert languages.texts_of_scripts() == {}
