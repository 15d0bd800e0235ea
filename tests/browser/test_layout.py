"""The page on any screen: a phone, one at double size, one without motion, one's own window as an installed app."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.person import Person

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True}
# What reaches beyond the screen, and what one could scroll sideways. Lines of code are scrolled by themselves.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((element) => element.checkVisibility({ checkOpacity: true }) && !element.closest(".visually-hidden, .sprite, pre"))
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
        || (element.scrollWidth > element.clientWidth + 1
            && ["auto", "scroll"].includes(getComputedStyle(element).overflowX)))
    .map((element) => `${element.tagName} #${element.id} .${element.getAttribute("class")}`)"""

# A screen of 1440 × 900 pixels, with all at double size.
ZOOMED: dict[str, Any] = {"viewport": {"width": 720, "height": 450}, "device_scale_factor": 2}
# What can not be brought before one's eyes, or lies under something else, in the open dialog or else in the page.
UNREACHABLE = """() => {
    const within = document.querySelector("dialog:modal") ?? document.body;
    const controls = [...within.querySelectorAll("a, button, input, textarea")].filter((control) =>
        !control.matches(".skip-link, .message *")
        && control.checkVisibility({ checkOpacity: !control.matches("[type=radio]"), checkVisibilityCSS: true }));
    return controls.filter((control) => {
        const shown = control.closest("label") ?? control;
        shown.scrollIntoView({ block: "nearest", inline: "nearest" });
        const { left, right, top, bottom } = shown.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return left < 0 || top < 0 || right > innerWidth + 1 || bottom > innerHeight + 1 || !shown.contains(hit);
    }).map((control) => control.outerHTML);
}"""
# What is cut off without dots that say so, or a cursor that leads there.
CUT = """() => [...document.querySelectorAll("body *:not(.visually-hidden, .visually-hidden *, svg, svg *, input)")]
    .filter((element) => element.checkVisibility({ checkOpacity: true }))
    .filter((element) => {
        const { overflowX, overflowY, textOverflow } = getComputedStyle(element);
        return (["hidden", "clip"].includes(overflowX) && textOverflow !== "ellipsis"
                && element.scrollWidth > element.clientWidth + 1)
            || (["hidden", "clip"].includes(overflowY) && element.scrollHeight > element.clientHeight + 1
                && textOverflow !== "ellipsis");
    }).map((element) => `${element.tagName} #${element.id} .${element.getAttribute("class")}`)"""
MOVING = """() => [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionProperty, scrollBehavior } = getComputedStyle(element);
        return animationName !== "none" || transitionProperty !== "none" || scrollBehavior !== "auto";
    }).length + document.getAnimations().length"""
# The size of each icon as it is drawn, and whether nothing shines through its corners.
ICON = """async (url) => {
    const bitmap = await createImageBitmap(await (await fetch(url)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    canvas.drawImage(bitmap, 0, 0);
    return [`${bitmap.width}x${bitmap.height}`, canvas.getImageData(0, 0, 1, 1).data[3] === 255];
}"""
# The colour that browsers draw around the page, and the one of the page itself.
COLOURS = """() => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    const around = [...document.querySelectorAll('meta[name="theme-color"]')].find(({ media }) => matchMedia(media).matches);
    return [around.content, "#" + parts.map((part) => part.toString(16).padStart(2, "0")).join("")];
}"""


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


def whole(page: Page) -> None:
    """Nothing is too wide, cut off or out of reach."""
    fits(page)
    assert page.evaluate(CUT) == []
    assert page.evaluate(UNREACHABLE) == []


@pytest.mark.parametrize("screen", [ZOOMED, PHONE], ids=["at double size", "on a phone"])
def test_all_can_be_reached(people: People, screen: dict[str, Any]) -> None:
    anna = people("anna", **screen)
    page = anna.page
    page.go_back()
    anna.window.create_room(f"A room with a long name {anna.name}")
    anna.window.say("```python\n" + "wide = 1  # " * 40 + "\n```")
    expect(anna.window.settled).to_have_count(1)
    whole(page)
    for opener in ("1 member", "About this conversation"):
        open_and_look(page, opener)
    page.locator("#messages").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("+")
    expect(page.locator(".picker-title").first).to_be_visible()
    whole(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="All conversations").click()
    whole(page)
    for opener in ("Create a room", "New direct message", "All rooms", "Go to…", "Settings"):
        open_and_look(page, opener)
    page.get_by_role("button", name="Settings").click()
    open_and_look(page, "Keyboard and writing")
    page.goto("/account")
    whole(page)


