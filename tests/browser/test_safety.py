"""What people write stays text, wherever it is shown; the page asks nobody but its own server.

Every test of this folder fails where a page reports a violated policy, an error, or a request to
another host (`people` in conftest).
"""

import re
from contextlib import closing

import pymysql
import pytest
from playwright.sync_api import Page, expect

from chatd.client import ParleyClient
from tests.browser.conftest import People
from tests.browser.test_history import join_and_say
from tests.system.stack import Stack

PAYLOADS = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror=window.hurt=1>",
    "<svg/onload=window.hurt=1>",
    "</script><script>window.hurt=1</script>",
    "<!--<script>",
    "javascript:window.hurt=1",
    "<a href='javascript:window.hurt=1'>x</a>",
    "\"'><b style=color:red>x</b>",
    "{{ 7*7 }} ${7*7} %(x)s {name}",
    'https://x.example/"onmouseover=window.hurt=1//',
    "https://x.example/<img/src/onerror=window.hurt=1>",
    "\u202egnp.exe \u2028 \u2029 &lt;b&gt;",
]
# Markdown that other renderers were hurt by. What is left of it to see stands beside it.
MARKDOWN = {
    "[x](javascript:window.hurt=1)": "[x](javascript:window.hurt=1)",
    "[x](JaVaScRiPt:window.hurt=1)": "[x](JaVaScRiPt:window.hurt=1)",
    "[x](data:text/html,<script>window.hurt=1</script>)": "[x](data:text/html,<script>window.hurt=1</script>)",
    "<javascript:window.hurt=1>": "<javascript:window.hurt=1>",
    "![x](https://x.example/x.png)": "!x",
    '![x](https://x.example/"onerror=window.hurt=1)': "!x",
    '[x](https://x.example/ "onmouseover=window.hurt=1")': "x",
    "**<img src=x onerror=window.hurt=1>**": "<img src=x onerror=window.hurt=1>",
    "`<img src=x onerror=window.hurt=1>`": "<img src=x onerror=window.hurt=1>",
    "```html\n<img src=x onerror=window.hurt=1>\n```": "<img src=x onerror=window.hurt=1>",
    '```"onclick=window.hurt=1\nx\n```': "x",
    "> <svg onload=window.hurt=1>": "<svg onload=window.hurt=1>",
    "- <details open ontoggle=window.hurt=1>": "<details open ontoggle=window.hurt=1>",
    '<https://x.example/"onmouseover=window.hurt=1>': 'https://x.example/"onmouseover=window.hurt=1',
}
NAMES = [
    "<img src=x onerror=hurt=1>",
    "<svg/onload=hurt=1>",
    "\"'><b onclick=hurt=1>",
]  # 32 characters of ASCII
NOTIFICATIONS = """window.Notification = class extends EventTarget {
    static permission = "granted";
    static async requestPermission() { return "granted"; }
    close() {}
};"""
# What a payload would leave in the page if it were ever taken for markup or for an address.
TRACES = """() => {
    const found = window.hurt === undefined ? [] : ["a script ran"];
    for (const element of document.querySelectorAll("*")) {
        for (const { name, value } of element.attributes) {
            const isCode = /^(href|src|action|formaction|xlink:href|srcdoc)$/.test(name)
                && /^\\s*(javascript|data|vbscript):/i.test(value);
            const isStyle = name === "style" && !/^(--[a-z]+|top|left):/.test(value); // the page's own
            if (name.startsWith("on") || isStyle || isCode) found.push(`${element.tagName} ${name}=${value}`);
        }
    }
    const strangers = "body script, body style, iframe, object, embed, base, details, body b, img:not([src^='/'])";
    return found.concat([...document.querySelectorAll(strangers)].map((element) => element.outerHTML));
}"""


def traces(page: Page) -> list[str]:
    return list(page.evaluate(TRACES))


