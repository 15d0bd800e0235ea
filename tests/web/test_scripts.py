"""`web.scripts`: what a page names beforehand is what its scripts import."""

import re
from pathlib import Path

import pytest

from tests.web.browser import Browser
from web import scripts


def write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)


def test_it_follows_imports_of_imports_each_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='import { a } from "./one.js";\nimport "./two.js";\n',
        one='import {\n  b,\n  c,\n} from "./two.js";\nexport { d } from "./three.js";\n',
        two='import { a } from "./one.js";\n',
        three='const text = "import from ./four.js";\n',
    )
    assert scripts.imported("main.js", tmp_path) == ["one.js", "two.js", "three.js"]


def test_what_is_loaded_later_is_not_named(tmp_path: Path) -> None:
    write(tmp_path, main='const later = () => import("./later.js");\n', later="")
    assert scripts.imported("main.js", tmp_path) == []


def test_a_module_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, main='import { a } from "./gone.js";\n')
    with pytest.raises(FileNotFoundError):
        scripts.imported("main.js", tmp_path)


def test_the_chat_page_names_every_module_that_it_imports(alice: Browser) -> None:
    page = alice.get("/rooms/1").get_data(as_text=True)
    named = re.findall(r'<link rel="modulepreload" href="/static/js/([a-z-]+\.js)', page)
    assert named == scripts.imported("main.js")
    assert {"app.js", "timeline.js"} <= set(named)
