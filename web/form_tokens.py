"""Which forms may be sent: those of Parley's own pages.

A token in the form shows it, whose secret the session holds (Flask-WTF). Two pages of somebody who has no session yet
get one each when they load at once, as the tabs of a device that was just signed out do, and the browser keeps only
the later: a sign-in in the other tab would be refused for nothing that its user did. There the browser's own word
counts as well: no page can forge `Sec-Fetch-Site` (W3C Fetch Metadata; OWASP Cross-Site Request Forgery Prevention).
"""

from flask import g, request
from flask_wtf.csrf import CSRFProtect

WITHOUT_SESSION = {"auth.register", "auth.sign_in"}


class FormTokens(CSRFProtect):  # type: ignore[misc]
    """The check of every request that changes something. Raises `CSRFError`."""

    def protect(self, apply_exemptions: bool = False) -> None:
        """Look for the token, unless the form begins a session and the browser says that it is a page of this origin."""
        # Not the header's other values: "same-site" may be a stranger's subdomain.
        if request.endpoint in WITHOUT_SESSION and request.headers.get("Sec-Fetch-Site") == "same-origin":
            g.csrf_valid = True  # Flask-WTF's forms look here
        else:
            super().protect(apply_exemptions)
