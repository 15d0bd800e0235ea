import pytest

from tests.web.browser import Browser

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self';"
    " manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sign-in",
        "/register",
        "/rooms/1",
        "/rooms/99",
        "/api/rooms",
        "/api/nothing",
        "/nothing",
        "/sign-out",
        "/healthz",
    ],
)
def test_every_response_carries_the_security_headers(path: str, alice: Browser) -> None:
    headers = alice.get(path).headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/register", "/nothing", "/rooms/1"])
def test_no_page_has_what_the_policy_would_block(path: str, alice: Browser, browser: Browser) -> None:
    page = (browser if path in ("/sign-in", "/register") else alice).get(path).text
    assert " style=" not in page
    assert "<style" not in page
    assert " onclick=" not in page
    assert "<script>" not in page
