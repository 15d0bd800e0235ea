"""Keep the translations in step with the code: `python -m web.texts` (`--check` only looks).

It collects every text from the Python code, the templates and the scripts (`babel.cfg` says where)
into `translations/messages.pot`, and brings each language's `messages.po` up to date with it. What
is still to be translated is listed. A new language: `python -m web.texts --add fr`.
"""

import argparse
import sys
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from web.languages import SCRIPTS, TRANSLATIONS, read_catalogue

WEB = Path(__file__).parent
MAPPING = WEB.parent / "babel.cfg"
TEMPLATE = TRANSLATIONS / "messages.pot"
# `tn("one …", "{count} …", n)` of the scripts picks one of two texts, which are translated each by itself.
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "t": None, "tn": (1, 2)}
COMMENT = "For translators:"
HEADERS = {"Language", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Plural-Forms"}


def extract() -> Catalog:
    """Every text of the code."""
    catalogue = Catalog(fuzzy=False)
    with MAPPING.open() as file:
        methods, options = parse_mapping_cfg(file, str(MAPPING))  # type: ignore[no-untyped-call]
    found = extract_from_dir(WEB, methods, options, KEYWORDS, [COMMENT], strip_comment_tags=True)
    for name, _, message, comments, context in found:
        apart = name.startswith(SCRIPTS) and isinstance(message, tuple)
        for text in message if apart else [message]:
            catalogue.add(text, None, [(name, 0)], auto_comments=comments, context=context)
    return catalogue


def language_files() -> list[Path]:
    """The `.po` file of each language."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def updated(path: Path, template: Catalog) -> Catalog:
    """A language's catalogue with exactly the texts of `template`."""
    catalogue = read_catalogue(path)
    # No guesses from similar texts: a wrong translation is worse than none.
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    """The texts of a catalogue that have no translation, or an unsure one."""
    return [
        str(message.id)
        for message in catalogue
        if message.id and (not _is_whole(message.string) or message.fuzzy)
    ]


def render(catalogue: Catalog) -> bytes:
    """The text of a `.po` file, with those headers only that editors need, so that no run changes it in vain."""
    file = BytesIO()
    file.write(b'msgid ""\nmsgstr ""\n')
    for name, value in catalogue.mime_headers:
        if name in HEADERS:
            file.write(f'"{name}: {value}\\n"\n'.encode())
    file.write(b"\n")
    write_po(file, catalogue, width=100, omit_header=True, sort_by_file=True, include_lineno=False)
    return file.getvalue().rstrip() + b"\n"


def _is_whole(translation: object) -> bool:
    return all(translation) if isinstance(translation, tuple) else bool(translation)


def _new(locale: str, template: Catalog) -> tuple[Path, Catalog]:
    Locale.parse(locale)
    path = TRANSLATIONS / locale / "LC_MESSAGES" / "messages.po"
    catalogue = read_po(BytesIO(render(template)), locale=locale)
    catalogue.fuzzy = False
    return path, catalogue


def main() -> int:
    """Bring the files up to date, or with `--check` say which are not; 1 where something is to be done."""
    parser = argparse.ArgumentParser(prog="python -m web.texts", description="Keep translations in step.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is behind")
    parser.add_argument("--add", metavar="LOCALE", help="begin a language, as `fr` or `pt_BR`")
    options = parser.parse_args()
    template = extract()
    files = {TEMPLATE: template} | {path: updated(path, template) for path in language_files()}
    if options.add:
        path, catalogue = _new(options.add, template)
        files.setdefault(path, catalogue)
    todo = False
    for path, catalogue in files.items():
        text = render(catalogue)
        name = path.relative_to(TRANSLATIONS)
        if not path.exists() or path.read_bytes() != text:
            todo = todo or options.check
            sys.stdout.write(f"{name}: {'is behind the code' if options.check else 'written'}\n")
            if not options.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
        for missing in untranslated(catalogue) if path != TEMPLATE else []:
            todo = True
            sys.stdout.write(f"{name}: not translated: {missing}\n")
    return 1 if todo else 0


if __name__ == "__main__":
    sys.exit(main())
