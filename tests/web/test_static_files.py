"""Pages name their files under the address that holds the version, where that can be had."""

import re
import shutil
from collections.abc import Iterator

import pytest

from deploy import copies
from shared import static_files
from shared.settings import Settings
from tests.web.browser import Browser
from tests.web.conftest import MakeApp

FILES = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@pytest.fixture
def version(settings: Settings) -> Iterator[str]:
    """The version that deploy has copied."""
    folder = static_files.copies(settings.var)
    yield copies.add(folder)
    shutil.rmtree(folder)


def test_every_file_of_a_page_is_named_with_the_version(version: str, make_app: MakeApp) -> None:
    app = make_app()
    pages = [Browser(app).get("/sign-in").text]
    alice = Browser(app).register("alice")
    pages += [alice.get(path).text for path in ("/rooms/1", "/account", "/account/second-factor", "/nothing")]
    for page in pages:
        named = FILES.findall(page)
        assert len(named) > 5
        assert [name for name in named if not name.startswith(f"/static/{version}/")] == []


def test_a_file_is_served_under_its_version_without_nginx_too(version: str, make_app: MakeApp) -> None:
    browser = Browser(make_app())
    with browser.get(f"/static/{version}/js/main.js") as served:
        assert served.data == (static_files.FILES / "js" / "main.js").read_bytes()
    assert browser.get("/static/0123456789ab/js/main.js").status_code == 404


def test_without_a_copy_the_files_are_named_as_they_are(browser: Browser) -> None:
    """As for a worker that comes between `git pull` and `make restart`."""
    named = FILES.findall(browser.get("/sign-in").text)
    assert "/static/css/base.css" in named
    with browser.get("/static/css/base.css") as served:
        assert served.status_code == 200


def test_no_file_names_another_by_an_address_that_would_lose_the_version() -> None:
    texts = [name for name in static_files.names() if name.endswith((".js", ".css", ".json", ".svg"))]
    assert len(texts) > 100
    assert [name for name in texts if "/static/" in (static_files.FILES / name).read_text()] == []
