"""What axe-core finds to complain of in a page."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text()
RUN = """async (options) => (await axe.run(document, { resultTypes: ["violations"], ...options })).violations
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => html + failureSummary).join(" | ")}`)"""
# Of the rules that are on by default, those that look at colours: themes differ in nothing else (css/tokens.css).
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def complaints(page: Page) -> list[str]:
    """What axe finds in the light theme, and of the colours in the dark one."""
    page.emulate_media(color_scheme="light")
    found = _complaints(page, {})
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {complaint}" for complaint in _complaints(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


def _complaints(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds, once nothing moves any more."""
    page.evaluate(
        "Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations !== Infinity)"
        ".map((one) => one.finished.catch(() => {})))"
    )
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return list(page.evaluate(RUN, options))
