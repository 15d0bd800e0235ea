import io

import pytest
from flask import Flask

from tests.web.browser import PASSWORD, Browser, text_of

FORM = "application/x-www-form-urlencoded"


def send(browser: Browser, path: str, body: bytes, content_type: str = FORM) -> int:
    return browser.post(path, body, content_type=content_type).status_code


@pytest.mark.parametrize(
    "body",
    [
        b"name=alice&name=bobby",
        b"csrf_token=a&csrf_token=b",
        b"name=%ED%A0%80",  # a lone surrogate
        b"name=%FF",
        b"name=\xff",
        b"name=%C0%80",  # NUL, overlong
        b"&".join(b"field%d=1" % number for number in range(21)),
    ],
)
@pytest.mark.parametrize("path", ["/register", "/sign-in", "/api/rooms"])
def test_a_damaged_form_is_refused_as_a_whole(path: str, body: bytes, browser: Browser) -> None:
    response = browser.post(path, body, content_type=FORM)
    assert response.status_code == 400
    assert "not understood" in response.text


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", ";"]
)
def test_another_kind_of_body_is_refused(content_type: str, browser: Browser) -> None:
    assert send(browser, "/sign-in", b'{"name": "alice"}', content_type) == 415


@pytest.mark.parametrize("path", ["/register", "/sign-in", "/sign-out", "/api/rooms", "/api/rooms/1/join"])
def test_a_body_of_a_megabyte_is_refused(path: str, alice: Browser, app: Flask) -> None:
    for browser in (alice, Browser(app)):
        response = browser.post(path, b"name=" + b"a" * 1_000_000, content_type=FORM)
        assert response.status_code == 413
        assert "larger" in response.text


def test_a_body_of_undeclared_length_is_refused_as_well(browser: Browser) -> None:
    response = browser.client.post(
        "/sign-in",
        input_stream=io.BytesIO(b"name=" + b"a" * 1_000_000),
        content_type=FORM,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert response.status_code == 413


def test_the_longest_form_there_can_be_is_read(browser: Browser) -> None:
    longest = "\U0001f40e" * 1024
    fields = {"name": "alice", "password": longest, "password_again": longest}
    assert "at most 128" in text_of(browser.fill_in("/register", **fields))


def test_a_post_without_a_body_is_an_empty_form(alice: Browser) -> None:
    response = alice.post("/api/rooms/1/join", headers={"X-CSRFToken": alice.boot()["csrf"]})
    assert response.status_code == 200


def test_a_field_that_nobody_asked_for_changes_nothing(browser: Browser) -> None:
    response = browser.fill_in(
        "/register", name="alice", password=PASSWORD, password_again=PASSWORD, user_id="1", role="owner"
    )
    assert response.status_code == 303
