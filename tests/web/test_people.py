from typing import Any

import pytest
from flask import Flask

from shared.database import Database
from shared.members import PAGE
from tests.web.browser import Browser
from tests.web.talk import say_directly


def members(browser: Browser, query: str = "", room: int = 1) -> Any:
    response = browser.get(f"/api/rooms/{room}/members{query}")
    assert response.status_code == 200, response.text
    return response.json


def test_members_come_by_name_with_what_they_may_do(alice: Browser, bob: Browser) -> None:
    room = alice.call("/api/rooms", name="tea").json["summary"]["room"]["id"]  # type: ignore[index]
    bob.call(f"/api/rooms/{room}/join")
    assert members(bob, room=room) == {
        "members": [
            {**alice.boot()["user"], "role": "owner"},
            {**bob.boot()["user"], "role": "member"},
        ],
        "more": False,
    }


def test_members_are_found_by_what_their_names_begin_with(alice: Browser, bob: Browser, app: Flask) -> None:
    Browser(app).register("al_x")

    def found(prefix: str) -> list[str]:
        return [person["name"] for person in members(alice, f"?q={prefix}")["members"]]

    assert found("AL") == ["alice", "al_x"]
    assert found("al_") == ["al_x"]
    assert found("") == ["alice", "al_x", "Bobby"]
    for nobody in ("bobbyx", "%25", "b\u00f6", "a b", "'", "x" * 500):
        assert found(nobody) == []


def test_many_members_come_in_pages(alice: Browser, database: Database) -> None:
    with database.transaction() as cursor:
        for number in range(PAGE):
            cursor.execute(
                "INSERT INTO users (name, password_hash, gender) VALUES (%s, 'x', 0)", (f"person{number:02}",)
            )
            cursor.execute("INSERT INTO members (room_id, user_id) VALUES (1, %s)", (cursor.lastrowid,))
    first = members(alice)
    assert (len(first["members"]), first["more"]) == (PAGE, True)
    last = first["members"][-1]["name"]
    assert members(alice, f"?after={last.upper()}") == {
        "members": [{"id": first["members"][-1]["id"] + 1, "name": f"person{PAGE - 1:02}", "role": "member"}],
        "more": False,
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [("after=", "after"), ("after=a-b", "after"), ("q=a&q=b", "q"), ("role=owner", "role")],
)
def test_members_are_asked_for_strictly(query: str, field: str, alice: Browser) -> None:
    response = alice.get(f"/api/rooms/1/members?{query}")
    assert (response.status_code, response.json["field"]) == (422, field)  # type: ignore[index]


def test_people_are_called_by_their_ids_those_that_there_are(alice: Browser, bob: Browser) -> None:
    one, other = alice.boot()["user"], bob.boot()["user"]
    response = alice.get(f"/api/people?ids={other['id']},999999999,{one['id']},{10**15}")
    assert response.json == {"people": [one, other]}


@pytest.mark.parametrize("query", ["", "?ids=", "?ids=x", "?ids=1;2", "?ids=" + ",".join(["1"] * 201)])
def test_people_are_asked_for_by_some_ids(query: str, alice: Browser) -> None:
    response = alice.get(f"/api/people{query}")
    assert (response.status_code, response.json["field"]) == (422, "ids")  # type: ignore[index]


def test_somebody_is_found_by_nickname_before_and_after_the_first_word(
    alice: Browser, bob: Browser, database: Database
) -> None:
    found = alice.get("/api/direct/BOBBY").json
    assert found == {"user": {"id": bob.boot()["user"]["id"], "name": "Bobby"}, "summary": None}
    room = say_directly(database, alice, bob, "hello")
    found = alice.get("/api/direct/bobby").json
    assert found["summary"]["room"]["id"] == room  # type: ignore[index]


@pytest.mark.parametrize("name", ["nobody", "no%20body", "%FF", "bobby%00", "x" * 500, "b\u00f6bby"])
def test_an_unknown_nickname_is_a_clear_error_where_it_was_typed(name: str, alice: Browser) -> None:
    response = alice.get(f"/api/direct/{name}")
    assert response.status_code == 404
    assert response.json["field"] == "name"  # type: ignore[index]
    assert "There is nobody called" in response.json["message"]  # type: ignore[index]
