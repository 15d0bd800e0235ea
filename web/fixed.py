"""Parts of pages that are the same for everybody who reads a language: rendered once, and kept."""

from flask import Flask, render_template
from flask_babel import get_locale
from markupsafe import Markup


def install(app: Flask) -> None:
    """Let templates include such a part by `{{ fixed("partials/….html") }}`. It may name nobody and hold no secret."""
    kept: dict[tuple[str, str], Markup] = {}

    def fixed(template: str) -> Markup:
        part = template, str(get_locale())
        if part not in kept:
            kept[part] = Markup(render_template(template))  # noqa: S704 - a template escapes what it shows
        return kept[part]

    app.jinja_env.globals["fixed"] = fixed
