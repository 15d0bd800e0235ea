"""The first load is small, and what is not needed for it comes later."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import People

MOST_BYTES = (
    150_000  # as compressed on the wire, without the HTTP headers; everything that the page needs to be used
)
SIZE = """performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)"""
# Files by their names under /static/VERSION/, and how much each brought over the wire: nothing where the browser had it.
LOADED = """performance.getEntriesByType("resource").flatMap(({ name, transferSize }) => {
    const [, file] = new URL(name).pathname.match(RegExp("^/static/[0-9a-f]{12}/(.+)$")) ?? [];
    return file ? [[file, transferSize]] : [];
})"""


def loaded(page: Page) -> dict[str, int]:
    """The files that the page has loaded so far."""
    return dict(page.evaluate(LOADED))


def test_the_first_load_is_small_and_libraries_come_when_they_are_needed(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Later {anna.name}")  # where nobody has written code yet
    anna.page.goto(f"/rooms/{room}")
    expect(anna.window.composer).to_be_focused()
    anna.window.say("Everything that shows a message is here")
    anna.page.goto(f"/rooms/{room}")
    expect(anna.page.locator(".message")).to_have_count(1)
    assert {"vendor/markdown-it.js", "js/message-row.js"} <= set(loaded(anna.page))
    assert 0 < anna.page.evaluate(SIZE) < MOST_BYTES
    later = {"vendor/highlight.js", "vendor/emoji.js", "js/emoji-picker.js"}
    assert later.isdisjoint(loaded(anna.page))
    anna.window.composer.press_sequentially(":tada")
    expect(anna.page.get_by_role("option").first).to_be_visible()
    anna.window.say("```js\nconst x = 1;\n```")
    expect(anna.page.locator(".code-keyword")).to_have_text("const")
    anna.page.locator("#browse-rooms").click()
    expect(anna.page.locator("#browse-dialog")).to_be_visible()
    assert later <= set(loaded(anna.page))


def test_a_second_visit_asks_for_no_file_again(people: People) -> None:
    anna = people("anna")
    assert min(loaded(anna.page).values()) > 0
    anna.page.goto("/rooms/1")
    anna.window.ready()
    again = loaded(anna.page)
    assert len(again) > 90
    assert {file for file, size in again.items() if size} == set()


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
    expect(anna.page.locator("#notice-text")).to_have_text(
        "This could not be loaded. Try again shortly, or load the page anew."
    )
    anna.page.unroute("**/js/panels.js*")
    anna.page.locator("#open-settings").click()
    expect(anna.page.locator("#settings-dialog")).to_be_visible()
