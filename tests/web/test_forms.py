import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from web.forms import RegisterForm, RoomForm


def fault(app: Flask, name: str) -> str | None:
    with app.test_request_context(method="POST"):
        form = RoomForm(formdata=MultiDict({"name": name}), meta={"csrf": False})
        form.validate()
        return str(form.name.errors[0]) if form.name.errors else None


@pytest.mark.parametrize(
    "name",
    [
        "tea",
        "日本語",
        "Кухня",
        "صالة",
        "👨‍👩‍👧",
        "❤️",
        "café",
        "a b",
        "x" * 50,
        "👩‍🚀" * 16,
        "½",
        "?",
        "می‌خواهم",
    ],
)
def test_a_room_may_be_called_anything_that_one_can_see(name: str, app: Flask) -> None:
    assert fault(app, name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Give the room a name"),
        ("   ", "Give the room a name"),
        ("\u00a0\u2003", "Give the room a name"),
        ("x" * 51, "at most 50"),
        ("\ufdfa" * 40, "at most"),  # each becomes 18 characters of the key
        ("tea\x00", "control"),
        ("tea\x7f", "control"),
        ("te\u0085a\x1b[31m", "control"),
        ("te\ud800a", "control"),
        ("\u200b", "see"),
        ("\u200d\ufe0f", "see"),
        ("\u202e\u2066", "see"),
        ("\u3164", "see"),
        ("\u115f\uffa0", "see"),
        ("\u2800", "see"),
        ("\u0301", "see"),
        ("\U000e0061", "see"),
        ("\u00ad", "see"),
    ],
)
def test_other_names_are_refused_in_words(name: str, words: str, app: Flask) -> None:
    assert words in (fault(app, name) or "")


def test_the_hints_say_the_limits(app: Flask) -> None:
    with app.test_request_context():
        form = RegisterForm()
        assert "4 to 16" in form.name.description
        assert "8 characters" in form.password.description
        assert 'minlength="4"' in form.name()
        assert 'maxlength="16"' in form.name()


def test_no_password_is_cut_off_by_the_browser(app: Flask) -> None:
    with app.test_request_context():
        assert "maxlength" not in RegisterForm().password()
