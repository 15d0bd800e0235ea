"""The promise in the browser: nothing that was written is lost or doubled, whatever the line does."""

import asyncio
import re

import pytest
from playwright.sync_api import Locator, expect

from chatd.client import ParleyClient
from tests.browser.conftest import People
from tests.browser.network import Network
from tests.browser.person import Person, Window
from tests.system.stack import Stack


def pending(window: Window) -> Locator:
    return window.page.locator("#message-list > .is-pending .message-text")


def test_it_says_that_the_connection_is_lost_and_comes_back_by_itself(
    people: People, network: Network
) -> None:
    anna = people("anna", network=network)
    room = anna.window.create_room(f"Lost {anna.name}")
    status = anna.page.get_by_role("status").filter(has_text="Connection lost")
    assert anna.window.server
    network.down()
    expect(status).to_be_visible()
    anna.window.say("written in between")
    expect(anna.window.message("written in between")).to_have_class(re.compile("is-pending"))
    expect(anna.window.composer).to_be_enabled()
    anna.says(room, ["from elsewhere"])
    network.up()
    expect(anna.window.settled.locator(".message-text")).to_have_text(
        ["from elsewhere", "written in between"]
    )
    expect(status).to_have_count(0)


def test_a_daemon_that_is_killed_goes_unnoticed(people: People) -> None:
    anna = people("anna")
    anna.window.create_room(f"Kill {anna.name}")
    anna.page.evaluate("window.notReloaded = true")
    for index in range(3):
        anna.stack.kill(f"chatd:chatd-{anna.window.server.rpartition(':')[2]}")
        anna.window.say(f"message {index}")
        expect(anna.window.settled).to_have_count(index + 1)
    assert anna.window.texts() == [f"message {index}" for index in range(3)]
    assert anna.page.evaluate("window.notReloaded")
    anna.stack.wait_until_well()


def test_what_was_written_without_a_daemon_survives_a_reload_and_goes_in_order(
    people: People, stack: Stack
) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Outbox {anna.name}")
    stack.supervisorctl("stop", "chatd:*")
    try:
        anna.window.say("one")
        anna.window.say("two")
        expect(pending(anna.window)).to_have_text(["one", "two"])
        anna.page.reload()
        expect(anna.page.locator(".is-pending")).to_have_count(2)
        anna.window.say("three")
        other = anna.open_window(f"/rooms/{room}")
        expect(other.page.locator(".is-pending")).to_have_count(3)
        anna.page.close(run_before_unload=False)
    finally:
        stack.supervisorctl("start", "chatd:*")
        stack.wait_until_well()
    expect(other.settled).to_have_count(3)
    assert other.texts() == ["one", "two", "three"]
    other.page.reload()
    expect(other.settled).to_have_count(3)
    assert (
        other.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('outbox')).length") == 0
    )


def test_another_user_of_the_same_browser_neither_sees_nor_sends_it(people: People, stack: Stack) -> None:
    anna, bert = people("anna"), people("bert", registered=False)
    stack.supervisorctl("stop", "chatd:*")
    try:
        anna.window.say(f"of {anna.name} alone")
        expect(anna.page.locator(".is-pending")).to_have_count(1)
        anna.sign_out()
        second = Person(anna.context, stack, bert.name)
        second.register()
        expect(second.page.locator(".is-pending")).to_have_count(0)
    finally:
        stack.supervisorctl("start", "chatd:*")
        stack.wait_until_well()
    second.window.say("of the second")
    expect(second.window.settled.filter(has_text="of the second")).to_be_visible()
    assert f"of {anna.name} alone" not in second.window.texts()
    second.sign_out()
    again = Person(anna.context, stack, anna.name)
    again.sign_in()
    expect(again.window.settled.filter(has_text=f"of {anna.name} alone")).to_be_visible()
    assert second.problems() + again.problems() == []


def test_a_refused_message_can_be_tried_again_or_deleted(people: People) -> None:
    anna = people("anna")
    room = anna.window.create_room(f"Refused {anna.name}")
    anna.as_program(lambda client: leave(client, room))  # and this window's entry is refused for good
    entry = {
        "id": "11111111-1111-4111-8111-111111111111",
        "conversation": "room:1",
        "room": room,
        "body": "too late",
        "at": 1,
        "order": 1,
        "state": "pending",
    }
    expect(anna.window.title).to_have_text("general")
    anna.page.evaluate(
        """async ([entry, name]) => {
            const user = JSON.parse(document.getElementById("boot").textContent).user;
            localStorage.setItem(`parley:outbox:${user.id}:${entry.id}`, JSON.stringify(entry));
        }""",
        [entry, anna.name],
    )
    anna.page.reload()
    failed = anna.page.locator(".is-failed")
    expect(failed).to_contain_text("Not sent.")
    failed.get_by_role("button", name="Retry").click()
    expect(failed).to_contain_text("Not sent.")
    failed.get_by_role("button", name="Delete").click()
    expect(failed).to_have_count(0)
    anna.page.reload()
    anna.window.ready()
    expect(failed).to_have_count(0)


async def leave(client: ParleyClient, room: int) -> None:
    client.http.leave(room)


@pytest.mark.parametrize("count", [500, 1100], ids=["resumed", "loaded anew"])
def test_after_being_offline_it_shows_exactly_the_log(people: People, network: Network, count: int) -> None:
    anna, bert = people("anna", network=network), people("bert")
    room = anna.window.create_room(f"Week {anna.name}")
    anna.window.say("before")
    expect(anna.window.settled).to_have_count(1)
    anna.context.set_offline(True)
    network.down()
    expect(anna.page.get_by_role("status").filter(has_text="You are offline")).to_be_visible()

    async def talk(client: ParleyClient) -> list[str]:
        client.http.join(room)
        timeline = await client.open_room(room)
        for outgoing in [client.send(f"message {index}", room=room) for index in range(count)]:
            await outgoing.answer
        own = sorted(number for number, row in timeline.rows.items() if row.author.name == bert.name)
        for number in own[-3:]:
            await client.edit(timeline.rows[number], f"edited {number}").answer
        for number in own[-5:-3]:
            last = await client.delete(timeline.rows[number]).answer
        while timeline.cursor is None or timeline.cursor < last.version:
            await asyncio.sleep(0.01)  # an answer does not move what is shown
        return [
            "This message was deleted" if row.deleted else row.body
            for _, row in sorted(timeline.rows.items())
        ]

    log = bert.as_program(talk)
    network.up()
    anna.context.set_offline(False)
    expect(anna.window.settled.last).to_contain_text(log[-1])
    expect(anna.page.locator(".message-gone")).to_have_count(2)  # what was changed last
    shown = anna.window.texts() if count > 1000 else anna.window.whole_log()
    assert shown == log[-len(shown) :]
    assert len(shown) >= 50 if count > 1000 else len(shown) == len(log)


def test_the_line_breaks_again_and_again(people: People, network: Network) -> None:
    anna, bert = people("anna", network=network), people("bert")
    room = anna.window.create_room(f"Cuts {anna.name}")
    bert.as_program(lambda client: join(client, room))
    bert.page.goto(f"/rooms/{room}")
    bert.window.ready()
    written = []
    for index in range(8):
        if index % 2:
            network.up()
        else:
            network.down()
        for half in ("a", "b"):
            written.append(f"{index}{half}")
            anna.window.say(written[-1])
    network.up()
    expect(bert.window.settled).to_have_count(len(written))
    expect(anna.window.settled).to_have_count(len(written))
    assert anna.window.texts() == bert.window.texts() == written


async def join(client: ParleyClient, room: int) -> None:
    client.http.join(room)
