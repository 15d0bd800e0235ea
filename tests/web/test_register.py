import threading

import pytest
from flask import Flask

from shared import sessions
from shared.database import Database
from tests.web.browser import PASSWORD, Browser, inputs_of, text_of, value_of
from tests.web.conftest import MakeApp

GOOD = {"name": "alice", "password": PASSWORD, "password_again": PASSWORD, "gender": "1"}


def people(database: Database) -> list[tuple[str, int]]:
    with database.cursor() as cursor:
        cursor.execute("SELECT name, gender FROM users ORDER BY id")
        return [(row["name"], row["gender"]) for row in cursor.fetchall()]


def test_whoever_registers_is_signed_in_and_in_the_room_of_everyone(
    browser: Browser, database: Database
) -> None:
    response = browser.fill_in("/register", **GOOD)
    assert (response.status_code, response.location) == (303, "/")
    boot = browser.boot()
    assert boot["user"]["name"] == "alice"
    assert [entry["room"]["name"] for entry in boot["rooms"]] == ["general"]
    assert people(database) == [("alice", 1)]


def test_gender_is_not_said_unless_it_is(browser: Browser, database: Database) -> None:
    page = browser.get("/register")
    chosen = [field["value"] for field in inputs_of(page) if field["type"] == "radio" and "checked" in field]
    assert chosen == ["0"]
    browser.register("alice")
    assert people(database) == [("alice", 0)]


def test_the_password_is_stored_as_a_hash_only(browser: Browser, database: Database) -> None:
    browser.register("alice")
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM users")
        row = cursor.fetchone()
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in repr(row)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "Choose a user name"),
        ("name", "abc", "at least 4"),
        ("name", "a" * 17, "at most 16"),
        ("name", "al ice", "Only letters"),
        ("name", "alice!", "Only letters"),
        ("name", "álice", "Only letters"),
        ("name", "аlice", "Only letters"),  # the first letter is Cyrillic
        ("name", "alice\x00", "Only letters"),
        ("name", "alice\n", "Only letters"),
        ("name", "Room", "calls everybody"),
        ("password", "", "Choose a password"),
        ("password", "seven77", "at least 8"),
        ("password", "🐎" * 7, "at least 8"),
        ("password", "x" * 129, "at most 128"),
        ("password", "correct\x00horse", "control characters"),
        ("password", "correct\x1bhorse", "control characters"),
        ("password_again", "", "once more"),
        ("password_again", PASSWORD + " ", "differ"),
        ("gender", "3", "Choose one"),
        ("gender", "-1", "Choose one"),
        ("gender", "male", "Choose one"),
        ("gender", "", "Choose one"),
    ],
)
def test_a_fault_is_told_in_words_and_nothing_is_written(
    field: str, value: str, words: str, browser: Browser, database: Database
) -> None:
    response = browser.fill_in("/register", **{**GOOD, field: value})
    assert response.status_code == 422
    assert words in text_of(response)
    assert people(database) == []
    assert browser.get("/rooms/1").status_code == 302  # not signed in


def test_every_fault_is_told_at_once(browser: Browser) -> None:
    text = text_of(
        browser.fill_in("/register", name="a b", password="short", password_again="other", gender="9")
    )
    for words in ("Only letters", "at least 8", "differ", "Choose one"):
        assert words in text


def test_what_was_typed_is_kept_but_never_a_password(browser: Browser) -> None:
    response = browser.fill_in(
        "/register", name="al ice", password=PASSWORD, password_again="another", gender="2"
    )
    assert value_of(response, "name") == "al ice"
    assert [field["value"] for field in inputs_of(response) if "checked" in field] == ["2"]
    assert "correct horse" not in response.text
    assert not value_of(response, "password")
    assert not value_of(response, "password_again")


@pytest.mark.parametrize(
    "password",
    ["eight888", "🐎" * 128, "spaces at both ends  ", "  пароль ", "密码密码密码密码", "<script>&\"'"],
)
def test_any_password_that_can_be_typed_is_taken_as_it_is(password: str, browser: Browser) -> None:
    browser.register("alice", password)
    browser.sign_out()
    assert browser.sign_in("alice", password.strip() + "x").status_code == 422
    assert browser.sign_in("alice", password).status_code == 303


def test_the_space_that_phones_put_after_a_word_is_no_part_of_a_name(
    browser: Browser, database: Database
) -> None:
    assert browser.fill_in("/register", **{**GOOD, "name": " alice "}).status_code == 303
    assert people(database) == [("alice", 1)]


@pytest.mark.parametrize("name", ["alice", "ALICE", "Alice"])
def test_a_name_is_unique_whatever_its_capitals(
    name: str, alice: Browser, app: Flask, database: Database
) -> None:
    response = Browser(app).fill_in("/register", **{**GOOD, "name": name})
    assert response.status_code == 422
    assert "taken" in text_of(response)
    assert people(database) == [("alice", 0)]


def test_of_two_who_want_a_name_at_once_one_gets_it_and_the_other_is_told(
    app: Flask, database: Database
) -> None:
    browsers = [Browser(app) for _ in range(4)]
    forms = [(browser, {**browser.hidden("/register"), **GOOD}) for browser in browsers]
    results = []

    def send(browser: Browser, form: dict[str, str]) -> None:
        response = browser.post("/register", form)
        results.append((response.status_code, "taken" in response.text))

    threads = [threading.Thread(target=send, args=pair) for pair in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(303, False), (422, True), (422, True), (422, True)]
    assert len(people(database)) == 1


def test_whoever_is_signed_in_has_no_need_to_register(alice: Browser, database: Database) -> None:
    assert alice.get("/register").location == "/"
    assert alice.post("/register", {**GOOD, "csrf_token": alice.boot()["csrf"]}).location == "/"
    assert len(people(database)) == 1


def test_the_session_id_changes_at_registration(browser: Browser) -> None:
    browser.get("/register")
    before = browser.sid
    browser.register("alice")
    assert before
    assert browser.sid != before


def test_it_goes_on_to_where_the_person_wanted(browser: Browser) -> None:
    assert browser.fill_in("/register?next=/direct/alice", **GOOD).location == "/direct/alice"


def test_the_limits_are_those_of_the_settings(make_app: MakeApp) -> None:
    browser = Browser(make_app(name_min=2, name_max=20, password_min=12))
    text = text_of(browser.fill_in("/register", name="a" * 21, password="eleven78901", password_again="x"))
    assert "at most 20" in text
    assert "at least 12" in text


def test_the_session_says_nothing_but_who_it_is(browser: Browser, app: Flask) -> None:
    browser.register("alice")
    with browser.client.session_transaction() as session:
        who = {sessions.USER_ID, sessions.BEGAN, sessions.AGENT, sessions.ADDRESS}
        assert set(session) == who | {"csrf_token"}
