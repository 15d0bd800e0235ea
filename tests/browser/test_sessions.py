"""Signed out from another device: at once, and without losing what was written."""

import asyncio
import re

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import PASSWORD, Person, Window
from tests.timing import best_of_tries, within

TO_SIGN_IN = re.compile(r"/sign-in\?next=")


def another_device(people: People, person: Person) -> Person:
    """A second browser of somebody."""
    device = people(person.name, registered=False)
    device.name = person.name
    device.sign_in()
    device.window.ready()
    return device


def is_connected(window: Window) -> bool:
    return bool(window.server)


def sign_out_elsewhere(device: Person) -> None:
    """By the account page, the one other device in the list."""
    device.page.get_by_role("link", name="Account").click()
    device.page.locator(".device").last.get_by_role("button", name="Sign out").click()


def fill_in_sign_in(person: Person, name: str) -> None:
    """On the page where one was sent to."""
    person.page.get_by_label("User name").fill(name)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Sign in").click()


@best_of_tries
def test_the_page_of_a_device_that_is_signed_out_is_at_sign_in_within_a_second(people: People) -> None:
    anna = people("anna")
    phone = another_device(people, anna)
    room = anna.window.create_room(f"Far {anna.name}")
    tab = anna.open_window(f"/rooms/{room}")
    for window in (anna.window, tab):
        assert is_connected(window)
    sign_out_elsewhere(phone)
    with within(1):
        for window in (anna.window, tab):
            window.page.wait_for_url(TO_SIGN_IN, wait_until="commit")
    for window in (anna.window, tab):
        assert window.page.url.endswith(f"/sign-in?next=%2Frooms%2F{room}")
    expect(phone.page.get_by_role("status")).to_have_text("That device is signed out.")
    expect(phone.page.locator(".device")).to_have_count(1)
    fill_in_sign_in(anna, anna.name)
    expect(anna.window.title).to_have_text(f"Far {anna.name}")


@best_of_tries
def test_signing_out_everywhere_else_leaves_this_device_alone(people: People) -> None:
    anna = people("anna")
    phone, tablet = another_device(people, anna), another_device(people, anna)
    for device in (anna, phone, tablet):
        assert is_connected(device.window)
    anna.page.get_by_role("link", name="Account").click()
    anna.page.get_by_role("button", name="Sign out everywhere else").click()
    with within(1):
        for device in (phone, tablet):
            device.page.wait_for_url(TO_SIGN_IN, wait_until="commit")
    anna.page.get_by_role("link", name="Back to the chat").click()
    anna.window.say("I am still here")
    expect(anna.window.settled.filter(has_text="I am still here")).to_be_visible()


def test_what_waits_in_the_outbox_is_its_writers_whoever_signs_in_meanwhile(
    people: People, network: Network
) -> None:
    bert = people("bert")
    anna = people("anna", network=network)
    phone = another_device(people, anna)
    room = anna.window.create_room(f"Outbox {anna.name}")
    bert.page.goto("/rooms/1")
    assert is_connected(anna.window)

    network.down()
    anna.window.say("written before")
    anna.window.composer.fill("half a thou")
    expect(anna.window.message("written before")).to_have_class(re.compile("is-pending"))
    sign_out_elsewhere(phone)
    expect(phone.page.locator(".device")).to_have_count(1)
    network.up()
    anna.page.wait_for_url(TO_SIGN_IN)

    # Bert signs in to the same browser, and is even in the same room.
    bert.as_program(lambda client: asyncio.to_thread(client.http.join, room))
    fill_in_sign_in(anna, bert.name)
    expect(anna.window.title).to_have_text(f"Outbox {anna.name}")
    anna.window.say("I am bert")
    expect(anna.window.settled.filter(has_text="I am bert")).to_be_visible()
    assert anna.window.texts() == ["I am bert"]
    expect(anna.window.composer).to_have_value("")
    anna.sign_out()

    fill_in_sign_in(anna, anna.name)
    anna.page.goto(f"/rooms/{room}")
    expect(anna.window.settled.locator(".message-text")).to_have_text(["I am bert", "written before"])
    expect(anna.window.composer).to_have_value("half a thou")
    phone.page.goto(f"/rooms/{room}")
    expect(phone.window.settled.locator(".message-text")).to_have_text(["I am bert", "written before"])
    expect(phone.window.message("written before")).to_contain_text(anna.name)


def test_a_tab_that_was_left_open_neither_shows_nor_sends_for_who_signs_in_beside_it(people: People) -> None:
    bert, anna = people("bert"), people("anna")
    room = anna.window.create_room(f"Tabs {anna.name}")
    bert.as_program(lambda client: asyncio.to_thread(client.http.join, room))
    has_line = False

    def lead(socket: WebSocketRoute) -> None:
        if has_line:
            socket.connect_to_server()
        else:
            socket.close()

    anna.context.route_web_socket("**/ws", lead)
    anna.page.reload()
    anna.window.say("anna's own")
    expect(anna.window.message("anna's own")).to_have_class(re.compile("is-pending"))

    # In another tab anna signs out, which the first does not hear, and Bert signs in.
    beside = anna.open_window(f"/rooms/{room}")
    beside.ready()
    beside.page.get_by_role("button", name="Sign out").click()
    beside.page.wait_for_url("**/sign-in")
    beside.page.get_by_label("User name").fill(bert.name)
    beside.page.get_by_label("Password").fill(PASSWORD)
    beside.page.get_by_role("button", name="Sign in").click()
    beside.page.goto(f"/rooms/{room}")
    beside.ready()

    has_line = True
    expect(anna.page.locator(".sidebar-user-name")).to_contain_text(bert.name)
    anna.window.say("I am bert")
    for window in (anna.window, beside):
        expect(window.settled.filter(has_text="I am bert")).to_be_visible()
        assert window.texts() == ["I am bert"]


@best_of_tries
def test_the_account_page_works_without_scripts_and_fits_a_small_screen(people: People) -> None:
    anna = people("anna")
    plain = people(
        "plain", registered=False, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    plain.name = anna.name
    plain.sign_in()
    plain.page.goto("/account")
    assert plain.page.evaluate("document.documentElement.scrollWidth") <= 360
    plain.page.locator(".device").last.get_by_role("button", name="Sign out").click()
    expect(plain.page.get_by_role("status")).to_have_text("That device is signed out.")
    with within(1):
        anna.page.wait_for_url(TO_SIGN_IN, wait_until="commit")
