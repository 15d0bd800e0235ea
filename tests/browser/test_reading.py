"""Reading: what is new, permalinks, a bounded page, and finding one's way."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.person import Window
from tests.browser.test_history import join_and_say

ROWS_MOST = 200  # row-window.js


def scroll(window: Window, to: str) -> None:
    window.page.locator("#messages").evaluate(f"(box) => {{ box.scrollTop = {to}; }}")


def test_the_line_parts_what_one_has_read_from_what_is_new(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(bert.name)
    anna.window.say("read already")
    bert.window.room(anna.name).click()
    expect(bert.window.message("read already")).to_be_visible()
    expect(bert.window.room(anna.name).locator(".badge")).to_have_count(0)
    bert.window.room("general").click()
    anna.window.say("first new")
    anna.window.say("second new")
    expect(bert.window.room(anna.name).locator(".badge")).to_contain_text("2")
    bert.window.room(anna.name).click()
    line = bert.page.locator(".unread-line")
    expect(line).to_have_count(1)
    expect(line.locator("+ .message")).to_contain_text("first new")
    expect(line.locator("+ .message .message-author")).to_have_text(anna.name)
    bert.window.say("an answer")
    expect(line).to_have_count(0)
    expect(anna.page.locator(".unread-line")).to_have_count(0)


def test_a_conversation_with_much_that_is_new_opens_there(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Much {anna.name}")
    bert.as_program(lambda client: join_and_say(client, room, "the first"))
    expect(anna.window.settled).to_have_count(1)
    anna.window.say("seen it")
    expect(anna.window.settled).to_have_count(2)
    anna.window.room("general").click()
    bert.says(room, [f"new {index}" for index in range(40)])
    expect(anna.window.room("Much").locator(".badge")).to_contain_text("40")
    anna.window.room("Much").click()
    expect(anna.page.locator(".unread-line")).to_be_in_viewport()
    expect(anna.window.message("new 39")).not_to_be_in_viewport()
    expect(anna.window.room("Much").locator(".badge")).to_contain_text("40")
    anna.page.locator("#jump").click()
    expect(anna.window.message("new 39")).to_be_in_viewport()
    expect(anna.window.room("Much").locator(".badge")).to_have_count(0)


def test_a_permalink_opens_the_room_at_its_message(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Link {anna.name}")
    anna.says(room, [f"message {index}" for index in range(130)])
    anna.page.goto(f"/rooms/{room}#5")
    sought = anna.page.locator('.message[data-number="5"]')
    expect(sought).to_be_in_viewport()
    expect(sought).to_contain_text("message 4")
    expect(sought).to_be_focused()
    expect(anna.window.message("message 129")).not_to_be_in_viewport()
    anna.page.keyboard.press("Escape")
    expect(anna.window.message("message 129")).to_be_in_viewport()
    expect(anna.window.composer).to_be_focused()
    anna.window.message("message 129").locator("a.message-time").click()
    expect(anna.page).to_have_url(re.compile(r"/rooms/\d+#130$"))
    anna.page.go_back()
    expect(sought).to_be_in_viewport()


def test_the_link_of_a_message_is_copied(people: People) -> None:
    anna = people("anna", permissions=["clipboard-read", "clipboard-write"])
    room = anna.window.create_room(f"Copy {anna.name}")
    anna.window.say("look here")
    expect(anna.window.settled).to_have_count(1)
    anna.window.message("look here").hover()
    anna.page.get_by_role("button", name="Copy link").click()
    expect(anna.page.get_by_text("The link is copied.")).to_be_visible()
    assert anna.page.evaluate("navigator.clipboard.readText()") == f"{anna.stack.url}/rooms/{room}#1"


def test_code_is_coloured_and_copied(people: People) -> None:
    anna = people("anna", permissions=["clipboard-read", "clipboard-write"])
    anna.window.create_room(f"Code {anna.name}")
    anna.window.say("```python\ndef f():\n    return '<b>'\n```")
    expect(anna.page.locator(".code-block .code-keyword").first).to_have_text("def")
    anna.page.get_by_role("button", name="Copy code").click()
    expect(anna.page.get_by_role("button", name="Copied")).to_be_visible()
    assert anna.page.evaluate("navigator.clipboard.readText()") == "def f():\n    return '<b>'"


def test_a_long_conversation_keeps_a_bounded_page_without_holes(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Bounded {anna.name}")
    total = 320
    anna.says(room, [f"message {index}" for index in range(total)])
    anna.page.reload()
    expect(anna.window.settled.last).to_contain_text(f"message {total - 1}")
    first = anna.page.locator('.message[data-number="1"]')
    begun = "scrollTop > 600 || document.querySelector('.message[data-number=\"1\"]')"
    while not first.count():
        scroll(anna.window, "0")
        anna.window.until(lambda: anna.page.evaluate(f"Boolean(document.querySelector('#messages').{begun})"))
        assert anna.window.settled.count() <= ROWS_MOST
    expect(first).to_be_attached()
    last = anna.page.locator(f'.message[data-number="{total}"]')
    expect(last).to_have_count(0)
    expect(anna.page.locator("#jump")).to_be_visible()
    seen: set[str] = set()
    while not last.count():
        seen.update(anna.window.texts())
        scroll(anna.window, "box.scrollHeight")
        anna.page.evaluate("new Promise(requestAnimationFrame)")
        assert anna.window.settled.count() <= ROWS_MOST
    seen.update(anna.window.texts())
    assert seen == {f"message {index}" for index in range(total)}
    anna.page.locator("#messages").evaluate("(box) => { box.scrollTop = box.scrollHeight; }")
    expect(anna.page.locator("#jump")).to_be_hidden()


def test_the_title_and_the_icon_tell_of_what_is_unread(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    icon = bert.page.locator('link[rel="icon"]')
    anna.window.open_direct(bert.name)
    expect(icon).to_have_attribute("href", re.compile(r"favicon\.svg"))
    anna.window.say("psst")
    expect(bert.page).to_have_title(re.compile(r"^\(1\) "))
    expect(icon).to_have_attribute("href", re.compile(r"favicon-call\.svg"))
    bert.window.room(anna.name).click()
    expect(bert.page).to_have_title(f"{anna.name} · Parley")
    expect(icon).to_have_attribute("href", re.compile(r"favicon\.svg"))


def test_the_theme_can_be_chosen_and_is_kept(people: People) -> None:
    anna = people("anna", color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = anna.page.evaluate(ground)
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_label("Dark").check()
    anna.window.until(lambda: anna.page.evaluate(ground) != light)
    dark = anna.page.evaluate(ground)
    anna.page.goto("/account")
    assert anna.page.evaluate(ground) == dark
    anna.page.goto("/rooms/1")
    anna.window.ready()
    assert anna.page.evaluate(ground) == dark
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_label("System").check()
    anna.window.until(lambda: anna.page.evaluate(ground) == light)


def test_notifications_are_asked_for_on_a_click_and_tell_of_direct_messages(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.page.add_init_script("""
        window.asked = 0; window.called = [];
        window.Notification = class extends EventTarget {
            static permission = "default";
            static async requestPermission() { window.asked += 1; return (this.permission = "granted"); }
            constructor(title, about) { super(); window.called.push([title, about.body]); window.icon = about.icon; }
            close() {}
        };""")
    anna.page.reload()
    anna.window.ready()
    assert anna.page.evaluate("window.asked") == 0
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_role("button", name="Turn on notifications").click()
    expect(anna.page.get_by_role("button", name="Turn off notifications")).to_be_visible()
    assert anna.page.evaluate("window.asked") == 1
    anna.page.keyboard.press("Escape")
    bert.window.say("nobody in particular")
    bert.window.open_direct(anna.name)
    bert.window.say("**psst**")
    expect(anna.window.room(bert.name).locator(".badge")).to_be_visible()
    anna.window.until(lambda: anna.page.evaluate("window.called.length") > 0)
    bert.window.say("**and** more")
    anna.window.until(lambda: anna.page.evaluate("window.called.length") > 1)
    assert anna.page.evaluate("window.called") == [
        [bert.name, "New direct message"],
        [bert.name, "and more"],
    ]
    assert anna.page.request.get(anna.page.evaluate("window.icon")).headers["content-type"] == "image/png"
    anna.page.get_by_role("button", name="Settings").click()
    anna.page.get_by_role("button", name="Turn off notifications").click()
    bert.window.say("again")
    expect(anna.window.room(bert.name).locator(".badge")).to_contain_text("3")
    assert len(anna.page.evaluate("window.called")) == 2
