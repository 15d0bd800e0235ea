"""What is published about one user."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events, protocol


def test_an_event_comes_back_as_it_was_published() -> None:
    assert events.decode(events.joined(7)) == events.UserEvent("joined", room=7)
    assert events.decode(events.left(7)) == events.UserEvent("left", room=7)
    assert events.decode(events.revoked("ab")) == events.UserEvent("revoked", session="ab")


def test_events_are_json_as_the_contract_says() -> None:
    assert events.joined(7) == b'{"type":"joined","room":7}'
    assert events.revoked("ab") == b'{"type":"revoked","session":"ab"}'


def test_a_read_marker_is_an_event_too() -> None:
    marker = protocol.encode(protocol.Marker(room=7, last_read=3, marker=9))
    assert events.decode(marker) == events.UserEvent("read", room=7)


def test_a_newer_versions_event_may_have_more_fields() -> None:
    assert events.decode(b'{"type":"joined","room":7,"by":3}').room == 7


@pytest.mark.parametrize("payload", [b"", b"x", b"[]", b"{}", b'{"type":1}', b'{"type":"left","room":"7"}'])
def test_anything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError):
        events.decode(payload)


@given(st.binary())
def test_no_publish_does_harm(payload: bytes) -> None:
    try:
        events.decode(payload)
    except ValueError:
        return
