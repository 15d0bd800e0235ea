import gzip
import hashlib
import re

import pytest

from tests.web.browser import Browser, text_of
from web import common_passwords


def test_the_list_is_the_one_that_its_readme_names() -> None:
    readme = (common_passwords.LIST.parent / "README.md").read_text()
    found = re.search("[0-9a-f]{64}", readme)
    assert found is not None
    assert hashlib.sha256(common_passwords.LIST.read_bytes()).hexdigest() == found[0]


def test_every_line_of_the_list_is_found() -> None:
    lines = gzip.decompress(common_passwords.LIST.read_bytes()).decode().splitlines()
    assert len(lines) > 19_000
    assert all(map(common_passwords.is_common, lines))


@pytest.mark.parametrize("password", ["password1", "PassWord1", "qwertyuiop", "ｐａｓｓｗｏｒｄ１"])
def test_a_common_password_is_found_however_it_is_typed(password: str) -> None:
    assert common_passwords.is_common(password)


@pytest.mark.parametrize("password", ["", "password1 and more", " password1", "correct horse battery"])
def test_only_the_whole_password_counts(password: str) -> None:
    assert not common_passwords.is_common(password)


@pytest.mark.parametrize(
    "password", ["alice_wonder", "ALICE_WONDER", "alice_wonder2026!", "parley", "ParleyParley", "parley123"]
)
def test_the_name_of_the_user_and_of_the_service_are_no_passwords(password: str) -> None:
    assert common_passwords.is_name(password, "Alice_Wonder")


@pytest.mark.parametrize("password", ["", "12345678", "alice_wonders", "not parley", "alice_wonder parley x"])
def test_what_only_contains_a_name_is_one(password: str) -> None:
    assert not common_passwords.is_name(password, "Alice_Wonder")
    assert not common_passwords.is_name("password", "")


@pytest.mark.parametrize(
    ("password", "words"), [("password123", "many people use"), ("wonderful1", "guessed first")]
)
def test_registering_says_in_clear_words_why_not(password: str, words: str, browser: Browser) -> None:
    response = browser.fill_in("/register", name="wonderful", password=password, password_again=password)
    assert response.status_code == 422
    assert words in text_of(response)