def test_payloads_in_messages_are_shown_as_text(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Payloads {anna.name}")
    anna.window.say(PAYLOADS[0])
    anna.says(room, PAYLOADS[1:])
    expect(anna.window.settled).to_have_count(len(PAYLOADS))
    assert anna.window.texts() == PAYLOADS
    anna.page.reload()
    expect(anna.window.settled).to_have_count(len(PAYLOADS))
    assert anna.window.texts() == PAYLOADS
    for link in anna.page.locator("#message-list .message-text a").all():
        assert (link.get_attribute("href") or "").startswith("https://x.example/")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    assert traces(anna.page) == []


def test_payloads_in_markdown_do_nothing(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Markdown {anna.name}")
    anna.says(room, list(MARKDOWN))
    expect(anna.window.settled).to_have_count(len(MARKDOWN))
    assert anna.window.texts() == list(MARKDOWN.values())
    expect(
        anna.page.locator("#message-list .code-block .code-tag").first
    ).to_be_visible()  # it is coloured by now
    assert anna.window.texts() == list(MARKDOWN.values())
    messages = anna.page.locator("#message-list .message-text")
    assert (
        messages.locator(
            "img, svg:not(.icon), script, details, iframe, [onclick], [onerror], [onmouseover]"
        ).count()
        == 0
    )
    for link in messages.locator("a").all():
        assert (link.get_attribute("href") or "").startswith("https://x.example/")
        link.hover()
    assert traces(anna.page) == []


def test_payloads_in_answers_reactions_and_announcements_are_shown_as_text(people: People) -> None:
    """A quote, the bar above the message field, the field of an edit, and what a screen reader is told."""
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Answers {anna.name}")
    bert.as_program(lambda client: join_and_say(client, room, "I am here"))
    bert.page.goto(f"/rooms/{room}")
    expect(bert.window.settled).to_have_count(1)
    anna.as_program(lambda client: say_and_answer(client, room, PAYLOADS))
    for window in (anna.window, bert.window):
        expect(window.settled).to_have_count(1 + 2 * len(PAYLOADS))
        quotes = window.page.locator("#message-list .quote-text")
        expect(quotes).to_have_count(len(PAYLOADS))
        expect(quotes.first).to_have_text(PAYLOADS[0])
    expect(bert.page.get_by_role("log")).to_contain_text(PAYLOADS[-1][:8])
    anna.window.react("I am here", "tada")
    for action in ("Reply", "Edit"):
        message = anna.page.locator('.message[data-number="2"]')
        message.hover()
        message.locator(".message-actions").get_by_role("button", name=action, exact=True).click()
        assert traces(anna.page) == []
    expect(anna.page.locator("#reply-about")).to_contain_text(PAYLOADS[0])
    expect(anna.page.get_by_label("Edit message")).to_have_value(PAYLOADS[0])
    assert traces(anna.page) == traces(bert.page) == []


async def say_and_answer(client: ParleyClient, room: int, texts: list[str]) -> None:
    for text in texts:
        number = (await client.send(text, room=room).answer).number
        await client.send(f"@{client.name} {text}", room=room, reply_to=number).answer


def test_payloads_in_names_and_topics_of_rooms_are_shown_as_text(people: People) -> None:
    """Wherever a room is named: the list, the heading, the title, all rooms, the switcher, what asks and what tells."""
    anna, bert = people("anna"), people("bert")
    for payload in (text for text in PAYLOADS if len(text) <= 40 and text.isprintable()):
        name = f"{payload} {anna.name[-6:]}"
        room = anna.window.create_room(name)
        set_topic(anna.page, room, name, payload)
        expect(anna.window.room(name)).to_have_count(1)
        expect(anna.page).to_have_title(f"{name} · Parley")
        bert.as_program(lambda client, room=room: join_and_say(client, room, "hello"))  # type: ignore[misc]
        bert.page.goto(f"/rooms/{room}")
        expect(bert.window.title).to_have_text(name)
        expect(bert.page.locator("#conversation-about")).to_have_text(payload)
        bert.page.keyboard.press("Control+k")
        bert.page.keyboard.type(name)
        expect(bert.page.get_by_role("option").first).to_contain_text(name)
        bert.page.keyboard.press("Escape")
        leave(bert.page, name, payload)
        bert.page.get_by_role("button", name="All rooms").click()
        expect(bert.page.locator("#browse-list").get_by_text(name, exact=True)).to_be_visible()
        assert traces(bert.page) == []
        bert.page.keyboard.press("Escape")
    anna.page.reload()
    anna.window.ready()
    assert traces(anna.page) == []


def set_topic(page: Page, room: int, name: str, topic: str) -> None:
    status = page.evaluate(
        """async ([path, name, topic]) => {
            const { csrf } = JSON.parse(document.getElementById("boot").textContent);
            const body = new URLSearchParams({ name, topic });
            return (await fetch(path, { method: "POST", body, headers: { "X-CSRFToken": csrf } })).status;
        }""",
        [f"/api/rooms/{room}", name, topic],
    )
    assert status == 200


def leave(page: Page, name: str, topic: str) -> None:
    page.get_by_role("button", name="About this conversation").click()
    expect(page.locator("#details-title")).to_have_text(name)
    expect(page.locator("#details-topic")).to_have_text(topic)
    assert traces(page) == []
    page.get_by_role("button", name="Leave").click()
    expect(page.locator("#confirm-dialog")).to_contain_text(name)
    assert traces(page) == []
    page.locator("#confirm-yes").click()
    expect(page.locator("#conversation-title")).to_have_text("general")


@pytest.mark.parametrize("payload", NAMES)
def test_payloads_in_names_of_people_are_shown_as_text(people: People, stack: Stack, payload: str) -> None:
    """Nobody can register with such a name; one that got into the database all the same stays text everywhere."""
    anna, mallory = people("anna"), people("mal")
    anna.page.add_init_script(NOTIFICATIONS)
    room = anna.window.create_room(f"Names {anna.name}")
    mallory.as_program(lambda client: join_and_say(client, room, "before"))
    name = payload + mallory.name[-6:]
    rename(stack, mallory.name, name)
    mallory.page.goto(f"/rooms/{room}")
    mallory.window.ready()
    anna.page.reload()
    anna.window.ready()
    mallory.window.say(f"@{anna.name} hello")
    expect(mallory.window.settled).to_have_count(2)
    expect(anna.window.settled.first.locator(".message-author")).to_have_text(name)
    expect(anna.window.settled).to_have_count(2)
    expect(anna.page.get_by_role("log")).to_contain_text(name)
    mallory.window.composer.press_sequentially("I ")
    expect(anna.page.locator("#typing")).to_contain_text(name)
    anna.page.get_by_role("button", name="2 members").click()
    expect(anna.page.locator("#members-list")).to_contain_text(name)
    assert traces(anna.page) == []
    anna.page.keyboard.press("Escape")
    mallory.window.act("hello", "Reply")
    mallory.window.say("an answer to oneself")
    mallory.window.react("before", "tada")
    expect(anna.page.locator(".quote-author")).to_have_text(name)
    expect(anna.page.locator(".reaction")).to_have_attribute("aria-label", re.compile(re.escape(name)))
    anna.page.locator(".reactions").get_by_role("button", name="Who reacted").click()
    expect(anna.page.locator("#reactors")).to_contain_text(name)
    anna.page.keyboard.press("Escape")
    anna.window.composer.press_sequentially(f"@{name[:1]}")
    assert traces(anna.page) == []
    anna.window.composer.fill("")
    anna.window.room("general").click()
    mallory.window.open_direct(anna.name)
    mallory.window.say("psst")
    expect(anna.page.locator("#direct-list")).to_contain_text(name)
    anna.page.locator("#direct-list .list-item").click()
    expect(anna.window.title).to_have_text(name)
    anna.page.keyboard.press("Control+k")
    assert traces(anna.page) == traces(mallory.page) == []


def rename(stack: Stack, name: str, to: str) -> None:
    with closing(pymysql.connect(**stack.settings.database_address(), autocommit=True)) as connection:
        connection.cursor().execute("UPDATE users SET name = %s WHERE name = %s", (to, name))


def test_payloads_in_forms_are_shown_as_text(people: People) -> None:
    page = people("nobody", registered=False).page
    for payload in PAYLOADS[:4]:
        page.goto("/register")
        page.get_by_label("User name").evaluate("(input, text) => { input.value = text; }", payload)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_label("User name")).to_have_value(payload)
    page.goto("/sign-in?next=javascript:window.hurt=1")
    assert traces(page) == []


def test_a_foreign_page_in_the_address_of_sign_in_is_not_gone_to(people: People) -> None:
    anna = people("anna")
    anna.sign_out()
    anna.page.goto("/sign-in?next=https://evil.example/")
    anna.sign_in()
    anna.page.wait_for_url("**/rooms/1")
