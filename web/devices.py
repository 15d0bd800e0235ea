"""What a User-Agent says of a device, in plain words.

A short table is enough: browsers have frozen the header (the "reduced" User-Agent), and it is a
claim that anybody may forge. Nothing is decided by it; it helps people to tell their devices apart.
"""

from flask_babel import gettext

# The first whose token occurs counts: Edge also says Chrome, Chrome also says Safari, Android also says Linux.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def describe(agent: str) -> str:
    """The browser and the system, as in "Firefox on Linux"; what is unknown is said to be."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return str(gettext("%(browser)s on %(system)s", browser=browser, system=system))
    return browser or system or str(gettext("A program") if agent else gettext("Unknown device"))


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for token, name in table if token in agent), None)
