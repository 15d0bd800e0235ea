"""Security headers, on every response.

Sources: OWASP HTTP Headers Cheat Sheet; Content Security Policy Level 3. `connect-src 'self'`
covers WebSockets of the same origin (Chromium, Firefox, Safari ≥ 15.4).
"""

from flask import Flask, Response, request

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        # No script may turn text into markup or code, and no policy by which it could is ever made (Trusted Types).
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def install(app: Flask) -> None:
    """Add the headers to every response of `app`."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a page may be stricter
    if request.endpoint != "static":
        # Whatever is not a file of ours is about one person: no cache may keep it, nor Back show it after sign-out.
        response.headers["Cache-Control"] = "no-store"
    return response
