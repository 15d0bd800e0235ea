"""The page on a phone: list and conversation are two views, and nothing is wider than the screen."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
# What reaches beyond the screen, and what one could scroll sideways.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility({ checkOpacity: true }) && !element.closest(".visually-hidden, .sprite"))
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
        || (element.scrollWidth > element.clientWidth + 1
            && ["auto", "scroll"].includes(getComputedStyle(element).overflowX)))
    .map((element) => `${element.tagName} #${element.id} .${element.getAttribute("class")}`)"""


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(TOO_WIDE) == []


def test_list_and_conversation_are_two_views_and_back_leads_to_the_list(people: People) -> None:
    anna, bert = people("anna", **PHONE), people("bert")
    bert.window.open_direct(anna.name)
    bert.window.say("hello phone")
    sidebar, composer = anna.page.get_by_role("navigation"), anna.window.composer
    expect(composer).to_be_visible()
    expect(sidebar).to_be_hidden()
    anna.page.go_back()
    expect(sidebar).to_be_visible()
    expect(composer).to_be_hidden()
    fits(anna.page)
    anna.window.room(bert.name).tap()
    expect(anna.window.message("hello phone")).to_be_visible()
    expect(sidebar).to_be_hidden()
    anna.page.go_back()
    expect(sidebar).to_be_visible()
    anna.window.room(bert.name).tap()
    anna.page.get_by_role("button", name="All conversations").tap()
    expect(sidebar).to_be_visible()
    anna.page.reload()
    expect(sidebar).to_be_visible()
    anna.window.room("general").tap()
    expect(anna.window.title).to_have_text("general")
    expect(composer).to_be_visible()


def test_a_message_is_not_read_while_only_the_list_is_seen(people: People) -> None:
    anna, bert = people("anna", **PHONE), people("bert")
    anna.page.go_back()
    bert.window.say("anybody there?")
    expect(anna.window.room("general").locator(".badge")).to_be_visible()
    anna.window.room("general").tap()
    expect(anna.window.message("anybody there?").last).to_be_in_viewport()
    expect(anna.page.locator("#room-list .badge")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_is_wider_than_the_screen(people: People, width: int) -> None:
    anna = people("anna", viewport={"width": width, "height": 700})
    anna.says(
        1, ["x" * 3000, f"https://x.example/{'y' * 400}", "wide 🏳️‍🌈 " * 30, "日本語" * 200, "مرحبا " * 60]
    )
    expect(anna.window.settled.filter(has_text="مرحبا").last).to_be_in_viewport()
    fits(anna.page)
    anna.window.composer.fill("line\n" * 40 + "z" * 500)
    fits(anna.page)
    expect(anna.page.locator(".composer-send")).to_be_in_viewport(ratio=1)
    anna.window.composer.fill("")
    anna.page.set_viewport_size({"width": width, "height": 420})
    expect(anna.page.locator(".composer-send")).to_be_in_viewport(ratio=1)
    if width < 768:
        anna.page.get_by_role("button", name="All conversations").click()
    for opener in ("Create a room", "New direct message", "All rooms"):
        anna.page.get_by_role("button", name=opener).click()
        expect(anna.page.get_by_role("dialog")).to_be_visible()
        fits(anna.page)
        anna.page.keyboard.press("Escape")
    anna.page.goto("/nothing")
    fits(anna.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forms_fit_and_have_room_for_fingers(people: People, scheme: str) -> None:
    page = people("nobody", registered=False, color_scheme=scheme, **PHONE).page
    page.goto("/register")
    page.get_by_role("button", name="Create account").tap()
    expect(page.get_by_role("alert")).to_be_visible()
    fits(page)
    for control in page.locator("button, .field, .choice, .card-foot a").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.inner_text()
