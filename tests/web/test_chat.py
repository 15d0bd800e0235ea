import json
from typing import Any

import pymysql
import pytest
from flask import Flask

from shared.database import Database
from tests.web.browser import Browser
from tests.web.talk import say, say_directly


def test_the_first_page_leads_to_sign_in_or_to_the_room_of_everyone(browser: Browser, alice: Browser) -> None:
    assert (browser.get("/").status_code, browser.get("/").location) == (302, "/sign-in")
    assert (alice.get("/").status_code, alice.get("/").location) == (302, "/rooms/1")


def test_a_room_boots_with_all_that_the_page_needs(alice: Browser, database: Database) -> None:
    say(database, alice, "hello")
    boot = alice.boot()
    csrf = boot.pop("csrf")
    assert len(csrf) > 40
    page = boot.pop("page")
    assert (page["version"], page["more"], page["newer"]) == (3, False, False)
    assert [message["body"] for message in page["messages"]] == ["hello"]
    (summary,) = boot.pop("rooms")
    assert summary == {
        "room": page["room"],
        "role": "member",
        "head": 3,
        "last_number": 1,
        "last_read": 1,
        "marker": 1,
        "level": "mentions",
        "mentions": [],
        "seen": 0,
    }
    with database.cursor() as cursor:
        cursor.execute("SELECT epoch FROM instance")
        row = cursor.fetchone()
    assert row is not None
    assert boot == {
        "user": {"id": page["messages"][0]["author"]["id"], "name": "alice"},
        "epoch": row["epoch"],
        "room": 1,
        "direct": None,
        "limits": {"message": 10_000, "room_name": 50, "topic": 250},
        "locale": "en",
        "texts": {},
    }


def test_a_direct_conversation_has_an_address_before_anything_was_said(alice: Browser, bob: Browser) -> None:
    boot = alice.boot("/direct/Bobby")
    assert (boot["room"], boot["page"]) == (None, None)
    assert boot["direct"] == bob.boot()["user"]


def test_a_direct_conversation_can_be_opened_by_nickname_and_by_room(
    alice: Browser, bob: Browser, database: Database
) -> None:
    room = say_directly(database, alice, bob, "hello")
    for path in ("/direct/alice", f"/rooms/{room}"):
        boot = bob.boot(path)
        assert (boot["room"], boot["direct"]["name"]) == (room, "alice")
        assert [message["body"] for message in boot["page"]["messages"]] == ["hello"]
        assert {person["name"] for person in boot["page"]["room"]["members"]} == {"alice", "Bobby"}


def test_one_can_write_notes_to_oneself(alice: Browser, database: Database) -> None:
    assert alice.boot("/direct/alice")["direct"]["name"] == "alice"
    room = say_directly(database, alice, alice, "buy tea")
    for path in ("/direct/alice", f"/rooms/{room}"):
        boot = alice.boot(path)
        assert (boot["room"], boot["direct"]["name"]) == (room, "alice")


def test_the_address_of_a_direct_conversation_has_the_capitals_of_the_name(
    alice: Browser, bob: Browser
) -> None:
    response = alice.get("/direct/bOBBY")
    assert (response.status_code, response.location) == (302, "/direct/Bobby")


@pytest.mark.parametrize("name", ["nobody", "no%20body", "%FF", "Bobby%00", "x" * 500])
def test_an_unknown_nickname_is_not_found(name: str, alice: Browser) -> None:
    assert alice.get(f"/direct/{name}").status_code == 404


def test_the_direct_conversation_of_others_is_not_found(
    alice: Browser, bob: Browser, app: Flask, database: Database
) -> None:
    room = say_directly(database, alice, bob, "a secret")
    carol = Browser(app).register("carol")
    response = carol.get(f"/rooms/{room}")
    assert response.status_code == 404
    assert response.data == carol.get("/rooms/999").data


@pytest.mark.parametrize("path", ["/rooms/1", "/direct/Bobby"])
def test_a_page_without_a_session_asks_to_sign_in(path: str, browser: Browser) -> None:
    response = browser.get(path)
    assert (response.status_code, response.location) == (302, f"/sign-in?next={path}")


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "&lt;script&gt; & \" ' ]]>",
        "line\u2028ends\u2029",
        "\\u003c \\ \\\\",
        "{{ 7 * 7 }} {% raw %}",
        "\U0001f40e \u200f",
    ],
)
def test_what_people_write_never_leaves_its_json(text: str, alice: Browser, database: Database) -> None:
    say(database, alice, text)
    created = alice.call("/api/rooms", name=text.replace("\u2028", " ").replace("\u2029", ""))
    assert created.status_code == 201
    page = alice.get("/rooms/1").text
    raw = page.partition('id="boot"')[2].partition(">")[2].partition("</script>")[0]
    assert not set(raw) & set("<>&\u2028\u2029")
    boot = json.loads(raw)
    assert boot["page"]["messages"][0]["body"] == text
    assert boot == {**alice.boot(), "csrf": boot["csrf"]}


def test_the_name_of_a_room_is_text_in_its_title(alice: Browser) -> None:
    created: Any = alice.call("/api/rooms", name="<b>tea</b>").json
    page = alice.get(f"/rooms/{created['summary']['room']['id']}").text
    assert "<b>tea" not in page


def test_a_room_costs_four_statements_however_many_rooms_one_is_in(
    alice: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        alice.call("/api/rooms", name=f"room {number}")
        say(database, alice, "hello")
    statements: list[str] = []
    real = pymysql.cursors.Cursor.execute

    def counted(self: Any, statement: str, values: Any = None) -> int:
        statements.append(statement)
        return real(self, statement, values)

    monkeypatch.setattr(pymysql.cursors.Cursor, "execute", counted)
    assert len(alice.boot()["rooms"]) == 6
    assert len(statements) == 4
