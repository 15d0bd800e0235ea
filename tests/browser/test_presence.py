"""Who is there, who is writing, and how far the other has read."""

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.person import Person


def talk(anna: Person, bert: Person) -> None:
    """Both are in the direct conversation that anna began."""
    anna.window.open_direct(bert.name)
    anna.window.say("hello")
    bert.window.go_to(anna.name)
    expect(bert.window.message("hello")).to_be_visible()


def test_the_other_is_shown_as_online_and_offline_in_words_too(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    talk(anna, bert)
    expect(anna.page.locator("#conversation-about")).to_have_text("Online")
    expect(anna.window.room(bert.name).locator(".presence")).to_have_class("presence is-online")
    expect(anna.page.get_by_role("link", name=f"{bert.name} (Online)", exact=True)).to_be_visible()
    bert.page.close()
    expect(anna.page.locator("#conversation-about")).to_have_text("Offline")
    expect(anna.window.room(bert.name).locator(".presence")).to_have_class("presence is-offline")


def test_who_does_nothing_for_five_minutes_is_away_until_the_next_key(people: People) -> None:
    anna, bert = people("anna"), people("bert", registered=True)
    talk(anna, bert)
    expect(anna.page.locator("#conversation-about")).to_have_text("Online")
    bert.page.clock.install()
    bert.page.reload()
    bert.window.ready()
    bert.page.clock.fast_forward("05:01")
    expect(anna.page.locator("#conversation-about")).to_have_text("Away")
    bert.page.keyboard.press("Shift")
    expect(anna.page.locator("#conversation-about")).to_have_text("Online")


def test_who_is_writing_is_named_and_nothing_moves(people: People) -> None:
    anna, bert, carl = people("anna"), people("bert"), people("carl")
    anna.window.say("hello")
    for other in (bert, carl):
        expect(other.window.message("hello").last).to_be_visible()
    expect(anna.page.locator(".message.is-pending, .message.is-sent")).to_have_count(0)
    end = "document.querySelector('#message-list').lastElementChild.getBoundingClientRect().bottom"
    before = anna.page.evaluate(end)
    bert.window.composer.press_sequentially("I ")
    expect(anna.page.locator("#typing")).to_have_text(f"{bert.name} is writing…")
    carl.window.composer.press_sequentially("me ")
    expect(anna.page.locator("#typing")).to_have_text(f"{bert.name} and {carl.name} are writing…")
    assert anna.page.evaluate(end) == before
    bert.window.composer.press("Enter")
    expect(anna.page.locator("#typing")).to_have_text(f"{carl.name} is writing…")
    expect(anna.page.locator("#typing")).to_be_hidden()  # nothing more is heard of carl
    expect(bert.page.locator("#typing")).to_be_hidden()


def test_a_direct_message_is_marked_as_seen_once_the_other_has_read_it(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(bert.name)
    anna.window.say("are you there?")
    expect(anna.window.settled).to_have_count(1)
    expect(bert.window.room(anna.name)).to_be_visible()
    expect(anna.page.get_by_text("Seen", exact=True)).to_have_count(0)
    bert.window.go_to(anna.name)
    expect(anna.window.message("are you there?").get_by_text("Seen", exact=True)).to_be_visible()
    anna.page.reload()
    expect(anna.window.message("are you there?").get_by_text("Seen", exact=True)).to_be_visible()
    bert.window.go_to("general")
    anna.window.say("and now?")
    expect(anna.window.message("and now?")).to_be_visible()
    expect(anna.page.get_by_text("Seen", exact=True)).to_have_count(0)


def test_the_members_of_a_room_are_found_by_name_with_how_they_are(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Garden of {anna.name}"
    anna.window.create_room(name)
    bert.page.get_by_role("button", name="All rooms").click()
    bert.page.get_by_role("button", name=f"Join {name}").click()
    anna.page.get_by_role("button", name="2 members").click()
    members = anna.page.locator(".member")
    expect(members).to_have_count(2)
    expect(members.filter(has_text=anna.name)).to_contain_text("owner")
    expect(members.filter(has_text=bert.name)).to_contain_text("Online")
    anna.page.get_by_label("Find a member").fill(bert.name[:6].upper())
    expect(members).to_have_count(1)
    anna.page.get_by_label("Find a member").fill("nobody_here")
    expect(anna.page.get_by_text("Nobody here is called so.")).to_be_visible()
    anna.page.get_by_label("Find a member").fill(bert.name)
    members.click()
    expect(anna.window.title).to_have_text(bert.name)
    expect(anna.window.composer).to_be_focused()
