"""Replies: the quote shows the original as it is now and leads to it; what is begun is kept."""

from playwright.sync_api import Locator, expect

from chatd.client import ParleyClient
from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import Person, Window


def reply_to(window: Window, text: str) -> None:
    """By the button of the message."""
    window.message(text).hover()
    window.message(text).get_by_role("button", name="Reply").click()
    expect(window.page.locator("#reply-bar")).to_be_visible()
    expect(window.composer).to_be_focused()


def quote(window: Window, text: str) -> Locator:
    """The quote within a message."""
    return window.message(text).locator(".quote")


def in_direct(people: People) -> tuple[Person, Person]:
    """Two who talk directly; the first has said something."""
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(bert.name)
    anna.window.say("the **original**\n\n- and more")
    bert.window.room(anna.name).click()
    expect(bert.window.settled).to_have_count(1)
    return anna, bert


def test_a_quote_follows_its_original_until_that_is_deleted(people: People) -> None:
    anna, bert = in_direct(people)
    reply_to(bert.window, "the original")
    expect(bert.page.locator("#reply-bar")).to_contain_text(f"{anna.name}the original and more")
    bert.window.say("an answer")
    expect(bert.page.locator("#reply-bar")).to_be_hidden()
    for window in (anna.window, bert.window):
        expect(quote(window, "an answer")).to_have_text(f"In reply to: {anna.name}the original and more")
    anna.window.composer.press("ArrowUp")
    anna.page.get_by_label("Edit message").fill("another text")
    anna.page.get_by_label("Edit message").press("Enter")
    for window in (anna.window, bert.window):
        expect(quote(window, "an answer")).to_have_text(f"In reply to: {anna.name}another text")
    anna.window.messages.first.hover()
    anna.window.messages.first.get_by_role("button", name="Delete").click()
    anna.page.locator("#confirm-yes").click()
    for window in (anna.window, bert.window):
        expect(quote(window, "an answer")).to_contain_text("This message was deleted")


def test_a_reply_is_begun_by_a_key_kept_with_the_draft_and_left_by_escape(people: People) -> None:
    anna, bert = in_direct(people)
    bert.page.locator("#messages").focus()
    bert.page.keyboard.press("ArrowUp")
    expect(bert.window.messages.first).to_be_focused()
    bert.page.keyboard.press("r")
    expect(bert.window.composer).to_be_focused()
    bert.page.keyboard.type("half of an answer")
    bert.page.reload()
    bar = bert.page.locator("#reply-bar")
    expect(bar).to_contain_text("the original")
    expect(bert.window.composer).to_have_value("half of an answer")
    bert.window.room("general").click()
    expect(bar).to_be_hidden()
    bert.window.room(anna.name).click()
    expect(bar).to_contain_text("the original")
    bert.window.composer.press("Escape")
    expect(bar).to_be_hidden()
    expect(bert.window.composer).to_have_value("half of an answer")
    bert.window.composer.press("Enter")
    expect(bert.window.settled).to_have_count(2)
    expect(bert.page.locator(".quote")).to_have_count(0)


def test_a_reply_waits_for_the_connection_with_its_quote(people: People, network: Network) -> None:
    anna = people("anna", network=network)
    anna.window.create_room(f"Replies {anna.name}")
    anna.window.say("a question")
    expect(anna.window.settled).to_have_count(1)
    network.down()
    expect(anna.page.locator("#status.is-shown")).to_be_visible()
    reply_to(anna.window, "a question")
    anna.window.say("an answer")
    expect(anna.page.locator(".message.is-pending .quote")).to_contain_text("a question")
    network.up()
    expect(anna.window.settled).to_have_count(2)
    expect(quote(anna.window, "an answer")).to_contain_text("a question")


def test_a_quote_leads_deep_into_history(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Deep {anna.name}")

    async def talk(client: ParleyClient) -> None:
        for number in range(1, 301):
            await client.send(f"number {number}", room=room).answer
        await client.send("about the beginning", room=room, reply_to=2).answer

    anna.as_program(talk)
    anna.page.reload()
    link = quote(anna.window, "about the beginning")
    expect(link).to_contain_text("number 2")
    link.click()
    expect(anna.page.locator('.message[data-number="2"]')).to_be_focused()
