"""Reactions: seen at once by everybody, named, chosen by mouse or by keyboard alone, taken back where they are refused."""

from playwright.sync_api import Locator, expect

from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import Person, Window
from tests.browser.test_layout import PHONE


def chip(window: Window, emoji: str) -> Locator:
    """The button of an emoji under a message."""
    return window.page.locator(f'.reaction[data-emoji="{emoji}"]')


def picked(window: Window, emoji: str) -> None:
    """Choose an emoji for the last message with the mouse."""
    window.settled.last.hover()
    window.settled.last.locator("[data-action=react]").click()
    window.page.locator(".picker-cell").get_by_text(emoji, exact=True).first.click()


def in_direct(people: People, network: Network | None = None) -> tuple[Person, Person]:
    """Two who see one message, the first one's."""
    anna, bert = people("anna"), people("bert", network=network)
    anna.window.open_direct(bert.name)
    anna.window.say("what do you think?")
    bert.window.room(anna.name).click()
    expect(bert.window.settled).to_have_count(1)
    expect(anna.window.settled).to_have_count(1)
    return anna, bert


def test_a_reaction_is_seen_counted_and_named(people: People) -> None:
    anna, bert = in_direct(people)
    picked(bert.window, "🎉")
    expect(chip(bert.window, "🎉")).to_have_attribute("aria-pressed", "true")
    expect(chip(bert.window, "🎉")).to_have_attribute("aria-label", "tada, 1 reaction: You")
    expect(chip(anna.window, "🎉")).to_have_attribute("aria-pressed", "false")
    expect(chip(anna.window, "🎉")).to_have_attribute("aria-label", f"tada, 1 reaction: {bert.name}")
    chip(anna.window, "🎉").click()
    expect(chip(anna.window, "🎉")).to_have_attribute("aria-label", f"tada, 2 reactions: You and {bert.name}")
    expect(chip(bert.window, "🎉")).to_have_text("🎉2")
    chip(bert.window, "🎉").hover()
    expect(bert.page.locator("#tooltip")).to_have_text(f"You and {anna.name}: tada")
    bert.page.keyboard.press("Escape")
    expect(bert.page.locator("#tooltip")).to_be_hidden()
    bert.page.get_by_role("button", name="Who reacted").click()
    dialog = bert.page.get_by_role("dialog", name="Reactions")
    expect(dialog.get_by_role("listitem")).to_contain_text([bert.name, anna.name])
    bert.page.keyboard.press("Escape")
    chip(bert.window, "🎉").click()
    expect(chip(anna.window, "🎉")).to_have_text("🎉1")
    chip(anna.window, "🎉").click()
    for window in (anna.window, bert.window):
        expect(window.page.locator(".reactions")).to_have_count(0)
    assert anna.page.locator("#announcer p").count() == 0


def test_the_picker_is_a_grid_for_the_keyboard(people: People) -> None:
    _, bert = in_direct(people)
    keys = bert.page.keyboard
    bert.page.locator("#messages").focus()
    keys.press("ArrowUp")
    keys.press("+")
    expect(bert.page.get_by_label("Find an emoji")).to_be_focused()
    expect(bert.page.locator(".picker-title").nth(1)).to_have_text("Smileys")
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    expect(bert.page.get_by_role("gridcell", name="heart").first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    expect(bert.page.get_by_role("gridcell", name="heart").first).to_be_focused()
    keys.press("PageDown")
    expect(bert.page.get_by_role("gridcell", name="grinning", exact=True)).to_be_focused()
    keys.press("PageUp")
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(chip(bert.window, "❤️")).to_be_visible()
    expect(bert.window.settled.last).to_be_focused()
    keys.press("+")
    keys.type("tad")
    expect(bert.page.locator(".picker-cell").first).to_have_text("🎉")
    keys.press("Enter")
    expect(bert.page.locator(".reaction")).to_have_count(2)
    keys.press("Tab")
    while bert.page.evaluate("document.activeElement.dataset.emoji") != "🎉":
        keys.press("Tab")
    expect(bert.page.locator("#tooltip")).to_be_visible()
    keys.press("Enter")
    expect(bert.page.locator(".reaction")).to_have_count(1)
    expect(bert.window.settled.last).to_be_focused()


def test_what_was_taken_is_offered_first(people: People) -> None:
    _, bert = in_direct(people)
    picked(bert.window, "🐙")
    expect(chip(bert.window, "🐙")).to_be_visible()
    bert.page.reload()
    expect(bert.window.settled).to_have_count(1)
    bert.window.settled.last.hover()
    bert.window.settled.last.locator("[data-action=react]").click()
    expect(bert.page.locator(".picker-cell").first).to_have_text("🐙")


def test_a_reaction_that_is_refused_goes_again(people: People, network: Network) -> None:
    anna, bert = in_direct(people, network)
    picked(bert.window, "👍")  # so that the list of emoji is there
    expect(chip(anna.window, "👍")).to_be_visible()
    network.down()
    expect(bert.page.locator("#status.is-shown")).to_be_visible()
    picked(bert.window, "🎉")
    expect(chip(bert.window, "🎉")).to_be_visible()
    anna.window.settled.first.hover()
    anna.window.settled.first.get_by_role("button", name="Delete").click()
    anna.page.locator("#confirm-yes").click()
    expect(anna.page.locator(".message-gone")).to_be_visible()
    network.up()
    expect(bert.page.locator(".message-gone")).to_be_visible()
    expect(bert.page.locator(".reaction")).to_have_count(0)
    expect(bert.page.locator("#notice-text")).to_have_text("The message was deleted.")


def test_an_open_editor_stays_while_others_react(people: People) -> None:
    anna, bert = in_direct(people)
    anna.window.composer.press("ArrowUp")
    editor = anna.page.get_by_label("Edit message")
    editor.fill("what do you all think?")
    picked(bert.window, "👀")
    expect(chip(anna.window, "👀")).to_be_visible()
    expect(editor).to_be_focused()
    expect(editor).to_have_value("what do you all think?")
    editor.press("Enter")
    expect(bert.window.message("what do you all think?")).to_be_visible()
    expect(chip(bert.window, "👀")).to_have_attribute("aria-pressed", "true")


def test_a_finger_opens_what_can_be_done_and_reacts(people: People) -> None:
    anna = people("anna", **PHONE)
    anna.window.say(f"touch {anna.name}")
    message = anna.window.settled.filter(has_text=f"touch {anna.name}")
    expect(message).to_have_count(1)
    button = message.locator("[data-action=react]")
    expect(message.locator(".message-actions")).to_have_css("opacity", "0")
    message.locator(".message-text").tap()
    expect(message.locator(".message-actions")).to_have_css("opacity", "1")
    button.tap()
    picker = anna.page.locator("#picker-dialog")
    expect(picker.locator(".picker-cell").first).to_be_visible()
    box = picker.bounding_box()
    assert box is not None
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 360, 640)
    picker.locator(".picker-cell").first.tap()
    expect(message.locator(".reaction")).to_have_attribute("aria-pressed", "true")
