"""The session as both doors read it."""

import pickle
import secrets
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import sessions

ALICE = sessions.SignedIn(user=7, began=1000, agent="Mozilla/5.0", address="192.0.2.1")
SID = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN_-9"

values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


# -- the id


def test_a_new_id_has_the_form_of_an_id() -> None:
    assert sessions.is_sid(secrets.token_urlsafe(sessions.SID_BYTES))


@pytest.mark.parametrize(
    "text", ["", "x" * 42, "x" * 44, "x" * 42 + "*", "x" * 42 + "\n", "é" * 43, "x" * 43 + "\n"]
)
def test_nothing_else_becomes_part_of_a_key(text: str) -> None:
    assert not sessions.is_sid(text)


# -- the cookie


@pytest.mark.parametrize(
    "header",
    [
        f"parley_session={SID}",
        f"a=1; parley_session={SID}; b=2",
        f"a=1;parley_session={SID}",
        f"  parley_session = {SID}  ",
        f"a=b=c; parley_session={SID}",
        f"xparley_session=no; parley_session={SID}",
        f"novalue; parley_session={SID}",
    ],
)
def test_the_id_is_found_in_a_cookie_header(header: str) -> None:
    assert sessions.sid_of_cookie(header) == SID


@pytest.mark.parametrize(
    "foreign", ['prefs={"a":1}', "version=1", "path=/", "name=é", "[a]=1", '"=x', "a=b c", "a=b,c", "=", ";;"]
)
def test_another_programs_cookie_on_the_same_host_does_not_hide_it(foreign: str) -> None:
    assert sessions.sid_of_cookie(f"{foreign}; parley_session={SID}") == SID
    assert sessions.sid_of_cookie(f"parley_session={SID}; {foreign}") == SID


@pytest.mark.parametrize(
    "header",
    [
        "",
        "a=1",
        "parley_session",
        "parley_session=",
        f"parley_session={SID}x",
        "parley_session=*",
        f"other={SID}",
    ],
)
def test_no_session_is_found_where_there_is_none(header: str) -> None:
    assert sessions.sid_of_cookie(header) is None


def test_of_two_cookies_the_first_counts_as_it_does_for_the_web_service() -> None:
    assert sessions.sid_of_cookie(f"parley_session={SID}; parley_session={SID[::-1]}") == SID
    assert sessions.sid_of_cookie(f"parley_session=broken; parley_session={SID}") is None


def test_behind_https_only_the_cookie_that_no_other_host_can_plant_counts() -> None:
    name = sessions.cookie_name(secure=True)
    assert name == "__Host-parley_session"
    assert sessions.sid_of_cookie(f"parley_session={SID[::-1]}; {name}={SID}", name) == SID
    assert sessions.sid_of_cookie(f"parley_session={SID}", name) is None
    assert sessions.sid_of_cookie(f"{name}={SID}", sessions.cookie_name(secure=False)) is None


@given(st.text())
def test_no_cookie_header_does_harm(header: str) -> None:
    found = sessions.sid_of_cookie(header)
    assert found is None or sessions.is_sid(found)


# -- what is stored


@given(st.dictionaries(st.text(), values))
def test_a_session_comes_back_as_it_was_stored(session: dict[str, Any]) -> None:
    assert sessions.decode(sessions.encode(session)) == session


@given(st.binary())
def test_damaged_sessions_are_no_sessions(stored: bytes) -> None:
    assert isinstance(sessions.decode(stored), dict)
    found = sessions.signed_in(stored)
    assert found is None or found.user > 0


class Exploit:
    """Would raise if anybody unpickled it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('code of a session was run')",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_no_session_and_is_never_run(protocol: int) -> None:
    for planted in (Exploit(), ALICE.fields()):
        stored = pickle.dumps(planted, protocol)
        assert sessions.decode(stored) == {}
        assert sessions.signed_in(stored) is None


def test_json_is_no_session() -> None:
    assert sessions.signed_in(b'{"user_id": 1, "began": 1}') is None


def test_a_nesting_bomb_is_no_session() -> None:
    assert sessions.decode(b"\x81\xa1a" + b"\x91" * 100_000) == {}


@pytest.mark.parametrize("field", [sessions.USER_ID, sessions.BEGAN])
@pytest.mark.parametrize("value", [0, -1, True, "1", 1.0, None, [1], {"id": 1}])
def test_only_positive_whole_numbers_say_who_signed_in_and_when(field: str, value: object) -> None:
    assert sessions.signed_in(msgspec.msgpack.encode(ALICE.fields() | {field: value})) is None


def test_a_signed_in_session_says_who_it_is() -> None:
    assert sessions.signed_in(sessions.encode({**ALICE.fields(), "csrf_token": "x"})) == ALICE


def test_a_session_without_its_beginning_would_never_end_and_is_none() -> None:
    assert sessions.signed_in(sessions.encode({sessions.USER_ID: 7})) is None


@pytest.mark.parametrize("field", [sessions.AGENT, sessions.ADDRESS])
def test_a_damaged_device_or_address_signs_nobody_out(field: str) -> None:
    found = sessions.signed_in(sessions.encode(ALICE.fields() | {field: 1}))
    assert found is not None
    assert (found.user, getattr(found, field)) == (7, "")


def test_a_device_that_says_much_of_itself_is_cut_short() -> None:
    assert sessions.SignedIn(7, 1000, "x" * 5000).fields()[sessions.AGENT] == "x" * sessions.AGENT_MAX


@pytest.mark.parametrize("stored", [None, b"", sessions.encode({}), sessions.encode({"csrf_token": "x"})])
def test_a_visitor_is_nobody(stored: bytes | None) -> None:
    assert sessions.signed_in(stored) is None


# -- how long it lives


@pytest.mark.parametrize(
    ("now", "left"),
    [(1000, 100), (1400, 100), (1450, 50), (1499.5, 0), (1500, 0), (1600, -100), (900, 100)],
)
def test_a_session_lives_until_it_idles_out_and_never_beyond_its_lifetime(now: float, left: int) -> None:
    assert ALICE.seconds_left(now=now, idle=100, lifetime=500) == left


# -- its name in public


def test_a_digest_says_nothing_of_the_id_and_is_the_same_each_time() -> None:
    assert sessions.digest(SID) == sessions.digest(SID)
    assert sessions.digest(SID) != sessions.digest(SID[::-1])
    assert SID[:8] not in sessions.digest(SID)
    assert len(sessions.digest(SID)) == 32
