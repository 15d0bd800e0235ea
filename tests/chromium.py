"""Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# The headless shell draws pages and nothing else; the others make a page of their own for each window's frame.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium of this machine. While it is open nothing else in the process can have an event loop."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "there is no Chromium: `make test` installs it"
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=arguments)
        yield running
        running.close()
