import json
from typing import Any

import pytest

from shared.database import Database
from tests.web.browser import Browser
from tests.web.conftest import MakeApp
from tests.web.talk import say, say_directly


def page(browser: Browser, query: str = "", room: int = 1) -> Any:
    response = browser.get(f"/api/rooms/{room}/messages{query}")
    assert response.status_code == 200, response.text
    return json.loads(response.data)


def numbers(page: Any) -> tuple[list[int], bool, bool]:
    return [message["number"] for message in page["messages"]], page["more"], page["newer"]


@pytest.fixture
def reader(alice: Browser, make_app: MakeApp, database: Database) -> Browser:
    """Somebody who gets ten messages a page, in a room of 25."""
    for number in range(1, 26):
        say(database, alice, f"message {number}")
    reader = Browser(make_app(history_page=10))
    reader.sign_in("alice")
    return reader


def test_pages_stand_before_after_and_around_a_message_and_say_what_lies_outside(reader: Browser) -> None:
    assert numbers(page(reader)) == (list(range(16, 26)), True, False)
    assert numbers(page(reader, "?before=16")) == (list(range(6, 16)), True, True)
    assert numbers(page(reader, "?before=6")) == (list(range(1, 6)), False, True)
    assert numbers(page(reader, "?after=5")) == (list(range(6, 16)), True, True)
    assert numbers(page(reader, "?after=0")) == (list(range(1, 11)), False, True)
    assert numbers(page(reader, "?after=20")) == (list(range(21, 26)), True, False)
    assert numbers(page(reader, "?around=12")) == (list(range(7, 17)), True, True)
    assert numbers(page(reader, "?around=1")) == (list(range(1, 6)), False, True)
    assert numbers(page(reader, "?around=25")) == (list(range(20, 26)), True, False)


def test_pages_beyond_the_ends_are_empty_and_say_on_which_side_the_room_lies(reader: Browser) -> None:
    assert numbers(page(reader, "?before=1")) == ([], False, True)
    assert numbers(page(reader, "?after=25")) == ([], True, False)
    assert numbers(page(reader, f"?after={10**15}")) == ([], True, False)
    assert numbers(page(reader, f"?around={10**15}"))[0] == list(range(21, 26))


def test_messages_are_found_by_their_numbers_those_that_there_are(reader: Browser) -> None:
    assert numbers(page(reader, "?numbers=7,3,7,999"))[0] == [3, 7]
    assert numbers(page(reader, "?numbers=999"))[0] == []
    fifty = ",".join(map(str, range(1, 51)))
    assert len(page(reader, f"?numbers={fifty}")["messages"]) == 25  # more than a page


def test_a_page_goes_with_the_version_of_the_room_wherever_it_stands(reader: Browser) -> None:
    head = reader.boot()["rooms"][0]["head"]
    for query in ("", "?before=6", "?after=5", "?around=12", "?numbers=3"):
        assert page(reader, query)["version"] == head


def test_an_answer_names_the_message_that_it_answers_and_a_call_the_people_whom_it_means(
    alice: Browser, bob: Browser, database: Database
) -> None:
    number = say(database, alice, "where?")
    say(database, bob, "here, @ALICE", reply_to=number)
    (answer,) = page(alice, "?after=1")["messages"]
    assert (answer["reply_to"], answer["mentions"]) == (number, [alice.boot()["user"]["id"]])
    (summary,) = alice.boot()["rooms"]
    assert (summary["mentions"], summary["last_read"]) == ([2], 1)


def test_a_message_has_the_shape_of_the_protocol(alice: Browser, database: Database) -> None:
    say(database, alice, "hello\n\U0001f40e")
    page = json.loads(alice.get("/api/rooms/1/messages").data)
    assert page["room"] == alice.boot()["rooms"][0]["room"]
    (message,) = page["messages"]
    assert message.pop("at") > 1_700_000_000_000
    assert len(message.pop("client_id")) == 36
    assert message == {
        "type": "message",
        "room": 1,
        "number": 1,
        "version": 3,
        "author": {"id": alice.boot()["user"]["id"], "name": "alice"},
        "body": "hello\n\U0001f40e",
        "body_version": 3,
    }


def test_the_history_of_a_direct_conversation_names_its_people(
    alice: Browser, bob: Browser, database: Database
) -> None:
    room = say_directly(database, alice, bob, "hello")
    page = json.loads(bob.get(f"/api/rooms/{room}/messages").data)
    assert [person["name"] for person in page["room"]["members"]] == ["alice", "Bobby"]


@pytest.mark.parametrize("name", ["before", "after", "around"])
@pytest.mark.parametrize("value", ["-1", "x", "", "1.5", "01", "+1", "9" * 17, "\u0661", "1%00", "1,2"])
def test_where_a_page_stands_is_one_number(name: str, value: str, alice: Browser) -> None:
    response = alice.get(f"/api/rooms/1/messages?{name}={value}")
    assert (response.status_code, response.json["field"]) == (422, name)  # type: ignore[index]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("before=0", "before"),
        ("around=0", "around"),
        ("before=1&before=2", "before"),
        ("before=1&after=2", "after"),
        ("numbers=1&around=2", "around"),
        ("limit=5", "limit"),
        ("numbers=", "numbers"),
        ("numbers=1,", "numbers"),
        ("numbers=0", "numbers"),
        ("numbers=" + ",".join(map(str, range(1, 52))), "numbers"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_name(query: str, field: str, alice: Browser) -> None:
    response = alice.get(f"/api/rooms/1/messages?{query}")
    assert (response.status_code, response.json["field"]) == (422, field)  # type: ignore[index]


@pytest.mark.parametrize("query", ["before=%FF", "%FF=1", "before=1&x=%C3"])
def test_what_is_no_text_is_refused(query: str, alice: Browser) -> None:
    assert alice.get(f"/api/rooms/1/messages?{query}").status_code == 400
