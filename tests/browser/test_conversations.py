"""People talk: in rooms, directly, in several tabs."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import People


def test_two_people_on_two_daemons_talk_in_a_room(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    while anna.window.server == bert.window.server:  # the one with fewer connections is next
        bert.window = bert.open_window("/rooms/1")
    anna.window.say("good morning")
    expect(bert.window.message("good morning")).to_have_count(1)
    bert.window.say("good morning to you")
    expect(anna.window.message("good morning to you")).to_have_count(1)
    expect(anna.window.message("good morning").first).to_have_class(re.compile("is-own"))


def test_a_direct_message_reaches_somebody_who_is_there_and_somebody_who_is_not(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.open_direct(f"@{bert.name.upper()}")
    expect(anna.window.title).to_have_text(bert.name)
    expect(anna.page).to_have_url(f"{anna.stack.url}/direct/{bert.name}")
    anna.window.say("psst")
    expect(bert.window.room(anna.name).locator(".badge")).to_contain_text("1")
    expect(bert.page).to_have_title("(1) general · Parley")
    bert.window.go_to(anna.name)
    expect(bert.window.message("psst")).to_have_count(1)
    expect(bert.window.room(anna.name).locator(".badge")).to_have_count(0)
    bert.window.until(lambda: 1 in bert.window.last_read.values())  # and the server knows
    bert.sign_out()
    anna.window.say("are you gone?")
    expect(anna.window.settled).to_have_count(2)
    bert.sign_in()
    expect(bert.window.room(anna.name).locator(".badge")).to_contain_text("1")
    bert.window.room(anna.name).click()
    expect(bert.window.message("are you gone?")).to_be_visible()


def test_an_unknown_nickname_is_told_where_it_was_typed(people: People) -> None:
    anna = people("anna")
    anna.window.ask_for("nobody_here")
    field = anna.page.get_by_label("User name")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(anna.page.get_by_text("Nobody here is called nobody_here.")).to_be_visible()
    field.press("Escape")
    expect(anna.page.get_by_role("button", name="New direct message")).to_be_focused()


def test_notes_to_oneself(people: People) -> None:
    anna = people("anna")
    anna.window.open_direct(anna.name)
    expect(anna.window.title).to_have_text("Notes to yourself")
    anna.window.say("buy milk")
    expect(anna.window.settled.filter(has_text="buy milk")).to_be_visible()
    anna.page.reload()
    expect(anna.window.title).to_have_text("Notes to yourself")
    expect(anna.window.settled.locator(".message-text")).to_have_text(["buy milk"])


def test_a_room_is_created_found_joined_and_left(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    name = f"Lunch of {anna.name}"
    room = anna.window.create_room(name)
    anna.window.say("who is hungry?")
    bert.page.get_by_role("button", name="All rooms").click()
    bert.page.get_by_label("Find a room").fill(name.upper())
    bert.page.get_by_role("button", name=f"Join {name}").click()
    expect(bert.page).to_have_url(f"{bert.stack.url}/rooms/{room}")
    expect(bert.window.message("who is hungry?")).to_be_visible()
    expect(anna.page.locator("#conversation-about")).to_have_text("2 members")
    elsewhere = bert.open_window(f"/rooms/{room}")
    bert.window.say("I am")
    expect(elsewhere.message("I am")).to_be_visible()
    bert.page.get_by_role("button", name="About this conversation").click()
    bert.page.get_by_role("button", name="Leave").click()
    bert.page.locator("#confirm-dialog").get_by_role("button", name="Leave").click()
    expect(bert.window.title).to_have_text("general")
    expect(bert.window.room(name)).to_have_count(0)
    expect(elsewhere.title).to_have_text("general")
    expect(elsewhere.page.locator("#notice")).to_contain_text(f"You are no longer in {name}.")
    expect(anna.page.locator("#conversation-about")).to_have_text("1 member")


def test_a_room_name_that_is_taken_is_told_where_it_was_typed(people: People) -> None:
    anna = people("anna")
    name = f"Room of {anna.name}"
    anna.window.create_room(name)
    anna.page.get_by_role("button", name="Create a room").click()
    dialog = anna.page.locator("#create-dialog")
    for bad in ("", name.upper(), "x" * 51):
        dialog.get_by_label("Name").fill(bad)
        dialog.get_by_role("button", name="Create room").click()
        expect(dialog.get_by_role("alert")).to_be_visible()


def test_general_can_not_be_left(people: People) -> None:
    anna = people("anna")
    expect(anna.page.locator("#leave")).to_be_hidden()


def test_reload_shows_the_history_and_back_works(people: People) -> None:
    anna = people("anna")
    first = anna.window.create_room(f"One {anna.name}")
    anna.window.say("in the first")
    second = anna.window.create_room(f"Two {anna.name}")
    anna.window.say("in the second")
    expect(anna.window.settled).to_have_text([re.compile("in the second")])
    anna.page.reload()
    expect(anna.window.settled).to_have_text([re.compile("in the second")])
    anna.page.go_back()
    expect(anna.page).to_have_url(f"{anna.stack.url}/rooms/{first}")
    expect(anna.window.settled).to_have_text([re.compile("in the first")])
    anna.page.go_forward()
    expect(anna.page).to_have_url(f"{anna.stack.url}/rooms/{second}")
    expect(anna.window.settled).to_have_text([re.compile("in the second")])


def test_a_message_written_right_after_opening_a_conversation_goes_there(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.create_room(f"Other {anna.name}")
    anna.window.open_direct(bert.name)
    anna.page.wait_for_url("**/direct/*")
    anna.window.say("only for you")
    expect(bert.window.room(anna.name).locator(".badge")).to_contain_text("1")


def test_all_tabs_show_every_message_once(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Tabs {anna.name}")
    tabs = [anna.window, anna.open_window(f"/rooms/{room}"), anna.open_window(f"/rooms/{room}")]
    for tab in tabs[1:]:
        expect(tab.title).to_be_visible()
    for index, tab in enumerate(tabs):
        tab.say(f"from tab {index}")
        for other in tabs:
            expect(other.settled).to_have_count(index + 1)
    for tab in tabs:
        assert tab.texts() == ["from tab 0", "from tab 1", "from tab 2"]


def test_one_edits_and_deletes_what_one_has_said(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    room = anna.window.create_room(f"Edit {anna.name}")
    bert.page.goto("/rooms/1")
    bert.page.get_by_role("button", name="All rooms").click()
    bert.page.get_by_label("Find a room").fill(f"Edit {anna.name}")
    bert.page.get_by_role("button", name=f"Join Edit {anna.name}").click()
    expect(bert.page).to_have_url(f"{bert.stack.url}/rooms/{room}")
    anna.window.say("a mistace")
    anna.window.say("a secret")
    expect(anna.window.settled).to_have_count(2)
    anna.window.message("a mistace").hover()
    anna.window.message("a mistace").get_by_role("button", name="Edit").click()
    anna.page.get_by_label("Edit message").fill("a mistake")
    anna.page.get_by_label("Edit message").press("Enter")
    expect(bert.window.message("a mistake")).to_contain_text("edited")
    anna.window.message("a secret").hover()
    anna.window.message("a secret").get_by_role("button", name="Delete").click()
    anna.page.locator("#confirm-dialog").get_by_role("button", name="Delete").click()
    expect(bert.window.message("This message was deleted")).to_be_visible()
    assert bert.window.texts() == ["a mistake", "This message was deleted"]
    expect(bert.page.get_by_role("button", name="Edit")).to_have_count(0)
    bert.page.reload()
    expect(bert.window.message("a mistake")).to_contain_text("edited")


def test_enter_does_not_send_while_an_input_method_composes(people: People) -> None:
    anna = people("anna")
    anna.window.composer.fill("にほ")
    anna.window.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(anna.window.composer).to_have_value("にほ")
    anna.window.composer.press("Enter")
    expect(anna.window.composer).to_have_value("")


def test_a_message_that_is_too_long_is_counted_and_not_sent(people: People) -> None:
    anna = people("anna")
    anna.window.composer.fill("\U0001f600" * 10_001)
    expect(anna.page.locator("#composer-counter")).to_have_text("1 character too long")
    anna.window.composer.press("Enter")
    expect(anna.window.composer).not_to_have_value("")
    anna.window.composer.fill("\U0001f600" * 10_000)
    anna.window.composer.press("Enter")
    expect(anna.window.settled.last).to_contain_text("\U0001f600" * 100)


def test_a_draft_survives_going_away_and_reloading(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.window.composer.fill("half a thou")
    anna.window.open_direct(bert.name)
    expect(anna.window.composer).to_have_value("")
    anna.page.reload()
    anna.window.room("general").click()
    expect(anna.window.composer).to_have_value("half a thou")
