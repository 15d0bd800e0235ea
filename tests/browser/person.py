"""A person before a browser: what they do and see, in the words of the page."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from playwright.sync_api import BrowserContext, Locator, Page, WebSocket, expect

from chatd.client import ParleyClient
from chatd.client_http import Http
from tests.system.stack import Stack

T = TypeVar("T")

WAIT_SECONDS = 60  # before a test gives up: costs time only where something is broken
PASSWORD = "correct horse battery"
# What Chromium says of every answer above 399 and of every connection that fails; tests look at
# what the page makes of these.
EXPECTED = re.compile(r"Failed to load resource|WebSocket connection to")
WATCH_POLICY = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));"""

NUMBERED = """[...document.querySelectorAll("#message-list .message[data-number]")].map((row) =>
    [Number(row.dataset.number), row.querySelector(".message-text, .message-gone").textContent])"""


@dataclass
class Window:
    """One tab."""

    page: Page
    origin: str
    servers: list[str] = field(default_factory=list)  # the daemon of each connection that was welcomed
    last_read: dict[int, int] = field(default_factory=dict)  # of each room, as a daemon has confirmed it
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._heard(message.type, message.text))
        self.page.on("pageerror", lambda fault: self.problems.append(f"error: {fault}"))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", self._opened)
        self.page.add_init_script(WATCH_POLICY)

    def _heard(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not EXPECTED.search(text):
            self.problems.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", "blob:")):
            self.problems.append(f"request to {url}")

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._received)

    def _received(self, frame: str | bytes) -> None:
        if not isinstance(frame, str):
            return
        if frame.startswith('{"type":"welcome"'):
            self.servers.append(json.loads(frame)["server"])
        elif frame.startswith('{"type":"read"'):
            marker = json.loads(frame)
            self.last_read[marker["room"]] = marker["last_read"]

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for something that only Playwright's events tell: they come while it is asked something."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            self.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 20))")

    @property
    def server(self) -> str:
        """The daemon that it is connected to."""
        self.until(lambda: self.servers)
        return self.servers[-1]

    # -- what is seen

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer-text")

    @property
    def messages(self) -> Locator:
        return self.page.locator("#message-list > .message")

    @property
    def settled(self) -> Locator:
        """Messages that stand in the log."""
        return self.page.locator("#message-list > .message:not(.is-pending, .is-sent, .is-failed)")

    @property
    def title(self) -> Locator:
        return self.page.locator("#conversation-title")

    def message(self, text: str) -> Locator:
        return self.messages.filter(has_text=text)

    def room(self, name: str) -> Locator:
        """A link of the list at the side."""
        return self.page.locator(".list-item").filter(has_text=name)

    def texts(self) -> list[str]:
        """The texts of all messages, in their order."""
        return self.page.locator(
            "#message-list .message-text, #message-list .message-gone"
        ).all_text_contents()

    def whole_log(self) -> list[str]:
        """The texts of the whole conversation, read from what is shown up to its beginning; the page keeps some of it at a time."""
        read: dict[int, str] = dict(self.page.evaluate(NUMBERED))
        while 1 not in read:
            lowest = min(read)
            self.page.locator("#messages").evaluate("(box) => { box.scrollTop = 0; }")
            self.until(lambda lowest=lowest: min(dict(self.page.evaluate(NUMBERED))) < lowest)  # type: ignore[misc]
            read |= dict(self.page.evaluate(NUMBERED))
        return [read[number] for number in sorted(read)]

    # -- what is done

    def ready(self) -> None:
        """Wait until the page's scripts have drawn it; before, its buttons do nothing."""
        expect(self.page.locator(".list-item")).not_to_have_count(0)

    def say(self, text: str) -> None:
        """Write it and press Enter; it stands in the list at once."""
        self.ready()
        self.composer.fill(text)
        self.composer.press("Enter")

    def go_to(self, name: str) -> None:
        """By the link in the list, and wait until the conversation is there."""
        self.room(name).click()
        expect(self.title).to_have_text(name)

    def open_direct(self, name: str) -> None:
        """By the dialog, and wait until the conversation is there."""
        self.ask_for(name)
        expect(self.page.get_by_role("dialog")).to_have_count(0)

    def ask_for(self, name: str) -> None:
        """Type a nickname into the dialog."""
        self.ready()
        self.page.get_by_role("button", name="New direct message").click()
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("User name").press("Enter")

    def act(self, text: str, name: str) -> None:
        """Press a button of a message's toolbar, by the mouse."""
        message = self.settled.filter(has_text=text)
        message.hover()
        message.locator(".message-actions").get_by_role("button", name=name, exact=True).click()

    def react(self, text: str, word: str) -> None:
        """Choose the first emoji that a word finds."""
        self.act(text, "Add a reaction")
        self.page.get_by_label("Find an emoji").fill(word)
        expect(self.page.locator("#picker-state")).to_contain_text("found")
        self.page.get_by_label("Find an emoji").press("Enter")
        expect(self.settled.filter(has_text=text).locator(".reaction")).not_to_have_count(0)

    def create_room(self, name: str) -> int:
        """By the dialog; returns its id."""
        self.ready()
        self.page.get_by_role("button", name="Create a room").click()
        dialog = self.page.locator("#create-dialog")
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Create room").click()
        expect(self.title).to_have_text(name)
        return int(self.page.url.rpartition("/")[2])


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, context: BrowserContext, stack: Stack, name: str, *, url: str | None = None) -> None:
        self.context = context
        self.stack = stack
        self.url = url or stack.url
        self.name = name
        self.windows: list[Window] = []
        self.window = self.open_window()

    @property
    def page(self) -> Page:
        return self.window.page

    def open_window(self, path: str = "") -> Window:
        """Another tab."""
        window = Window(self.context.new_page(), self.url)
        self.windows.append(window)
        if path:
            window.page.goto(path)
        return window

    def problems(self) -> list[str]:
        """What browsers complained of."""
        return [f"{self.name}: {problem}" for window in self.windows for problem in window.problems]

    def enter(self) -> None:
        """With an account and a session that were made without the browser, which takes longer."""
        http = Http(self.stack.url)
        http.register(self.name, PASSWORD)
        cookies = [pair.split("=", 1) for pair in http.cookies().split("; ")]
        self.context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in cookies])
        self.page.goto("/rooms/1")
        self.window.ready()

    def register(self) -> None:
        """By the form."""
        self.page.goto("/register")
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_label("Password again").fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        expect(self.window.title).to_have_text("general")
        self.window.ready()

    def sign_in(self, password: str = PASSWORD) -> None:
        """By the form."""
        self.page.goto("/sign-in")
        self.page.get_by_label("User name").fill(self.name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def sign_out(self) -> None:
        """By the button."""
        self.page.get_by_role("button", name="Sign out").click()
        self.page.wait_for_url("**/sign-in")

    def as_program(self, work: Callable[[ParleyClient], Awaitable[T]]) -> T:
        """Do something by a `ParleyClient` of the same user, where a browser would take long."""

        async def run() -> T:
            client = ParleyClient(self.stack.url, self.name, PASSWORD)
            await asyncio.to_thread(client.http.sign_in, self.name, PASSWORD)
            await client.start()
            try:
                return await work(client)
            finally:
                await client.close()

        # In a thread: the one of the tests runs Playwright's event loop.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: asyncio.run(run())).result()

    def says(self, room: int, texts: list[str]) -> None:
        """Say many things by a program, and wait until they are acknowledged."""

        async def work(client: ParleyClient) -> None:
            for outgoing in [client.send(text, room=room) for text in texts]:
                await outgoing.answer

        self.as_program(work)
