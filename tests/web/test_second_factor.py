"""The second step of a sign-in."""

import re
import time

import pyotp
import pytest
import redis
from flask import Flask

from shared import keys, sessions
from shared.database import Database
from tests.web.browser import PASSWORD, Browser, text_of
from tests.web.conftest import MakeApp
from web import passwords, totp

PAGE = "/account/second-factor"


class Phone:
    """An authenticator app, whose owner types one code after the other: each is good once."""

    def __init__(self, secret: str) -> None:
        self._app = pyotp.TOTP(secret)
        self._step = int(time.time()) // 30

    def code(self) -> str:
        """The next code. The one after the present one is taken already."""
        code = self._app.generate_otp(self._step)
        self._step += 1
        return code


def secret_on(browser: Browser) -> str:
    found = re.search(r"<code translate=\"no\">([A-Z2-7 ]+)</code>", browser.get(PAGE).text)
    assert found is not None
    return found[1].replace(" ", "")


def codes_on(text: str) -> list[str]:
    return re.findall(r"<li><code translate=\"no\">([a-z2-9-]+)</code></li>", text)


def turn_on(browser: Browser) -> tuple[Phone, list[str]]:
    phone = Phone(secret_on(browser))
    response = browser.fill_in(PAGE, code=phone.code(), password=PASSWORD)
    assert response.status_code == 200, response.text
    return phone, codes_on(response.text)


def to_second_step(app: Flask, name: str = "alice") -> Browser:
    browser = Browser(app)
    assert browser.sign_in(name).location == "/sign-in/code"
    return browser


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/rooms/1").status_code == 200


# -- turning it on


def test_the_picture_is_drawn_for_its_user_only_and_kept_by_nobody(alice: Browser, bob: Browser) -> None:
    alice.get(PAGE)
    picture = alice.get(f"{PAGE}/code.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert picture.headers["Cache-Control"] == "no-store"
    assert b"<script" not in picture.data
    assert b"style=" not in picture.data
    assert bob.get(f"{PAGE}/code.svg").status_code == 404


def test_the_secret_stays_the_same_until_it_is_confirmed(alice: Browser) -> None:
    assert secret_on(alice) == secret_on(alice)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"code": "abcdef"}, "This code is wrong"),
        ({"code": ""}, "Type the code."),
        ({"code": "1" * 5000}, "This code is wrong"),
        ({"password": "this is wrong"}, "This is not your password."),
    ],
)
def test_it_is_not_turned_on_without_code_and_password(
    fields: dict[str, str], words: str, alice: Browser, app: Flask
) -> None:
    phone = Phone(secret_on(alice))
    response = alice.fill_in(PAGE, **({"code": phone.code(), "password": PASSWORD} | fields))
    assert response.status_code == 422
    assert words in text_of(response)
    assert Browser(app).sign_in("alice").location == "/"


def test_turning_it_on_signs_the_other_devices_out(alice: Browser, app: Flask) -> None:
    other = Browser(app)
    other.sign_in("alice")
    turn_on(alice)
    assert is_signed_in(alice)
    assert not is_signed_in(other)


def test_the_secret_is_stored_encrypted_and_the_codes_hashed(alice: Browser, database: Database) -> None:
    secret = secret_on(alice)
    _, codes = turn_on(alice)
    with database.cursor() as cursor:
        cursor.execute("SELECT totp_secret FROM users")
        stored = repr(cursor.fetchall())
        cursor.execute("SELECT code_hash FROM recovery_codes")
        hashes = [row["code_hash"] for row in cursor.fetchall()]
    assert secret not in stored
    assert sorted(hashes) == sorted(totp.recovery_hash(code) for code in codes)
    assert len(set(codes)) == 10


# -- signing in


def test_between_the_steps_nobody_is_signed_in(alice: Browser, app: Flask, store: "redis.Redis") -> None:
    turn_on(alice)
    browser = to_second_step(app)
    assert not is_signed_in(browser)
    assert browser.get("/api/rooms").status_code == 401
    assert browser.get("/account").status_code == 302
    assert browser.sid
    stored = store.get(keys.session(browser.sid))
    assert isinstance(stored, bytes)
    assert sessions.signed_in(stored) is None  # which is what the daemons ask


def test_the_code_signs_in_under_another_session_and_leads_on(alice: Browser, app: Flask) -> None:
    phone, _ = turn_on(alice)
    browser = Browser(app)
    response = browser.sign_in("alice", path="/sign-in?next=/direct/alice")
    assert response.location == "/sign-in/code?next=/direct/alice"
    before = browser.sid
    response = browser.fill_in(response.location, code=phone.code())
    assert (response.status_code, response.location) == (303, "/direct/alice")
    assert browser.sid != before
    assert is_signed_in(browser)


def test_a_code_with_spaces_is_one(alice: Browser, app: Flask) -> None:
    phone, _ = turn_on(alice)
    code = phone.code()
    assert to_second_step(app).fill_in("/sign-in/code", code=f" {code[:3]} {code[3:]} ").status_code == 303


def test_a_code_is_good_once(alice: Browser, app: Flask) -> None:
    phone, _ = turn_on(alice)
    code = phone.code()
    assert to_second_step(app).fill_in("/sign-in/code", code=code).status_code == 303
    response = to_second_step(app).fill_in("/sign-in/code", code=code)
    assert response.status_code == 422
    assert "was used already" in text_of(response)


