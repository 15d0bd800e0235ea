"""The language of a response, and the translations, read from the `.po` files themselves.

English is the source. A language exists where `translations/<locale>/LC_MESSAGES/messages.po` does;
it is compiled in memory when the process starts, so that a clone needs no build step.
`python -m web.texts` brings the files up to date with the code.
"""

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, request
from flask_babel import Babel, Domain, get_locale

SOURCE = "en"
TRANSLATIONS = Path(__file__).parent / "translations"
SCRIPTS = "static/js/"  # the texts from here go to the browser
EXTENSION = "parley_languages"


class Languages(Domain):  # type: ignore[misc]
    """All translations, in memory."""

    def __init__(self, folder: Path = TRANSLATIONS) -> None:
        super().__init__()
        catalogues = {
            path.parent.parent.name: read_catalogue(path) for path in folder.glob("*/LC_MESSAGES/messages.po")
        }
        self.locales = [SOURCE, *sorted(catalogues)]
        self._translations = {locale: _compile(catalogue) for locale, catalogue in catalogues.items()}
        self._texts = {locale: _texts_of_scripts(catalogue) for locale, catalogue in catalogues.items()}

    def get_translations(self) -> NullTranslations:
        """The translations for this request."""
        return self._translations.get(str(get_locale()), _SOURCE_TEXTS)

    def texts_of_scripts(self, locale: str) -> dict[str, str]:
        """The translations of the texts in the page's scripts; a text that is missing stays English."""
        return self._texts.get(locale, {})


_SOURCE_TEXTS = NullTranslations()


def install(app: Flask) -> None:
    """Let `app` speak the language that each browser asks for."""
    languages = Languages()
    babel = Babel(app, locale_selector=lambda: _asked_for(languages.locales), default_locale=SOURCE)
    babel.domain_instance = languages
    app.extensions[EXTENSION] = languages
    app.context_processor(lambda: {"locale": str(get_locale())})


def read_catalogue(path: Path) -> Catalog:
    """A `.po` file. Raises `babel.messages.pofile.PoFileError`."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def texts_of_scripts() -> dict[str, str]:
    """The texts of the page's scripts in the language of this request."""
    languages: Languages = current_app.extensions[EXTENSION]
    return languages.texts_of_scripts(str(get_locale()))


def _asked_for(locales: list[str]) -> str:
    """The first language that the browser likes and we have (RFC 4647 §3.4, Lookup).

    Not Werkzeug's `best_match`: for `en-GB, de;q=0.5` it prefers the German that is named to the
    English that is meant.
    """
    ours = {locale.replace("_", "-").lower(): locale for locale in locales}
    for tag, quality in request.accept_languages if request else []:
        for wanted in (tag.lower(), tag.lower().partition("-")[0]):
            if quality > 0 and wanted in ours:
                return ours[wanted]
    return SOURCE


def _compile(catalogue: Catalog) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def _texts_of_scripts(catalogue: Catalog) -> dict[str, str]:
    return {
        message.id: message.string
        for message in catalogue
        if isinstance(message.id, str) and message.id and isinstance(message.string, str)
        if message.string and not message.fuzzy
        if any(file.startswith(SCRIPTS) for file, _ in message.locations)
    }
