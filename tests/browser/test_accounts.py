"""Register, sign in, sign out, as a person does it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import People
from tests.browser.person import PASSWORD


def test_registering_opens_the_chat(people: People) -> None:
    anna = people("anna", registered=False)
    anna.register()
    expect(anna.page).to_have_url(f"{anna.stack.url}/rooms/1")
    expect(anna.page).to_have_title("general · Parley")


def test_every_fault_stands_beside_its_field_and_what_was_typed_is_kept(people: People) -> None:
    page = people("nobody", registered=False).page
    page.goto("/register")
    page.get_by_label("User name").fill("no!")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_label("Password again").fill("other")
    page.get_by_label("female").check()
    page.get_by_role("button", name="Create account").click()
    name, password = page.get_by_label("User name"), page.get_by_label("Password", exact=True)
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_value("no!")
    expect(name).to_have_accessible_description(re.compile("Others see it.*Only letters"))  # hint and fault
    expect(password).to_have_value("")
    expect(page.get_by_label("female")).to_be_checked()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(name).to_be_focused()


def test_sign_in_leads_back_to_where_one_wanted_to_go(people: People) -> None:
    anna, bert = people("anna"), people("bert")
    anna.sign_out()
    anna.page.goto(f"/direct/{bert.name}")
    expect(anna.page.get_by_role("heading", name="Sign in")).to_be_visible()
    anna.page.get_by_label("User name").fill(anna.name)
    anna.page.get_by_label("Password").fill("wrong horse battery")
    anna.page.get_by_role("button", name="Sign in").click()
    expect(anna.page.get_by_role("alert")).to_be_focused()
    anna.page.get_by_label("Password").fill(PASSWORD)
    anna.page.get_by_role("button", name="Sign in").click()
    expect(anna.window.title).to_have_text(bert.name)


def test_signing_out_sends_every_tab_to_sign_in(people: People) -> None:
    anna = people("anna")
    other = anna.open_window("/rooms/1")
    expect(other.title).to_have_text("general")
    anna.window.say("before I go")
    expect(other.message("before I go")).to_be_visible()  # it is connected
    anna.sign_out()
    other.page.wait_for_url("**/sign-in?next=%2Frooms%2F1")


def test_keyboard_alone_signs_in_and_sends(people: People) -> None:
    anna = people("anna")
    anna.sign_out()
    keyboard = anna.page.keyboard
    expect(anna.page.get_by_label("User name")).to_be_focused()
    keyboard.type(anna.name)
    keyboard.press("Tab")
    keyboard.type(PASSWORD)
    keyboard.press("Enter")
    expect(anna.window.composer).to_be_focused()
    keyboard.type("no mouse")
    keyboard.press("Shift+Enter")
    keyboard.type("was here")
    keyboard.press("Enter")
    expect(anna.window.settled.filter(has_text="no mouse")).to_be_visible()
    assert (
        anna.window.settled.filter(has_text="no mouse").locator(".message-text").inner_text()
        == "no mouse\nwas here"
    )


def test_a_page_that_is_not_there_says_so(people: People) -> None:
    anna = people("anna")
    for path in ("/rooms/999999", "/direct/nobody_at_all", "/nothing"):
        answer = anna.page.goto(path)
        assert answer is not None
        assert answer.status == 404
        expect(anna.page.get_by_role("heading")).to_be_visible()
