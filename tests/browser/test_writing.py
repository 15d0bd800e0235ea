"""Writing: completion, long pastes, editing by the arrow, drafts."""

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.test_accessibility import LONG, PASTE


def test_an_emoji_is_completed_by_its_name(people: People) -> None:
    anna = people("anna")
    anna.window.create_room(f"Emoji {anna.name}")
    composer = anna.window.composer
    composer.press_sequentially("hooray :tad")
    expect(anna.page.get_by_role("option", name=":tada:")).to_have_attribute("aria-selected", "true")
    composer.press("Enter")
    expect(composer).to_have_value("hooray 🎉 ")
    composer.press_sequentially(":heart:")
    expect(composer).to_have_value("hooray 🎉 ❤️")
    composer.press_sequentially(" :smi")
    expect(anna.page.get_by_role("option").first).to_be_visible()
    composer.press("Escape")
    expect(anna.page.get_by_role("option")).to_have_count(0)
    composer.press("Enter")
    expect(anna.window.settled).to_have_count(1)
    assert anna.window.texts() == ["hooray 🎉 ❤️ :smi"]


def test_a_long_paste_is_offered_as_a_block(people: People) -> None:
    anna = people("anna")
    anna.window.create_room(f"Paste {anna.name}")
    anna.window.composer.evaluate(PASTE, "short")
    expect(anna.page.locator("#paste-offer")).to_be_hidden()
    anna.window.composer.fill("")
    anna.window.composer.evaluate(PASTE, LONG)
    expect(anna.window.composer).to_have_value(LONG)
    anna.page.get_by_role("button", name="As code").click()
    expect(anna.page.locator("#paste-offer")).to_be_hidden()
    expect(anna.window.composer).to_be_focused()
    anna.window.composer.press("Enter")
    expect(anna.page.locator("#message-list .code-block code")).to_have_text(LONG)


def test_the_arrow_edits_the_last_own_message_and_escape_leaves_it(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(bert.name)
    anna.window.say("mine")
    bert.window.go_to(anna.name)
    bert.window.say("another's")
    expect(anna.window.settled).to_have_count(2)
    anna.window.composer.press("ArrowUp")
    editor = anna.page.get_by_label("Edit message")
    expect(editor).to_have_value("mine")
    expect(editor).to_be_focused()
    editor.fill("changed")
    editor.press("Escape")
    expect(editor).to_have_count(0)
    expect(anna.window.composer).to_be_focused()
    assert anna.window.texts() == ["mine", "another's"]
    anna.window.composer.fill("a draft")
    anna.window.composer.press("ArrowUp")
    expect(editor).to_have_count(0)


def test_the_arrow_waits_for_the_last_own_message_and_never_takes_the_one_before(
    people: People, network: Network
) -> None:
    anna = people("anna", network=network)
    anna.window.create_room(f"Late {anna.name}")
    anna.window.say("before")
    expect(anna.window.settled).to_have_count(1)
    network.down()
    expect(anna.page.locator("#status.is-shown")).to_be_visible()
    anna.window.say("under way")
    expect(anna.page.locator(".message.is-pending")).to_be_visible()
    anna.window.composer.press("ArrowUp")
    editor = anna.page.get_by_label("Edit message")
    expect(editor).to_have_count(0)
    network.up()
    expect(editor).to_have_value("under way")
    expect(editor).to_be_focused()
    editor.press("Escape")
    network.down()
    expect(anna.page.locator("#status.is-shown")).to_be_visible()
    anna.window.say("another")
    expect(anna.page.locator(".message.is-pending")).to_be_visible()
    anna.window.composer.press("ArrowUp")
    anna.window.composer.press_sequentially("written meanwhile")
    network.up()
    expect(anna.window.settled).to_have_count(3)
    expect(editor).to_have_count(0)
    expect(anna.window.composer).to_have_value("written meanwhile")


def test_the_field_grows_with_its_text_and_shift_enter_begins_a_line(people: People) -> None:
    anna = people("anna")
    anna.window.ready()
    box = anna.window.composer.bounding_box()
    assert box is not None
    for _ in range(4):
        anna.window.composer.press_sequentially("line")
        anna.window.composer.press("Shift+Enter")
    grown = anna.window.composer.bounding_box()
    assert grown is not None
    assert grown["height"] > box["height"] + 60
    expect(anna.window.composer).to_have_value("line\n" * 4)


def test_the_switcher_finds_what_one_is_in_and_what_one_is_not(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    mine, theirs = f"Mine {anna.name}", f"Theirs {bert.name}"
    anna.window.create_room(mine)
    bert.window.create_room(theirs)
    anna.page.keyboard.press("Control+k")
    anna.page.keyboard.type(theirs)
    option = anna.page.get_by_role("option", name=theirs)
    expect(option).to_contain_text("Join")
    anna.page.keyboard.press("Enter")
    expect(anna.window.title).to_have_text(theirs)
    anna.page.keyboard.press("Control+k")
    expect(anna.page.get_by_role("option").first).to_contain_text(mine)
    anna.page.keyboard.press("Enter")
    expect(anna.window.title).to_have_text(mine)
    anna.page.keyboard.press("Control+k")
    anna.page.keyboard.type("?!")
    expect(anna.page.get_by_text("Nothing fits.")).to_be_visible()
    anna.page.keyboard.press("Escape")
    expect(anna.window.composer).to_be_focused()
