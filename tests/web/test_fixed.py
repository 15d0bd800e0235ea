"""What is the same for everybody who reads a language is rendered once."""

from flask import Flask, render_template_string

from tests.web.browser import Browser


def test_each_reader_gets_the_dialogs_in_their_own_language(alice: Browser) -> None:
    for _ in range(2):
        for language, text in (("en", "Create a room"), ("de", "Raum anlegen")):
            alice.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
            page = alice.get("/rooms/1").text
            assert f">{text}</h2>" in page, language


def test_a_part_is_rendered_once_for_a_language(app: Flask) -> None:
    asked = '{{ fixed("partials/dialogs.html") }}'
    with app.test_request_context("/", headers={"Accept-Language": "de"}):
        first = app.jinja_env.globals["fixed"]("partials/dialogs.html")  # type: ignore[operator]
        assert render_template_string(asked) == first
        assert app.jinja_env.globals["fixed"]("partials/dialogs.html") is first  # type: ignore[operator]
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert render_template_string(asked) != first
