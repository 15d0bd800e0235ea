"""What a screen reader is told: each new message once, and nothing that is not new.

What the log region says is recorded from the moment the page is there, also what it has dropped since.
"""

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import Person
from tests.browser.test_history import join_and_say

RECORD = """addEventListener("DOMContentLoaded", () => {
    window.announced = [];
    const told = (changes) => changes.forEach(({ type, target, addedNodes }) => {
        if (type === "characterData") announced.push(target.textContent);
        else addedNodes.forEach((node) => announced.push(node.textContent));
    });
    new MutationObserver(told).observe(document.querySelector("[role=log]"),
        { childList: true, subtree: true, characterData: true });
});"""
# What else speaks by itself (WAI-ARIA 1.2, 6.6.2), and has something to say.
OTHERS = """[...document.querySelectorAll("[aria-live]:not([aria-live=off]), [role=status], [role=alert]")]
    .filter((region) => region.getAttribute("role") !== "log").map((region) => region.textContent).join(" ")"""
EARLIER = 60  # messages: more than are loaded at first


class Ear:
    """A tab in a room, whose announcements are recorded, and what they should be."""

    def __init__(self, person: Person, room: int) -> None:
        self.window = person.open_window()
        self.page = self.window.page
        self.page.add_init_script(RECORD)
        self.page.goto(f"/rooms/{room}")
        self.window.ready()
        self.expected: list[str] = []

    def announced(self) -> list[str]:
        return list(self.page.evaluate("window.announced"))

    def hears(self, speaker: Person, text: str) -> None:
        """Somebody says it, and it is announced."""
        speaker.window.say(text)
        self.told(speaker, text)

    def told(self, speaker: Person, text: str) -> None:
        """Wait until it is announced."""
        self.expected.append(f"{speaker.name}: {text}")
        self.window.until(lambda: self.expected[-1] in self.announced())


def test_each_new_message_is_announced_once_and_nothing_else(people: People, network: Network) -> None:
    anna, bert = people("anna"), people("bert", network=network)
    room = anna.window.create_room(f"Heard {anna.name}")
    anna.says(room, [f"earlier {index}" for index in range(EARLIER)])
    bert.as_program(lambda client: join_and_say(client, room, "I am here"))
    ear = Ear(bert, room)
    expect(ear.window.settled.last).to_contain_text("I am here")
    expect(anna.window.settled.last).to_contain_text("I am here")

    ear.hears(anna, "good morning")
    read_what_was_earlier(ear)
    ear.hears(anna, "after older pages")
    say_something(ear)
    ear.hears(anna, "after a message of one's own")
    change_what_was_said(anna, ear)
    ear.hears(anna, "after changes")
    be_away(anna, bert, ear, network)
    ear.hears(anna, "the end")
    assert ear.announced() == ear.expected
    assert "the end" not in ear.page.evaluate(OTHERS)


def read_what_was_earlier(ear: Ear) -> None:
    """Pages of history are nothing new, nor are the newest ones that come again when one goes back to them."""
    assert "earlier 0" in ear.window.whole_log()
    ear.page.keyboard.press("Escape")
    expect(ear.window.message("good morning")).to_be_in_viewport()


def say_something(ear: Ear) -> None:
    """One's own is nothing new, while it is pending, sent, or in the log."""
    ear.window.say("my own words")
    expect(ear.window.settled.filter(has_text="my own words")).to_be_visible()


def change_what_was_said(anna: Person, ear: Ear) -> None:
    """Edits, reactions and deletions are nothing new."""
    ear.hears(anna, "with a mistace")
    ear.hears(anna, "soon gone")
    expect(anna.window.settled.filter(has_text="soon gone")).to_be_visible()
    anna.window.act("with a mistace", "Edit")
    anna.page.get_by_label("Edit message").fill("with a mistake")
    anna.page.get_by_label("Edit message").press("Enter")
    anna.window.react("my own words", "tada")
    anna.window.act("soon gone", "Delete")
    anna.page.locator("#confirm-yes").click()
    expect(ear.window.message("with a mistake")).to_contain_text("edited")
    expect(ear.window.message("my own words").locator(".reaction")).to_have_count(1)
    expect(ear.page.locator(".message-gone")).to_have_count(1)


def be_away(anna: Person, bert: Person, ear: Ear, network: Network) -> None:
    """What came meanwhile is new when one is back; what was there before is not."""
    network.down()
    expect(ear.page.get_by_role("status").filter(has_text="Connection lost")).to_be_visible()
    anna.window.say("while you were away")
    expect(anna.window.settled.last).to_contain_text("while you were away")
    network.up()
    ear.told(anna, "while you were away")


def test_a_message_that_calls_one_says_so(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    ear = Ear(bert, 1)
    expect(ear.window.composer).to_be_focused()
    anna.window.say(f"@{bert.name} look")
    ear.window.until(lambda: f"{anna.name} calls you: @{bert.name} look" in ear.announced())
    assert len(ear.announced()) == 1


def test_what_is_said_elsewhere_is_not_announced_here(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Here {anna.name}")
    bert.as_program(lambda client: join_and_say(client, room, "I am here"))
    ear = Ear(bert, room)
    expect(ear.window.settled.last).to_contain_text("I am here")
    anna.window.open_direct(bert.name)
    anna.window.say("elsewhere")
    expect(ear.window.room(anna.name).locator(".badge")).to_be_visible()
    anna.window.go_to(f"Here {anna.name}")
    ear.hears(anna, "here")
    assert ear.announced() == ear.expected