def test_codes_of_a_neighbouring_half_minute_are_taken_and_no_others() -> None:
    secret, now = totp.new_secret(), 1_700_000_000
    app = pyotp.TOTP(secret)
    taken = [
        shift
        for shift in range(-4, 5)
        if totp.step_of(secret, app.at(now, counter_offset=shift), now=now) is not None
    ]
    assert taken == [-1, 0, 1]


@pytest.mark.parametrize(
    "code", ["", "000", "١٢٣٤٥٦", "12345６", "x" * 60, "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa", "\x00"]
)
def test_what_is_no_code_is_refused(code: str, alice: Browser, app: Flask) -> None:
    turn_on(alice)
    browser = to_second_step(app)
    assert browser.fill_in("/sign-in/code", code=code).status_code == 422
    assert not is_signed_in(browser)


def test_a_recovery_code_signs_in_once_however_it_is_typed(alice: Browser, app: Flask) -> None:
    _, codes = turn_on(alice)
    typed = codes[3].replace("-", " ").upper()
    assert to_second_step(app).fill_in("/sign-in/code", code=typed).status_code == 303
    assert to_second_step(app).fill_in("/sign-in/code", code=codes[3]).status_code == 422
    assert to_second_step(app).fill_in("/sign-in/code", code=codes[4]).status_code == 303
    assert "8 recovery codes are left" in text_of(alice.get(PAGE))


def test_guessing_codes_is_slowed_down(make_app: MakeApp) -> None:
    app = make_app(sign_in_tries=2)
    turn_on(Browser(app).register("alice"))
    browser = to_second_step(app)
    codes = [browser.fill_in("/sign-in/code", code="abc").status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_the_second_step_needs_the_first(alice: Browser, browser: Browser) -> None:
    phone, _ = turn_on(alice)
    assert browser.get("/sign-in/code").location == "/sign-in"
    token = browser.hidden("/sign-in")["csrf_token"]
    response = browser.post("/sign-in/code", {"csrf_token": token, "code": phone.code()})
    assert response.location == "/sign-in"
    assert not is_signed_in(browser)


def test_a_password_that_was_changed_between_the_steps_ends_the_first(alice: Browser, app: Flask) -> None:
    turn_on(alice)
    browser = to_second_step(app)
    new = "battery horse correct"
    alice.fill_in("/account/password", password=PASSWORD, new=new, again=new)
    assert browser.get("/sign-in/code").location == "/sign-in"
    assert not is_signed_in(browser)


def test_a_second_factor_that_is_turned_on_during_a_sign_in_is_not_passed_by_it(
    alice: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = passwords.verify

    def slow(stored: str | None, password: str) -> bool:
        right = verify(stored, password)
        with monkeypatch.context() as quick:
            quick.setattr(passwords, "verify", verify)
            turn_on(alice)
        return right

    browser = Browser(app)
    monkeypatch.setattr(passwords, "verify", slow)
    browser.sign_in("alice")
    assert not is_signed_in(browser)


def test_with_another_secret_key_recovery_codes_still_work(alice: Browser, make_app: MakeApp) -> None:
    phone, codes = turn_on(alice)
    app = make_app(secret_key="another one")
    browser = to_second_step(app)
    assert browser.fill_in("/sign-in/code", code=phone.code()).status_code == 422
    assert browser.fill_in("/sign-in/code", code=codes[0]).status_code == 303


# -- changing it


def test_turning_it_off_needs_the_password(alice: Browser, app: Flask) -> None:
    turn_on(alice)
    token = alice.hidden(PAGE)["csrf_token"]
    wrong = alice.post(f"{PAGE}/end", {"csrf_token": token, "password": "this is wrong"})
    assert wrong.status_code == 422
    assert Browser(app).sign_in("alice").location == "/sign-in/code"
    right = alice.post(f"{PAGE}/end", {"csrf_token": token, "password": PASSWORD})
    assert right.status_code == 303
    assert Browser(app).sign_in("alice").location == "/"


@pytest.mark.parametrize("what", ["end", "codes"])
def test_what_is_off_leads_to_where_it_is_turned_on(what: str, alice: Browser) -> None:
    token = alice.hidden(PAGE)["csrf_token"]
    response = alice.post(f"{PAGE}/{what}", {"csrf_token": token, "password": "this is wrong"})
    assert (response.status_code, response.location) == (303, PAGE)


def test_new_recovery_codes_make_the_old_ones_void(alice: Browser, app: Flask) -> None:
    _, old = turn_on(alice)
    token = alice.hidden(PAGE)["csrf_token"]
    response = alice.post(f"{PAGE}/codes", {"csrf_token": token, "password": PASSWORD})
    new = codes_on(response.text)
    assert len(new) == 10
    assert to_second_step(app).fill_in("/sign-in/code", code=old[0]).status_code == 422
    assert to_second_step(app).fill_in("/sign-in/code", code=new[0]).status_code == 303


def test_what_is_on_can_not_be_turned_on_over_it(alice: Browser) -> None:
    turn_on(alice)
    token = alice.hidden(PAGE)["csrf_token"]
    response = alice.post(PAGE, {"csrf_token": token, "code": "123456", "password": PASSWORD})
    assert (response.status_code, response.location) == (303, PAGE)
