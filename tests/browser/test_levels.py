"""What is new in which room, how loudly, and on all of one's devices alike."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.person import Person, Window


def join(person: Person, name: str) -> None:
    person.page.get_by_role("button", name="All rooms").click()
    person.page.get_by_role("button", name=f"Join {name}").click()
    expect(person.window.title).to_have_text(name)


def set_level(window: Window, label: str) -> None:
    window.page.get_by_role("button", name="About this conversation").click()
    with window.page.expect_response("**/level"):
        window.page.get_by_role("radio", name=label).check(force=True)
    window.page.keyboard.press("Escape")


def test_mentions_are_counted_beside_what_is_new_and_survive_a_reload(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Room of {anna.name}"
    room = anna.window.create_room(name)
    join(bert, name)
    bert.window.go_to("general")
    anna.says(room, ["one", f"@{bert.name} two", "three"])
    link = bert.window.room(name)
    expect(link.locator(".badge")).to_have_text(["@1", "3"])
    expect(bert.page.locator('link[rel="icon"]')).to_have_attribute(
        "href", re.compile(r"/favicon-call\.svg$")
    )
    bert.page.reload()
    expect(link.locator(".badge")).to_have_text(["@1", "3"])
    expect(bert.page.get_by_role("link", name="3 unread messages, 1 mentions you")).to_be_visible()
    link.click()
    expect(link.locator(".badge")).to_have_count(0)


def test_an_edit_takes_a_mention_back(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Room of {anna.name}"
    anna.window.create_room(name)
    join(bert, name)
    bert.window.go_to("general")
    anna.window.say(f"@{bert.name} look")
    badges = bert.window.room(name).locator(".badge")
    expect(badges).to_have_text(["@1"])
    expect(anna.window.settled).to_have_count(1)
    anna.window.composer.press("ArrowUp")
    anna.page.get_by_label("Edit message").fill("look")
    anna.page.get_by_label("Edit message").press("Enter")
    expect(badges).to_have_text(["1"])


def test_a_muted_room_is_quiet_on_every_device_and_tells_of_itself_in_words(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Room of {anna.name}"
    room = anna.window.create_room(name)
    join(bert, name)
    phone = bert.open_window("/rooms/1")
    set_level(bert.window, "Nothing")
    expect(phone.room(name)).to_have_class("list-item is-muted")
    bert.window.go_to("general")
    anna.says(room, [f"@{bert.name} psst"])
    for window in (bert.window, phone):
        expect(window.room(name).locator(".badge")).to_have_text(["1"])
        expect(window.room(name)).to_have_accessible_name(f"{name} (1 unread message, 1 mentions you, muted)")
        assert not window.page.title().startswith("(")
    bert.page.reload()
    expect(bert.window.room(name)).to_have_class("list-item is-muted")
    bert.window.go_to(name)
    set_level(bert.window, "Everything")
    expect(phone.room(name)).to_have_class("list-item")
    bert.window.go_to("general")
    anna.says(room, ["hear, hear"])
    expect(phone.room(name)).to_have_class("list-item has-news")
    expect(phone.room(name).locator(".badge.is-loud")).to_have_text(["1"])


def test_what_is_marked_as_unread_stays_so_until_one_comes_back(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Room of {anna.name}"
    room = anna.window.create_room(name)
    join(bert, name)
    anna.says(room, ["one", "two", "three"])
    expect(bert.window.settled).to_have_count(3)
    phone = bert.open_window("/rooms/1")
    expect(phone.room(name).locator(".badge")).to_have_count(0)
    bert.window.act("two", "Mark as unread")
    for window in (bert.window, phone):
        expect(window.room(name).locator(".badge")).to_have_text(["2"])
    expect(bert.page.locator(".unread-line + .message")).to_contain_text("two")
    bert.window.go_to("general")
    expect(bert.window.room(name).locator(".badge")).to_have_text(["2"])
    bert.window.go_to(name)
    for window in (bert.window, phone):
        expect(window.room(name).locator(".badge")).to_have_count(0)


def test_an_owner_gives_a_room_another_name_and_a_topic_before_everybodys_eyes(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Room of {anna.name}"
    anna.window.create_room(name)
    join(bert, name)
    bert.page.get_by_role("button", name="About this conversation").click()
    expect(bert.page.locator("#details-form")).to_be_hidden()
    bert.page.keyboard.press("Escape")
    anna.page.get_by_role("button", name="About this conversation").click()
    anna.page.get_by_label("Name", exact=True).last.fill("general")
    anna.page.get_by_role("button", name="Save").click()
    expect(anna.page.locator("#details-fault")).not_to_be_empty()
    anna.page.locator("#details-name").fill(f"Garden of {anna.name}")
    anna.page.locator("#details-topic-field").fill("Beans & peas")
    anna.page.get_by_role("button", name="Save").click()
    for person in (anna, bert):
        expect(person.window.title).to_have_text(f"Garden of {anna.name}")
        expect(person.page.locator("#conversation-about")).to_have_text("Beans & peas")
        expect(person.window.room(f"Garden of {anna.name}")).to_be_visible()
