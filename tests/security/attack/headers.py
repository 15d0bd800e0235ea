"""The headers of every kind of answer: of web's pages and interface, of nginx' refusals, and of files."""

import http.client
from dataclasses import dataclass, field

from tests.security.attack.site import Product
from tests.system.test_front import ask

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
NEVER = ("X-Powered-By", "Access-Control-Allow-Origin", "Via")
# Where a page is: what the policy must forbid whatever else it allows.
POLICY = ("default-src 'none'", "frame-ancestors 'none'")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of answer, and the request that brings it."""

    path: str
    status: int
    method: str = "GET"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    signed_in: bool = False


KINDS = {
    "a form": Kind("/sign-in", 200),
    "a page of somebody": Kind("/rooms/1", 200, signed_in=True),
    "the account": Kind("/account", 200, signed_in=True),
    "a redirect": Kind("/rooms/1", 302),
    "an answer to scripts": Kind("/api/rooms", 200, signed_in=True),
    "an error to scripts": Kind("/api/nothing", 404),
    "nobody asks the interface": Kind("/api/rooms", 401),
    "a page that is not there": Kind("/nothing", 404),
    "a wrong method": Kind("/sign-out", 405),
    "a strange method": Kind("/sign-in", 405, "TRACK"),
    "a form without a token": Kind("/sign-out", 400, "POST", b"a=b", signed_in=True),
    "a link that never was": Kind("/reset/nothing", 404),
    "a body that is too large": Kind("/sign-in", 413, "POST", b"a" * 100_000),
    "an address that is too long": Kind("/" + "a" * 9_000, 414),
    "a head that is too long": Kind("/", 431, headers={f"X-{n}": "a" * 7_000 for n in range(6)}),
    "a file": Kind("/static/js/theme.js", 200),
    "a file that is not there": Kind("/static/nothing.js", 404),
    "a file of a version that is not there": Kind("/static/0123456789ab/js/theme.js", 404),
    "the health": Kind("/healthz", 200),
}


def check(product: Product, cookie: str) -> list[str]:
    """Ask for every kind; what is wrong about the answers."""
    faults = []
    for name, kind in KINDS.items():
        headers = kind.headers | ({"Cookie": cookie} if kind.signed_in else {})
        answer = ask(product, kind.path, method=kind.method, body=kind.body, headers=headers)
        if answer.status != kind.status:
            faults.append(f"{name}: answered by {answer.status}, expected {kind.status}")
        faults += [f"{name}: {fault}" for fault in _faults(answer.headers)]
        if not kind.path.startswith("/static/") and answer.headers["Cache-Control"] != "no-store":
            faults.append(f"{name}: Cache-Control: {answer.headers['Cache-Control']}")
    return faults


def _faults(headers: http.client.HTTPMessage) -> list[str]:
    faults = [f"{name}: {headers[name]}" for name, value in ALWAYS.items() if headers[name] != value]
    faults += [f"{name} is told" for name in NEVER if headers[name]]
    faults += [f"no {name}" for name in ("Referrer-Policy", "Permissions-Policy") if not headers[name]]
    policy = headers["Content-Security-Policy"] or ""
    faults += [f"the policy lacks {part}" for part in POLICY if part not in policy]
    if any(character.isdigit() for character in headers["Server"] or ""):
        faults.append(f"Server: {headers['Server']}")
    for cookie in headers.get_all("Set-Cookie") or []:
        faults += [
            f"a cookie without {flag}"
            for flag in ("HttpOnly", "SameSite=Lax", "Path=/")
            if flag not in cookie
        ]
    return faults
