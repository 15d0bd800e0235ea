"""axe-core finds nothing to complain of, in any state of the page, in either theme.

Each state is a function of its own that leads there and waits until it is populated; one that can not be
reached fails.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import complaints
from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import Person
from tests.browser.test_history import join_and_say
from tests.browser.test_layout import PHONE
from tests.browser.test_levels import set_level

RICH = """**Bold**, *italic*, ~~struck~~, `code`, https://example.org and [a link](https://example.org/x)

> a quote

- one
1. two

```python
def f(x):  # comment
    return "text" + str(42)
```"""
LONG = "\n".join(f"line {number} of a log" for number in range(12))
PASTE = """(field, text) => { const data = new DataTransfer(); data.setData("text/plain", text);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
    field.setRangeText(text, 0, 0, "end"); }"""
KEYS = (
    """(field) => setInterval(() => field.dispatchEvent(new InputEvent("input", { bubbles: true })), 1000)"""
)


# -- the states of a conversation, in an order in which one leads to the next


def empty_room(anna: Person) -> None:
    anna.window.create_room(f"Empty {anna.name}")
    expect(anna.page.get_by_text("This room is empty.")).to_be_visible()


def messages_of_every_kind(anna: Person) -> None:
    anna.window.say(RICH)
    anna.window.say("to be deleted")
    expect(anna.window.settled).to_have_count(2)
    anna.window.message("to be deleted").hover()
    anna.window.message("to be deleted").get_by_role("button", name="Delete").click()
    anna.page.locator("#confirm-yes").click()
    expect(anna.page.locator(".message-gone")).to_be_visible()
    anna.window.say("to be mended")
    expect(anna.window.settled.last).to_contain_text(
        "to be mended"
    )  # one that is under way can not be edited yet
    anna.window.composer.press("ArrowUp")
    anna.page.get_by_label("Edit message").fill("mended")
    anna.page.get_by_label("Edit message").press("Enter")
    expect(anna.page.get_by_text("edited", exact=True)).to_be_visible()
    anna.window.say("🎉")
    expect(anna.window.settled.last.locator(".is-jumbo")).to_be_visible()
    expect(anna.page.locator(".code-keyword").first).to_be_visible()


def message_with_the_focus(anna: Person) -> None:
    anna.page.locator("#messages").focus()
    anna.page.keyboard.press("ArrowUp")
    anna.page.keyboard.press("Tab")
    expect(anna.page.locator(".message.is-active .message-actions")).to_be_visible()


def reply_begun(anna: Person) -> None:
    anna.page.locator("#messages").focus()
    anna.page.keyboard.press("ArrowUp")
    anna.page.keyboard.press("r")
    expect(anna.page.locator("#reply-bar")).to_be_visible()


def quote(anna: Person) -> None:
    anna.window.say("an answer")
    expect(anna.window.settled.last.locator(".quote")).to_contain_text(anna.name)


def emoji_picker(anna: Person) -> None:
    anna.window.settled.last.hover()
    anna.window.settled.last.locator("[data-action=react]").click()
    expect(anna.page.locator(".picker-title")).to_have_count(10)


def emoji_found(anna: Person) -> None:
    anna.page.keyboard.type("heart")
    expect(anna.page.locator(".picker-title")).to_have_text("Found")


def reactions(anna: Person) -> None:
    anna.page.keyboard.press("Enter")
    anna.page.locator(".reaction").hover()
    expect(anna.page.locator("#tooltip")).to_be_visible()


def who_reacted(anna: Person) -> None:
    anna.page.get_by_role("button", name="Who reacted").click()
    expect(anna.page.locator(".reactor")).to_contain_text(anna.name)


def editing(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.window.composer.press("ArrowUp")
    expect(anna.page.get_by_label("Edit message")).to_be_focused()


def emoji_completion(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.window.composer.press_sequentially(":smil")
    expect(anna.page.get_by_role("option").first).to_be_visible()


def people_completion(anna: Person) -> None:
    anna.window.composer.fill("")
    anna.window.composer.press_sequentially("@")
    expect(anna.page.get_by_role("option", name="@room")).to_be_visible()


def paste_offer(anna: Person) -> None:
    anna.window.composer.fill("")
    anna.window.composer.evaluate(PASTE, LONG)
    expect(anna.page.locator("#paste-offer")).to_be_visible()


def too_long(anna: Person) -> None:
    anna.window.composer.fill("x" * 10_001)
    expect(anna.page.locator("#composer-counter")).to_have_text("1 character too long")


def switcher(anna: Person) -> None:
    anna.window.composer.fill("")
    anna.page.keyboard.press("Control+k")
    anna.page.keyboard.type("gen")
    expect(anna.page.locator("#switcher-list [role=option]").first).to_have_attribute("aria-selected", "true")


def help_sheet(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.page.keyboard.press("Control+/")
    expect(anna.page.locator("#help-dialog")).to_be_visible()


def settings(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("button", name="Settings").click()
    expect(anna.page.get_by_text("Theme")).to_be_visible()
    expect(anna.page.locator("#notify-about")).not_to_be_empty()


def all_rooms(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("button", name="All rooms").click()
    expect(anna.page.locator(".browse-item").first).to_be_visible()


def unknown_person(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.window.ask_for("nobody_here")
    expect(anna.page.get_by_text("Nobody here is called")).to_be_visible()


def members(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("button", name="1 member").click()
    expect(anna.page.locator(".member")).to_contain_text([f"{anna.name}ownerOnline"])


def members_none_found(anna: Person) -> None:
    anna.page.get_by_label("Find a member").fill("nobody_here")
    expect(anna.page.get_by_text("Nobody here is called so.")).to_be_visible()


def details_of_an_owner(anna: Person) -> None:
    anna.page.locator("#members-dialog").get_by_role("button", name="Close").click()
    about(anna)
    expect(anna.page.locator("#details-form")).to_be_visible()


def details_refused(anna: Person) -> None:
    anna.page.locator("#details-name").fill("general")
    anna.page.get_by_role("button", name="Save").click()
    expect(anna.page.locator("#details-fault")).not_to_be_empty()


def confirmation(anna: Person) -> None:
    anna.page.get_by_role("button", name="Leave").click()
    expect(anna.page.locator("#confirm-dialog")).to_be_visible()


def about(anna: Person) -> None:
    anna.page.get_by_role("button", name="About this conversation").click()
    expect(anna.page.locator("#details-dialog")).to_be_visible()


def notes_and_a_notice(anna: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.window.open_direct(anna.name)
    anna.window.say("a note")
    expect(anna.window.settled).to_have_count(1)
    anna.page.evaluate("location.hash = '#999'")
    expect(anna.page.get_by_text("There is no such message")).to_be_visible()


def account(anna: Person) -> None:
    anna.page.goto("/account")
    expect(anna.page.get_by_role("main")).to_be_visible()


def not_found(anna: Person) -> None:
    anna.page.goto("/nothing")
    expect(anna.page.get_by_role("main")).to_be_visible()


STATES: tuple[Callable[[Person], None], ...] = (
    empty_room, messages_of_every_kind, message_with_the_focus, reply_begun, quote, emoji_picker, emoji_found,
    reactions, who_reacted, editing, emoji_completion, people_completion, paste_offer, too_long,
    switcher, help_sheet, settings, all_rooms, unknown_person, members, members_none_found, details_of_an_owner,
    details_refused, confirmation, notes_and_a_notice, account, not_found,
)  # fmt: skip


# -- the states that take another


def direct_message_that_is_seen(anna: Person, bert: Person) -> None:
    anna.window.open_direct(bert.name)
    anna.window.say("hello")
    bert.window.go_to(anna.name)
    expect(anna.window.message("hello").get_by_text("Seen", exact=True)).to_be_visible()


def other_is_online(anna: Person, bert: Person) -> None:
    expect(anna.window.room(bert.name).locator(".presence.is-online")).to_be_visible()


def other_is_writing(anna: Person, bert: Person) -> None:
    """For as long as the page is looked at: each key is forgotten after a few seconds."""
    bert.window.composer.fill("I ")
    bert.window.composer.evaluate(KEYS)
    expect(anna.page.locator("#typing")).to_have_text(f"{bert.name} is writing…")


def details_of_a_direct_conversation(anna: Person, bert: Person) -> None:
    bert.window.composer.fill("")
    about(anna)
    expect(anna.page.locator("#details-title")).to_have_text(bert.name)
    expect(anna.page.locator("#leave")).to_be_hidden()


def details_of_a_member(anna: Person, bert: Person) -> None:
    anna.page.keyboard.press("Escape")
    room = bert.window.create_room(f"Room for {anna.name}")
    anna.as_program(lambda client: join_and_say(client, room, "may I?"))
    anna.window.go_to(f"Room for {anna.name}")
    about(anna)
    expect(anna.page.locator("#leave")).to_be_visible()
    expect(anna.page.locator("#details-form")).to_be_hidden()


def members_and_how_they_are(anna: Person, bert: Person) -> None:
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("button", name="2 members").click()
    expect(anna.page.locator(".member .presence.is-online")).to_have_count(2)
    expect(anna.page.locator(".member").filter(has_text="owner")).to_contain_text(bert.name)


def rooms_that_are_loud_quiet_calling_and_muted(anna: Person, bert: Person) -> None:
    anna.page.keyboard.press("Escape")
    for name, level, text, badges in (
        ("Loud", "Everything", "news", ["1"]),
        ("Calling", None, f"@{anna.name} news", ["@1"]),
        ("Quiet", None, "news", ["1"]),
        ("Muted", "Nothing", f"@{anna.name} news", ["1"]),
    ):
        room = anna.window.create_room(f"{name} {anna.name}")
        if level:
            set_level(anna.window, level)
        anna.window.go_to("general")
        bert.as_program(lambda client, room=room, text=text: join_and_say(client, room, text))  # type: ignore[misc]
        expect(anna.window.room(f"{name} {anna.name}").locator(".badge")).to_have_text(badges)
    expect(anna.page.locator(".list-item.is-muted .list-muted")).to_be_visible()


def other_is_away(anna: Person, bert: Person) -> None:
    bert.page.clock.install()
    bert.page.reload()
    bert.window.ready()
    bert.page.clock.fast_forward("05:01")
    expect(anna.window.room(bert.name).locator(".presence.is-away")).to_be_visible()


def other_is_offline(anna: Person, bert: Person) -> None:
    bert.page.close()
    anna.window.go_to(bert.name)
    expect(anna.page.locator("#conversation-about")).to_have_text("Offline")
    expect(anna.window.room(bert.name).locator(".presence")).to_have_class("presence is-offline")


STATES_OF_TWO: tuple[Callable[[Person, Person], None], ...] = (
    direct_message_that_is_seen, other_is_online, other_is_writing, details_of_a_direct_conversation,
    details_of_a_member, members_and_how_they_are, rooms_that_are_loud_quiet_calling_and_muted, other_is_away,
    other_is_offline,
)  # fmt: skip


def test_no_state_of_the_page_has_faults(people: People) -> None:
    anna = people("anna")
    found = {}
    for state in STATES:
        state(anna)
        found[state.__name__] = complaints(anna.page)
    assert found == {state.__name__: [] for state in STATES}


def test_no_state_of_the_page_with_another_has_faults(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    found = {}
    for state in STATES_OF_TWO:
        state(anna, bert)
        found[state.__name__] = complaints(anna.page)
    assert found == {state.__name__: [] for state in STATES_OF_TWO}


def test_what_is_new_lost_or_unsent_has_no_faults(people: People, network: Network) -> None:
    anna, bert = people("anna", network=network), people("bert")
    anna.window.open_direct(bert.name)
    bert.window.open_direct(anna.name)
    anna.window.room("general").click()
    bert.window.say(f"something new for @{anna.name}")
    expect(anna.window.room(bert.name).locator(".badge")).to_be_visible()
    found = {"unread count": complaints(anna.page)}
    anna.window.room(bert.name).click()
    expect(anna.page.locator(".unread-line")).to_be_visible()
    expect(anna.page.locator(".message.is-calling .mention.is-me")).to_be_visible()
    found["unread line"] = complaints(anna.page)
    network.down()
    anna.window.say("unsent")
    expect(anna.page.locator("#status.is-shown")).to_be_visible()
    expect(anna.page.locator(".message.is-pending")).to_be_visible()
    found["offline"] = complaints(anna.page)
    network.up()
    expect(anna.window.settled).to_have_count(2)
    assert found == {"unread count": [], "unread line": [], "offline": []}


def test_phones_and_forms_have_no_faults(people: People) -> None:
    anna: Any = people("anna", **PHONE)
    anna.window.say(f"hello {anna.name}")
    expect(anna.window.settled.last).to_contain_text(f"hello {anna.name}")
    found = {"phone": complaints(anna.page)}
    anna.page.go_back()
    expect(anna.page.get_by_role("navigation")).to_be_visible()
    found["list on a phone"] = complaints(anna.page)
    page = people("nobody", registered=False).page
    page.goto("/sign-in")
    found["sign-in"] = complaints(page)
    page.goto("/register")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["register with faults"] = complaints(page)
    assert found == {state: [] for state in ("phone", "list on a phone", "sign-in", "register with faults")}


def test_axe_sees(people: People) -> None:
    page = people("nobody", registered=False).page
    page.goto("/sign-in")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    found = complaints(page)
    assert len(found) == 1
    assert found[0].startswith("button-name")


@pytest.mark.parametrize(("colour", "prefix"), [("#eee", ""), ("#222", "dark: ")])
def test_axe_sees_the_colours_of_either_theme(people: People, colour: str, prefix: str) -> None:
    """Text that only one theme makes unreadable."""
    page = people("nobody", registered=False).page
    page.goto("/sign-in")
    page.evaluate(
        "(colour) => { document.querySelector('main p, main label').style.color = colour; }", colour
    )
    found = complaints(page)
    assert len(found) == 1
    assert found[0].startswith(f"{prefix}color-contrast")
