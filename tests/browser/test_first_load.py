"""The first load is small, and what is not needed for it comes later."""

from playwright.sync_api import expect

from tests.browser.conftest import People

MOST_BYTES = (
    150_000  # as compressed on the wire, without the HTTP headers; everything that the page needs to be used
)
SIZE = """performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
LOADED = """performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)"""


def test_the_first_load_is_small_and_libraries_come_when_they_are_needed(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Later {anna.name}")  # where nobody has written code yet
    anna.page.goto(f"/rooms/{room}")
    expect(anna.window.composer).to_be_focused()
    anna.window.say("Everything that shows a message is here")
    anna.page.goto(f"/rooms/{room}")
    expect(anna.page.locator(".message")).to_have_count(1)
    loaded = anna.page.evaluate(LOADED)
    assert {"/static/vendor/markdown-it.js", "/static/js/message-row.js"} <= set(loaded)
    assert 0 < anna.page.evaluate(SIZE) < MOST_BYTES
    later = {"/static/vendor/highlight.js", "/static/vendor/emoji.js", "/static/js/emoji-picker.js"}
    assert later.isdisjoint(anna.page.evaluate(LOADED))
    anna.window.composer.press_sequentially(":tada")
    expect(anna.page.get_by_role("option").first).to_be_visible()
    anna.window.say("```js\nconst x = 1;\n```")
    expect(anna.page.locator(".code-keyword")).to_have_text("const")
    anna.page.locator("#browse-rooms").click()
    expect(anna.page.locator("#browse-dialog")).to_be_visible()
    assert later <= set(anna.page.evaluate(LOADED))


def test_what_opens_over_the_page_says_that_it_could_not_be_loaded(people: People) -> None:
    anna = people("anna")
    anna.page.route("**/js/panels.js*", lambda route: route.abort())
    anna.page.clock.install()
    anna.page.goto("/rooms/1")
    expect(anna.window.composer).to_be_focused()
    anna.page.locator("#open-settings").click()
    expect(anna.page.locator("#notice-text")).to_be_empty()
    for _ in range(4):
        anna.page.clock.run_for(8000)
    expect(anna.page.locator("#notice-text")).to_have_text("This could not be loaded. Try again shortly.")
    anna.page.unroute("**/js/panels.js*")
    anna.page.locator("#open-settings").click()
    expect(anna.page.locator("#settings-dialog")).to_be_visible()
