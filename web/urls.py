"""Addresses that come from outside and lead somewhere."""

import re

# A path of this site: one slash, and then neither a second one nor a backslash, which browsers take
# for a slash; visible ASCII only (a browser percent-encodes the rest), as it strips tabs and line
# feeds before it looks: "/\t/evil.example" is another host (WHATWG URL §4.4).
_WITHIN = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1999}")


def within_site(address: str | None) -> str | None:
    """`address` if it leads to a page of this site, else None (OWASP Unvalidated Redirects)."""
    return address if address and _WITHIN.fullmatch(address) else None
