"""The command `parley`."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pymysql
import pytest
import redis
from flask import Flask

from shared import keys, sessions
from shared.database import Database
from shared.settings import Settings
from tests.web.browser import PASSWORD, Browser
from tests.web.conftest import NO_MARIADB, NO_REDIS, collected  # noqa: F401 - a fixture
from tests.web.pubsub import Heard
from tests.web.test_second_factor import turn_on
from web import cli, tries, user_sessions

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Type a command; returns its status, what it said, and what it complained of."""
    monkeypatch.setenv("PARLEY_VAR", settings.var)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()  # what the service said before
        status = cli.main(["user", *arguments])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_the_list_shows_everybody_and_what_is_particular(run: Run, alice: Browser, bob: Browser) -> None:
    turn_on(alice)
    run("disable", "bobby")
    status, out, _ = run("list")
    assert status == 0
    first, second = out.splitlines()
    assert re.fullmatch(r"alice  \d{4}-\d\d-\d\d  second factor", first)
    assert re.fullmatch(r"Bobby  \d{4}-\d\d-\d\d  disabled", second)


def test_a_disabled_account_is_signed_out_everywhere_and_told_nothing(
    run: Run, alice: Browser, app: Flask, store: "redis.Redis"
) -> None:
    assert alice.sid
    with Heard(store, keys.Channels().user(alice.boot()["user"]["id"])) as heard:
        status, out, _ = run("disable", "ALICE")
        assert heard.next() == {"type": "revoked", "session": sessions.digest(alice.sid)}
    assert (status, "signed out everywhere" in out) == (0, True)
    assert alice.get("/rooms/1").status_code == 302
    right, wrong = Browser(app).sign_in("alice"), Browser(app).sign_in("alice", "this is wrong")
    assert right.status_code == wrong.status_code == 422
    assert "The user name or the password is wrong." in right.text


def test_a_session_that_was_not_ended_is_signed_in_nowhere_either(
    run: Run, alice: Browser, store: "redis.Redis"
) -> None:
    assert alice.sid
    stored = store.get(keys.session(alice.sid))
    assert isinstance(stored, bytes)
    run("disable", "alice")
    store.set(keys.session(alice.sid), stored)
    assert alice.get("/rooms/1").status_code == 302


def test_an_account_that_is_enabled_again_signs_in(run: Run, alice: Browser, app: Flask) -> None:
    run("disable", "alice")
    assert run("enable", "alice")[0] == 0
    assert Browser(app).sign_in("alice").status_code == 303


def test_the_link_to_a_new_password_works_and_names_no_account(run: Run, alice: Browser, app: Flask) -> None:
    status, out, _ = run("reset-password", "alice", "--url", "https://chat.example.org/")
    assert status == 0
    link = out.splitlines()[0]
    assert re.fullmatch(r"https://chat\.example\.org/reset/[\w-]{43}", link)
    assert "60 minutes" in out
    browser, new = Browser(app), "battery horse correct"
    path = link.removeprefix("https://chat.example.org")
    assert browser.fill_in(path, new=new, again=new).status_code == 303
    assert Browser(app).sign_in("alice", new).status_code == 303


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8000/reset/"),
        ({"PARLEY_LISTEN": "0.0.0.0", "PARLEY_PORT": "81"}, "http://127.0.0.1:81/reset/"),
        ({"PARLEY_LISTEN": "::1"}, "http://[::1]:8000/reset/"),
        ({"PARLEY_ORIGINS": "https://chat.example.org"}, "https://chat.example.org/reset/"),
    ],
)
def test_the_link_names_the_host_as_far_as_the_settings_tell(
    environment: dict[str, str], url: str, run: Run, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run("reset-password", "alice")[1].startswith(url)


def test_no_link_is_made_for_a_disabled_account(run: Run, alice: Browser) -> None:
    run("disable", "alice")
    status, out, complaint = run("reset-password", "alice")
    assert (status, out) == (1, "")
    assert "parley user enable alice" in complaint


def test_a_lost_second_factor_is_removed(run: Run, alice: Browser, app: Flask) -> None:
    turn_on(alice)
    assert run("reset-second-factor", "alice")[0] == 0
    assert alice.get("/rooms/1").status_code == 302
    assert Browser(app).sign_in("alice", PASSWORD).location == "/"


@pytest.mark.parametrize("verb", ["disable", "enable", "reset-password", "reset-second-factor"])
@pytest.mark.parametrize("name", ["nobody", "no such name!", "alice'--"])
def test_a_name_that_nobody_has_is_told_with_what_to_do(
    verb: str, name: str, run: Run, alice: Browser
) -> None:
    status, out, complaint = run(verb, name)
    assert (status, out) == (1, "")
    assert "There is nobody called" in complaint
    assert "parley user list" in complaint


@pytest.mark.usefixtures("collected")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_database_that_is_away_is_told_with_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL", NO_MARIADB["database_url"])
    status, _, complaint = run("list")
    assert status == 1
    assert "make start" in complaint


def test_without_redis_nothing_is_done_by_halves(
    run: Run, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_REDIS_URL", NO_REDIS["redis_url"].replace("unix:", "unix://"))
    status, _, complaint = run("disable", "alice")
    assert status == 1
    assert "nothing was changed" in complaint
    assert alice.get("/rooms/1").status_code == 200


def test_a_commit_is_not_denied_where_redis_goes_away_after_it(
    run: Run, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = user_sessions.end_all, 0

    def second_fails(*arguments: Any, **options: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise redis.exceptions.ConnectionError("gone")
        return real(*arguments, **options)

    monkeypatch.setattr(user_sessions, "end_all", second_fails)
    status, _, complaint = run("disable", "alice")
    assert status == 1
    assert "alice is disabled" in complaint
    assert "nothing was changed" not in complaint
    assert alice.get("/rooms/1").status_code == 302


def test_an_answer_that_the_database_did_not_give_is_not_taken_for_a_no(
    run: Run, alice: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise pymysql.err.OperationalError(2013, "Lost connection to MySQL server during query")

    monkeypatch.setattr(Database, "transact", lost)
    status, _, complaint = run("disable", "alice")
    assert status == 1
    assert "look whether it was done" in complaint


@pytest.mark.parametrize("verb", ["reset-password", "reset-second-factor"])
def test_whom_the_operator_lets_in_again_waits_for_no_wrong_password_of_before(
    verb: str, run: Run, alice: Browser, store: "redis.Redis"
) -> None:
    account = alice.boot()["user"]["id"]
    names = [f"{what}:{account}" for what in (tries.PASSWORD, tries.CODE)]
    names.append(f"account:{hashlib.sha256(b'alice').hexdigest()[:32]}")
    for name in names:
        store.set(keys.tries(name), 9)
        store.set(keys.wait(name), "x", ex=60)
    store.set(keys.tries("account:other"), 9)
    assert run(verb, "ALICE")[0] == 0
    assert store.keys(f"{keys.WAIT_PREFIX}*") == []
    assert store.keys(f"{keys.TRIES_PREFIX}*") == [keys.tries("account:other").encode()]


def test_a_bad_setting_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_PORT", "many")
    status, _, complaint = run("list")
    assert status == 1
    assert "PARLEY_PORT" in complaint
