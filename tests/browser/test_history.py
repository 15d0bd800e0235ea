"""Long conversations: older pages, the place that one reads at, the way to the newest."""

import re

from playwright.sync_api import expect

from chatd.client import ParleyClient
from tests.browser.conftest import People
from tests.browser.person import Window
from tests.system.stack import Stack

JUMP = 2  # pixels that what one reads may move


TOP_OF = """([text]) => [...document.querySelectorAll("#message-list .message-text")]
    .find((element) => element.textContent === text).getBoundingClientRect().top"""


def top(window: Window, text: str) -> float:
    """Where a message is on the screen, in pixels from above."""
    return float(window.page.evaluate(TOP_OF, [text]))


def test_scrolling_up_loads_older_messages_and_keeps_the_place(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Long {anna.name}")
    anna.says(room, [f"message {index}" for index in range(130)])
    anna.page.reload()
    expect(anna.window.settled.last).to_contain_text("message 129")
    expect(anna.window.settled.last).to_be_in_viewport()
    scroller = anna.page.locator("#messages")
    for loaded, older in ((50, 100), (100, 130)):
        expect(anna.window.settled).to_have_count(loaded)
        read = f"message {130 - loaded + 3}"  # not the first, which may lose its heading
        # In one turn, before anything can have been loaded.
        before = scroller.evaluate(f"(box) => {{ box.scrollTop = 0; return ({TOP_OF})(['{read}']); }}")
        expect(anna.window.settled).to_have_count(older)
        assert abs(top(anna.window, read) - before) <= JUMP
    texts = anna.window.texts()
    assert texts == [f"message {index}" for index in range(130)]
    scroller.evaluate("(box) => { box.scrollTop = 0; }")
    expect(anna.page.get_by_text("This is where it began.")).to_be_visible()


def test_who_reads_above_is_not_moved_and_told_of_what_is_new(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Above {anna.name}")
    anna.says(room, [f"message {index}" for index in range(60)])
    anna.page.reload()
    expect(anna.window.settled.last).to_be_in_viewport()
    anna.page.locator("#messages").evaluate("(box) => { box.scrollTop -= 500; }")
    jump = anna.page.locator("#jump")
    expect(jump).to_be_visible()
    expect(jump).to_have_text("Newest messages")
    before = top(anna.window, "message 45")
    bert.as_program(lambda client: join_and_say(client, room, "news"))
    expect(jump).to_have_text("1 new message")
    assert abs(top(anna.window, "message 45") - before) <= JUMP
    anna.page.set_viewport_size({"width": 1280, "height": 600})
    jump.click()
    expect(anna.window.message("news")).to_be_in_viewport()
    expect(jump).to_be_hidden()


async def join_and_say(client: ParleyClient, room: int, text: str) -> None:
    client.http.join(room)
    await client.send(text, room=room).answer


def test_who_is_at_the_end_stays_there(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"End {anna.name}")
    anna.says(room, [f"message {index}" for index in range(40)])
    expect(anna.window.message("message 39")).to_be_in_viewport()
    anna.page.set_viewport_size({"width": 1000, "height": 400})
    expect(anna.window.message("message 39")).to_be_in_viewport()


def test_history_that_can_not_be_loaded_says_so_and_tries_again(people: People, stack: Stack) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Away {anna.name}")
    anna.says(room, [f"message {index}" for index in range(60)])
    anna.page.reload()
    expect(anna.window.settled.last).to_be_in_viewport()
    stack.supervisorctl("stop", "web")
    try:
        anna.page.locator("#messages").evaluate("(box) => { box.scrollTop = 0; }")
        expect(anna.page.get_by_text("Could not load older messages.")).to_be_visible()
        expect(anna.page.get_by_role("button", name="Retry")).to_be_visible()
        anna.window.room("general").click()
        anna.window.room("Away").click()
        expect(anna.window.message("message 59")).to_be_visible()
    finally:
        stack.supervisorctl("start", "web")
        stack.wait_until_well()
    expect(anna.window.settled).to_have_count(60)
    expect(anna.page.get_by_text("Could not load")).to_have_count(0)


def test_unread_counts_are_in_step_on_all_devices(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(bert.name)
    anna.window.say("one")
    anna.window.say("two")
    phone = bert.open_window("/rooms/1")
    badge = re.compile("^2")
    expect(bert.window.room(anna.name).locator(".badge")).to_have_text(badge)
    expect(phone.room(anna.name).locator(".badge")).to_have_text(badge)
    phone.page.bring_to_front()
    phone.room(anna.name).click()
    expect(phone.message("two")).to_be_visible()
    expect(bert.window.room(anna.name).locator(".badge")).to_have_count(0)
