"""Whatever is sent, it is answered, and never by an error of ours.

The routes are those of the application itself, so that a new one is tried without being named here.
"""

import secrets
import time
from collections.abc import Callable
from urllib.parse import quote_from_bytes, urlencode

import pytest
import redis
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from shared import keys, sessions
from shared.database import Database
from tests.web.browser import Browser

FIELDS = [
    *(
        "name",
        "password",
        "password_again",
        "gender",
        "next",
        "csrf_token",
        "session",
        "sid",
        "code",
        "token",
    ),
    *("current_password", "new_password", "new_password_again", "before", "room"),
]
NASTY = [
    *("", " ", "0", "-1", "1", "99999999999999999999", "1e9", "None", "a" * 5000),
    *("\x00", "\ud7ff", "\u202e", "\ufdfa" * 50, "%00", "\r\nSet-Cookie: a=b", "\U0001f40e" * 128),
    *("' OR 1=1 --", "{{7*7}}", "%(x)s", "../../etc/passwd", "//evil.example"),
]
# What a server in front of us lets pass in a header.
LATIN_1 = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
FORM = "application/x-www-form-urlencoded"

values = st.one_of(st.sampled_from(NASTY), st.text(), st.text("abcdefghij_", min_size=4, max_size=16))
pairs = st.lists(st.tuples(st.sampled_from(FIELDS) | st.text(), values), max_size=12)
# Equal fields are refused before any form sees them, so most examples have none.
forms = st.one_of(pairs.map(dict), pairs).map(urlencode)
bodies = st.one_of(
    forms.map(str.encode), st.binary(max_size=300), st.binary().map(quote_from_bytes).map(str.encode)
)
trying = examples(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def routes(app: Flask, method: str) -> list[Rule]:
    found = [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]
    assert found
    return sorted(found, key=str)


def filled(rule: Rule, part: str) -> str:
    """The address of a route, with `part` for every variable of it."""
    quoted = quote_from_bytes(part.encode(errors="surrogatepass"), safe="")
    return "".join(quoted if is_variable else text for is_variable, text in rule._trace[1:])


@pytest.fixture
def visit(app: Flask, alice: Browser, database: Database, store: "redis.Redis") -> Callable[[bool], Browser]:
    """Makes a visitor, or somebody who is signed in by a session of their own: an example may end it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT id FROM users")
        user = int(cursor.fetchall()[0]["id"])

    def visit(is_signed_in: bool) -> Browser:
        visitor, sid = Browser(app), secrets.token_urlsafe(sessions.SID_BYTES)
        if is_signed_in:
            who = sessions.SignedIn(user, int(time.time()))
            store.set(keys.session(sid), sessions.encode(who.fields()), ex=60)
            store.zadd(keys.user_sessions(user), {sid: time.time()})
            visitor.sid = sid
        return visitor

    return visit


def expect_answer(response: TestResponse) -> None:
    assert response.status_code < 500, (response.request.path, response.text)
    assert "Traceback" not in response.text


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "a visitor"])
@trying
@given(data=st.data(), body=bodies, part=values)
def test_no_form_is_an_error(
    visit: Callable[[bool], Browser], is_signed_in: bool, data: st.DataObject, body: bytes, part: str
) -> None:
    visitor = visit(is_signed_in)
    rule = data.draw(st.sampled_from(routes(visitor.app, "POST")), label="route")
    path = filled(rule, data.draw(st.sampled_from(["1", "alice", part])))
    token = visitor.boot()["csrf"] if is_signed_in else visitor.hidden("/sign-in")["csrf_token"]
    expect_answer(visitor.post(path, body, content_type=FORM, headers={"X-CSRFToken": token}))


@trying
@given(data=st.data(), part=values, query=forms, is_signed_in=st.booleans())
def test_no_address_and_no_header_is_an_error(
    visit: Callable[[bool], Browser], data: st.DataObject, part: str, query: str, is_signed_in: bool
) -> None:
    visitor = visit(is_signed_in)
    rule = data.draw(st.sampled_from(routes(visitor.app, "GET")), label="route")
    header = data.draw(st.sampled_from(["Cookie", "Accept-Language", "User-Agent", "Host", "Referer"]))
    value = data.draw(st.text(LATIN_1, max_size=200))
    expect_answer(visitor.get(filled(rule, part) + "?" + query, headers={header: value}))
