"""Change of password, and sign-in in two steps, as a person does it."""

import time

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.conftest import People
from tests.browser.person import PASSWORD
from tests.browser.test_layout import PHONE, fits

NEW = "battery horse correct"


def fill_in(page: Page, button: str, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " "), exact=True).fill(text)
    page.get_by_role("button", name=button).click()


def test_a_new_password_takes_the_place_of_the_old_one(people: People) -> None:
    anna = people("anna")
    anna.page.goto("/account")
    anna.page.get_by_role("link", name="Change the password").click()
    fields = {"New_password": "password123", "New_password_again": "password123"}
    fill_in(anna.page, "Change the password", Your_password=PASSWORD, **fields)
    expect(anna.page.get_by_role("alert")).to_contain_text("many people use")
    fields = {"New_password": NEW, "New_password_again": NEW}
    fill_in(anna.page, "Change the password", Your_password=PASSWORD, **fields)
    expect(anna.page.get_by_role("status")).to_contain_text("Your password is changed")
    anna.page.goto("/rooms/1")
    anna.sign_out()
    anna.sign_in(PASSWORD)
    expect(anna.page.get_by_role("alert")).to_contain_text("is wrong")
    anna.sign_in(NEW)
    expect(anna.window.title).to_have_text("general")


def test_sign_in_asks_for_the_apps_code_once_it_is_turned_on(people: People) -> None:
    anna = people("anna", **PHONE)
    page = anna.page
    page.goto("/account")
    page.get_by_role("link", name="Second step at sign-in").click()
    picture = page.get_by_role("img", name="The key below, as a picture for the app")
    expect(picture).to_be_visible()
    anna.window.until(lambda: picture.evaluate("(image) => image.complete && image.naturalWidth > 0"))
    fits(page)
    app = pyotp.TOTP((page.locator(".secret code").text_content() or "").replace(" ", ""))
    step = int(time.time()) // 30
    fill_in(page, "Turn it on", Code=app.generate_otp(step), Your_password=PASSWORD)
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    fits(page)
    page.get_by_role("link", name="I have kept them").click()
    anna.context.clear_cookies()  # as on another device
    anna.sign_in()
    expect(page.get_by_role("heading", name="Now your code")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    fill_in(page, "Sign in", Code="000")
    expect(page.get_by_role("alert")).to_contain_text("This code is wrong")
    fits(page)
    fill_in(
        page, "Sign in", Code=app.generate_otp(max(step + 1, int(time.time()) // 30))
    )  # none counts twice
    expect(anna.window.title).to_have_text("general")
