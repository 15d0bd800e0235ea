"""What people write stays text, wherever it is shown; the page asks nobody but its own server.

Every test of this folder fails where a page reports a violated policy, an error, or a request to
another host (`people` in conftest).
"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import People

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
    assert anna.page.evaluate("window.hurt") is None


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
    assert anna.page.evaluate("window.hurt") is None


@pytest.mark.parametrize("payload", [text for text in PAYLOADS if len(text) <= 40 and text.isprintable()])
def test_payloads_in_room_names_are_shown_as_text(people: People, payload: str) -> None:
    anna = people("anna")
    anna.window.ready()
    name = " ".join(f"{payload} {anna.name[-6:]}".split())
    anna.page.get_by_role("button", name="Create a room").click()
    dialog = anna.page.locator("#create-dialog")
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_role("button", name="Create room").click()
    expect(dialog).to_be_hidden()
    expect(anna.window.title).to_have_text(name)
    anna.page.reload()
    anna.window.ready()
    expect(anna.window.title).to_have_text(name)
    anna.page.get_by_role("button", name="All rooms").click()
    expect(anna.page.locator("#browse-list").get_by_text(name, exact=True)).to_be_visible()
    assert anna.page.evaluate("window.hurt") is None


def test_payloads_in_forms_are_shown_as_text(people: People) -> None:
    page = people("nobody", registered=False).page
    for payload in PAYLOADS[:4]:
        page.goto("/register")
        page.get_by_label("User name").evaluate("(input, text) => { input.value = text; }", payload)
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_label("User name")).to_have_value(payload)
    page.goto("/sign-in?next=javascript:window.hurt=1")
    assert page.evaluate("window.hurt") is None


def test_a_foreign_page_in_the_address_of_sign_in_is_not_gone_to(people: People) -> None:
    anna = people("anna")
    anna.sign_out()
    anna.page.goto("/sign-in?next=https://evil.example/")
    anna.sign_in()
    anna.page.wait_for_url("**/rooms/1")