def open_and_look(page: Page, opener: str) -> None:
    page.get_by_role("button", name=opener).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    whole(page)
    page.keyboard.press("Escape")


def test_nothing_moves_for_those_who_want_it_so(people: People) -> None:
    anna, bert = people("anna", reduced_motion="reduce"), people("bert", reduced_motion="no-preference")
    anna.window.say(f"hello {bert.name}")
    expect(bert.window.message(f"hello {bert.name}")).to_be_visible()
    for writer, reader in ((bert, anna), (anna, bert)):
        writer.window.composer.press_sequentially("I ")
        expect(reader.page.locator("#typing")).to_be_visible()
        sought = reader.window.settled.last.get_attribute("data-number")
        reader.page.evaluate("(number) => { location.hash = number; }", sought)
        expect(reader.page.locator(".message.is-sought")).to_have_count(1)
        reader.page.get_by_role("button", name="Send").hover()
    assert anna.page.evaluate(MOVING) == 0
    assert bert.page.evaluate(MOVING) > 0


def test_it_can_be_installed(people: People) -> None:
    anna = people("anna", **PHONE)
    browser = anna.context.new_cdp_session(anna.page)
    found = browser.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = found["manifest"]
    assert (manifest["name"], manifest["display"]) == ("Parley", "kStandalone")
    assert manifest["scope"] == manifest["startUrl"] == manifest["id"] == f"{anna.stack.url}/"
    drawn = [icon for icon in manifest["icons"] if icon["type"] == "image/png"]
    assert {icon["sizes"] for icon in drawn} >= {"192x192", "512x512"}
    for icon in drawn:
        assert anna.page.evaluate(ICON, icon["url"])[0] == icon["sizes"]
    assert anna.page.evaluate(ICON, next(icon["url"] for icon in drawn if "maskable" in icon["url"]))[1]
    anna.page.goto(manifest["startUrl"])
    expect(anna.window.composer).to_be_visible()
    anna.page.go_back()
    expect(anna.page.get_by_role("navigation")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_browsers_frame_has_the_colour_of_the_page(people: People, scheme: str) -> None:
    anna = people("anna", color_scheme=scheme)
    around, ground = anna.page.evaluate(COLOURS)
    assert around == ground
    other = {"light": "Dark", "dark": "Light"}[scheme]
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_role("radio", name=other).check(force=True)
    around, chosen = anna.page.evaluate(COLOURS)
    assert around == chosen != ground


def test_nothing_lies_under_a_phones_notch_and_bar(people: People) -> None:
    """Nor at its sides, when it is turned."""
    anna = people("anna", **PHONE)
    insets = {"top": 47, "bottom": 34, "left": 20, "right": 20}
    anna.context.new_cdp_session(anna.page).send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    safe(anna, "#back", ".composer-send")
    anna.page.get_by_role("button", name="About this conversation").click()
    safe(anna, "#details-dialog")
    anna.page.keyboard.press("Escape")
    anna.page.go_back()
    safe(anna, ".sidebar-brand", "#open-settings")
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_role("button", name="Keyboard and writing").click()
    safe(anna, "#help-dialog")


def safe(anna: Person, *selectors: str) -> None:
    for selector in selectors:
        expect(anna.page.locator(selector)).to_be_visible()
        box = anna.page.locator(selector).bounding_box()
        assert box is not None
        left, top = box["x"], box["y"]
        right, bottom = left + box["width"], top + box["height"]
        assert left >= 20, selector
        assert top >= 47, selector
        assert right <= 360 - 20, selector
        assert bottom <= 640 - 34, selector
