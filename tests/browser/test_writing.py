"""Writing: completion, long pastes, editing by the arrow, drafts; and a whole conversation by keyboard alone."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import PASSWORD, Person
from tests.browser.test_accessibility import LONG, PASTE

TAB_MOST = 40  # stops until one gives up


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


def tab_to(page: Page, name: str) -> None:
    """Press Tab until a control of this name has the focus, as somebody without a mouse does."""
    focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"
    for _ in range(TAB_MOST):
        if page.evaluate(focused) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {name!r}")


def register(anna: Person) -> None:
    anna.page.goto("/register")
    expect(anna.page.get_by_label("User name")).to_be_focused()
    for text in (anna.name, PASSWORD, PASSWORD):
        anna.page.keyboard.type(text)
        anna.page.keyboard.press("Tab")
    tab_to(anna.page, "Create account")
    anna.page.keyboard.press("Enter")
    expect(anna.window.composer).to_be_focused()
    anna.window.ready()


def create_a_room(anna: Person) -> None:
    anna.page.evaluate("document.activeElement.blur()")
    tab_to(anna.page, "Create a room")
    anna.page.keyboard.press("Enter")
    anna.page.keyboard.type(f"Keys {anna.name}")
    anna.page.keyboard.press("Enter")
    expect(anna.window.title).to_have_text(f"Keys {anna.name}")
    expect(anna.window.composer).to_be_focused()


def talk_edit_and_delete(anna: Person) -> None:
    keys = anna.page.keyboard
    for text in ("first", "second", "third"):
        keys.type(text)
        keys.press("Enter")
    expect(anna.window.settled).to_have_count(3)
    keys.press("ArrowUp")
    keys.type(" indeed")
    keys.press("Enter")
    expect(anna.window.message("third indeed")).to_be_visible()
    expect(anna.window.composer).to_be_focused()
    while anna.page.evaluate("document.activeElement.id") != "messages":
        keys.press("Shift+Tab")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(anna.window.message("second")).to_be_focused()
    tab_to(anna.page, "Delete")
    keys.press("Enter")
    expect(anna.page.locator("#confirm-dialog")).to_be_visible()
    keys.press("Tab")
    keys.press("Enter")
    expect(anna.page.locator(".message-gone")).to_be_visible()
    assert anna.window.texts() == ["first", "This message was deleted", "third indeed"]


def write_directly(anna: Person, bert: Person) -> None:
    keys = anna.page.keyboard
    keys.press("Control+k")
    keys.type(bert.name)
    expect(anna.page.get_by_role("option", name=f"Write to {bert.name}")).to_be_visible()
    keys.press("Enter")
    expect(anna.window.title).to_have_text(bert.name)
    expect(anna.window.composer).to_be_focused()
    keys.type("hello")
    keys.press("Enter")
    expect(bert.window.room(anna.name).locator(".badge")).to_contain_text("1")


def test_a_whole_conversation_by_keyboard_alone(people: People) -> None:
    anna, bert = people("anna", registered=False), people("bert")
    keys = anna.page.keyboard
    register(anna)
    create_a_room(anna)
    talk_edit_and_delete(anna)
    write_directly(anna, bert)
    keys.press("Alt+ArrowDown")
    expect(anna.window.title).to_have_text("general")
    keys.press("Alt+ArrowUp")
    expect(anna.window.title).to_have_text(bert.name)
    keys.press("Control+/")
    expect(anna.page.locator("#help-dialog")).to_be_visible()
    keys.press("Escape")
    expect(anna.window.composer).to_be_focused()
    anna.page.evaluate("document.activeElement.blur()")
    tab_to(anna.page, "Sign out")
    keys.press("Enter")
    anna.page.wait_for_url("**/sign-in")


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
