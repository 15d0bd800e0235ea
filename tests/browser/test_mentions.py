"""Calling people by name: completed from the room's members, seen and heard by those who are called."""

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.person import Person


def in_a_room(people: People) -> tuple[Person, Person]:
    """Two in a room of the first one's, both looking at it."""
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Calls {anna.name}")
    bert.page.get_by_role("button", name="All rooms").click()
    bert.page.get_by_label("Find a room").fill(f"Calls {anna.name}")
    bert.page.get_by_role("button", name=f"Join Calls {anna.name}").click()
    bert.page.wait_for_url(f"**/rooms/{room}")
    expect(anna.page.locator("#conversation-about")).to_contain_text("2")
    return anna, bert


def test_a_member_is_completed_called_and_told(people: People) -> None:
    anna, bert = in_a_room(people)
    composer = anna.window.composer
    composer.press_sequentially("look, @ber")
    expect(anna.page.get_by_role("option", name=bert.name)).to_have_attribute("aria-selected", "true")
    composer.press("Enter")
    expect(composer).to_have_value(f"look, @{bert.name} ")
    composer.press_sequentially("and `@nobody`")
    composer.press("Enter")
    expect(bert.page.locator(".message.is-calling .mention.is-me")).to_have_text(f"@{bert.name}")
    expect(anna.page.locator(".mention")).to_have_count(1)
    expect(anna.page.locator(".message:not(.is-calling) .mention.is-other")).to_have_text(f"@{bert.name}")
    expect(bert.page.locator("#announcer p")).to_have_text(
        [f"{anna.name} calls you: look, @{bert.name} and @nobody"]
    )


def test_only_an_owner_calls_everybody(people: People) -> None:
    anna, bert = in_a_room(people)
    bert.window.composer.press_sequentially("@")
    expect(bert.page.get_by_role("option", name=anna.name)).to_be_visible()
    expect(bert.page.get_by_role("option", name="@room")).to_have_count(0)
    bert.window.composer.press("Escape")
    bert.window.say("@room is nothing from me")
    expect(anna.window.settled).to_have_count(1)
    expect(anna.page.locator(".mention, .is-calling")).to_have_count(0)
    anna.window.composer.press_sequentially("@ro")
    expect(anna.page.get_by_role("option", name="@room")).to_be_visible()
    anna.window.composer.press("Tab")
    anna.window.composer.press_sequentially("lunch")
    anna.window.composer.press("Enter")
    expect(bert.page.locator(".message.is-calling .message-text")).to_have_text(["@room lunch"])
    expect(bert.page.locator(".mention.is-me")).to_have_text("@room")


def test_an_edit_calls_and_calls_no_longer(people: People) -> None:
    anna, bert = in_a_room(people)
    anna.window.say("a word")
    expect(anna.window.settled).to_have_count(1)
    editor = anna.page.get_by_label("Edit message")
    anna.window.composer.press("ArrowUp")
    editor.press_sequentially(" for @ber")
    expect(anna.page.get_by_role("option", name=bert.name)).to_be_visible()
    editor.press("Enter")
    expect(editor).to_have_value(f"a word for @{bert.name} ")
    editor.press("Enter")
    expect(bert.page.locator(".message.is-calling .mention.is-me")).to_be_visible()
    anna.window.composer.press("ArrowUp")
    editor.fill("a word for nobody")
    editor.press("Enter")
    expect(bert.window.message("a word for nobody")).to_be_visible()
    expect(bert.page.locator(".is-calling, .mention")).to_have_count(0)
    expect(bert.page.locator("#announcer p")).to_have_text([f"{anna.name}: a word"])


def test_who_wrote_last_is_offered_first(people: People) -> None:
    anna, bert = in_a_room(people)
    bert.window.say("here")
    expect(anna.window.settled).to_have_count(1)
    anna.window.composer.press_sequentially("@")
    expect(anna.page.get_by_role("option").first).to_contain_text(bert.name)
    expect(anna.page.get_by_role("option", name=anna.name)).to_have_count(0)
    anna.window.composer.press_sequentially(bert.name)
    expect(anna.page.get_by_role("option")).to_have_count(1)
    anna.window.composer.press("Enter")  # there is nothing left to complete: it sends
    expect(anna.window.settled.last).to_contain_text(f"@{bert.name}")
    expect(anna.page.get_by_role("option")).to_have_count(0)
