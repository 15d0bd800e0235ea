"""A whole scenario by keyboard alone: no test of this file touches a mouse or gives an element the focus by itself."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.person import PASSWORD, Person
from tests.browser.test_history import join_and_say

TAB_MOST = 60  # stops until one gives up
NAME = """() => { const { activeElement: at } = document;
    return at.getAttribute("aria-label") ?? at.textContent.trim(); }"""


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press Tab until a control of this name has the focus."""
    for _ in range(TAB_MOST):
        if page.evaluate(NAME) == name:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {name!r}")


def say(person: Person, text: str) -> None:
    """Where one writes has the focus; return when it stands in the log."""
    expect(person.window.composer).to_be_focused()
    person.page.keyboard.type(text)
    person.page.keyboard.press("Enter")
    expect(person.window.settled.last).to_contain_text(text)


def to_message(person: Person, text: str) -> None:
    """From where one writes to a message: back to the list, then up."""
    keys = person.page.keyboard
    tab_to(person.page, "Messages", "Shift+Tab")
    wanted = person.window.settled.filter(has_text=text)
    for _ in range(person.window.settled.count()):
        keys.press("ArrowUp")
        if wanted.evaluate("(row) => row === document.activeElement"):
            return
    raise AssertionError(f"the arrow does not lead to {text!r}")


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


def create_a_room(anna: Person, name: str) -> int:
    tab_to(anna.page, "Create a room", "Shift+Tab")
    anna.page.keyboard.press("Enter")
    anna.page.keyboard.type(name)
    anna.page.keyboard.press("Enter")
    expect(anna.window.title).to_have_text(name)
    return int(anna.page.url.rpartition("/")[2])


def talk(anna: Person) -> None:
    for text in ("first", "second", "third"):
        say(anna, text)


def mention(anna: Person, bert: Person) -> None:
    """The name is completed from its beginning; he is told in his list."""
    keys = anna.page.keyboard
    keys.type(f"look @{bert.name[:6]}")
    expect(anna.page.get_by_role("option").filter(has_text=bert.name)).to_have_attribute(
        "aria-selected", "true"
    )
    keys.press("Enter")
    say(anna, "here")
    expect(anna.window.settled.last).to_contain_text(f"look @{bert.name} here")
    expect(bert.window.room("Keys").locator(".badge.is-mention")).to_be_visible()


def react(anna: Person) -> None:
    keys = anna.page.keyboard
    to_message(anna, "his words")
    keys.press("+")
    expect(anna.page.get_by_label("Find an emoji")).to_be_focused()
    keys.type("tada")
    expect(anna.page.locator("#picker-state")).to_contain_text("found")
    keys.press("Enter")
    message = anna.window.settled.filter(has_text="his words")
    expect(message.locator(".reaction")).to_have_attribute("aria-pressed", "true")
    expect(message).to_be_focused()
    keys.press("Escape")


def reply(anna: Person) -> None:
    to_message(anna, "his words")
    anna.page.keyboard.press("r")
    say(anna, "an answer")
    expect(anna.window.settled.last.locator(".quote")).to_contain_text("his words")


def edit(anna: Person) -> None:
    """One's newest by the arrow, another by its letter; Escape leaves it as it was."""
    keys = anna.page.keyboard
    keys.press("ArrowUp")
    keys.type(" indeed")
    keys.press("Enter")
    expect(anna.window.message("an answer indeed")).to_contain_text("edited")
    expect(anna.window.composer).to_be_focused()
    to_message(anna, "second")
    keys.press("e")
    keys.type(" thoughts")
    keys.press("Escape")
    expect(anna.page.get_by_label("Edit message")).to_have_count(0)
    assert "second" in anna.window.texts()


def delete(anna: Person) -> None:
    keys = anna.page.keyboard
    keys.press("Escape")
    to_message(anna, "third")
    tab_to(anna.page, "Delete")
    keys.press("Enter")
    expect(anna.page.locator("#confirm-dialog")).to_be_visible()
    tab_to(anna.page, "Delete")
    keys.press("Enter")
    expect(anna.page.locator(".message-gone")).to_be_visible()


def write_directly(anna: Person, bert: Person) -> None:
    keys = anna.page.keyboard
    keys.press("Control+k")
    keys.type(bert.name)
    expect(anna.page.get_by_role("option", name=f"Write to {bert.name}")).to_be_visible()
    keys.press("Enter")
    expect(anna.window.title).to_have_text(bert.name)
    say(anna, "hello")
    expect(bert.window.room(anna.name).locator(".badge").first).to_contain_text("1")


def look_around(anna: Person, bert: Person) -> None:
    """To the neighbours in the list, and to the sheet of all keys and back."""
    keys = anna.page.keyboard
    keys.press("Alt+ArrowUp")
    expect(anna.window.title).not_to_have_text(bert.name)
    keys.press("Alt+ArrowDown")
    expect(anna.window.title).to_have_text(bert.name)
    keys.press("Control+/")
    expect(anna.page.locator("#help-dialog")).to_be_visible()
    keys.press("Escape")
    expect(anna.window.composer).to_be_focused()


def sign_out(anna: Person) -> None:
    tab_to(anna.page, "Sign out", "Shift+Tab")
    anna.page.keyboard.press("Enter")
    anna.page.wait_for_url("**/sign-in")


def test_a_whole_conversation_by_keyboard_alone(people: People) -> None:
    anna, bert = people("anna", registered=False), people("bert")
    register(anna)
    room = create_a_room(anna, f"Keys of {anna.name[-5:]}")
    bert.as_program(lambda client: join_and_say(client, room, "his words"))
    expect(anna.window.settled.last).to_contain_text("his words")
    talk(anna)
    mention(anna, bert)
    react(anna)
    reply(anna)
    edit(anna)
    delete(anna)
    anna.page.keyboard.press("Escape")
    write_directly(anna, bert)
    look_around(anna, bert)
    sign_out(anna)
