"""What a client may send, and what it may not."""

import json
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import protocol
from shared.protocol import Close, Code, InvalidFrame, decode, encode

ID = "00000000-0000-0000-0000-000000000001"
SEND = {"type": "send", "id": ID, "room": 1, "body": "hello"}


def refused(frame: str | bytes) -> str:
    with pytest.raises(InvalidFrame) as caught:
        decode(frame)
    return str(caught.value)


def with_(base: dict[str, Any], **changes: Any) -> str:
    return json.dumps(base | changes)


# -- every message of a client

naturals = st.integers(0, 2**53 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]))
messages: st.SearchStrategy[protocol.ClientFrame] = st.one_of(
    st.builds(protocol.Hello, epoch=naturals, cursors=st.dictionaries(naturals, naturals, max_size=5)),
    st.builds(
        protocol.Send,
        id=st.uuids(),
        body=texts,
        room=st.none() | naturals,
        to=st.none() | texts,
        reply_to=st.none() | naturals,
    ),
    st.builds(protocol.Edit, id=st.uuids(), room=naturals, number=naturals, base=naturals, body=texts),
    st.builds(protocol.Delete, id=st.uuids(), room=naturals, number=naturals),
    st.builds(
        protocol.React,
        id=st.uuids(),
        room=naturals,
        number=naturals,
        emoji=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=protocol.EMOJI_MAX),
        on=st.booleans(),
    ),
    st.builds(protocol.Read, room=naturals, number=naturals),
    st.builds(protocol.Unread, room=naturals, number=naturals),
    st.builds(protocol.Typing, room=naturals),
    st.builds(protocol.Presence, state=st.sampled_from(["online", "away"])),
    st.builds(protocol.Watch, users=st.lists(naturals, max_size=5)),
    st.builds(protocol.Sync, room=naturals, since=naturals),
    st.builds(protocol.Ping),
)


@given(messages)
def test_every_message_of_a_client_comes_back_as_it_was_sent(message: protocol.ClientFrame) -> None:
    assert decode(encode(message)) == message
    assert decode(encode(message).decode()) == message


@given(messages, st.text(min_size=1).filter(lambda name: name != "type"))
def test_no_message_may_have_an_unknown_field(message: protocol.ClientFrame, name: str) -> None:
    fields = msgspec.to_builtins(message)
    if name not in fields and name not in message.__struct_fields__:
        refused(json.dumps(fields | {name: 1}))


@given(messages, st.data())
def test_no_message_may_have_a_field_twice(message: protocol.ClientFrame, data: st.DataObject) -> None:
    fields = json.loads(encode(message))
    name = data.draw(st.sampled_from(sorted(fields)))
    pair = f"{json.dumps(name)}: {json.dumps(fields[name])}, "
    assert "twice" in refused("{" + pair + json.dumps(fields)[1:])


@given(messages, st.data())
def test_no_message_may_have_a_value_of_another_type(
    message: protocol.ClientFrame, data: st.DataObject
) -> None:
    fields = json.loads(encode(message))
    name = data.draw(st.sampled_from(sorted(fields)))
    wrong = data.draw(st.sampled_from([True, 1.5, -1, 2**53, [], [1], {"a": 1}, "\u0000"]))
    right = {"body": str, "to": str, "emoji": str, "on": bool, "users": list}
    if not isinstance(wrong, right.get(name, ())):
        refused(json.dumps(fields | {name: wrong}))


# -- whatever comes


@given(st.binary())
def test_no_bytes_do_harm(frame: bytes) -> None:
    try:
        decode(frame)
    except InvalidFrame:
        return


@given(st.text())
def test_no_text_does_harm(frame: str) -> None:
    try:
        decode(frame)
    except InvalidFrame:
        return


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
FIELDS = [
    "id", "room", "to", "body", "number", "base", "epoch", "cursors", "since", "reply_to", "emoji", "on", "state", "users", "x",
]  # fmt: skip
TYPES = [
    "hello", "send", "edit", "delete", "react", "read", "unread", "typing", "presence", "watch", "sync", "ping", "other", 1, None,
]  # fmt: skip


@given(
    st.fixed_dictionaries({"type": st.sampled_from(TYPES)}),
    st.dictionaries(st.sampled_from(FIELDS), anything),
)
def test_no_json_does_harm(kind: dict[str, Any], fields: dict[str, Any]) -> None:
    try:
        decode(json.dumps(kind | fields))
    except InvalidFrame:
        return


# -- single cases, by name


@pytest.mark.parametrize(
    "frame",
    [
        "",
        " ",
        "x",
        "{",
        "null",
        "1",
        '"ping"',
        "[]",
        '[{"type":"ping"}]',
        "{}",
        '{"type":"ping"}{"type":"ping"}',
    ],
)
def test_a_frame_is_one_json_object(frame: str) -> None:
    refused(frame)


@pytest.mark.parametrize(
    "kind", ["Ping", "PING", "message", "ack", "welcome", "", " ping", None, 1, ["ping"]]
)
def test_an_unknown_type_is_refused(kind: object) -> None:
    refused(json.dumps({"type": kind}))


def test_a_message_without_its_fields_is_refused() -> None:
    for name in ("type", "id", "body"):
        refused(json.dumps({key: value for key, value in SEND.items() if key != name}))


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "-1", "1.0", "1e2", "9007199254740992", "9" * 5000, "01"]
)
def test_a_number_is_a_natural_that_every_reader_reads_alike(number: str) -> None:
    refused(f'{{"type": "sync", "room": 1, "since": {number}}}')


def test_the_largest_number_is_the_largest_that_javascript_holds() -> None:
    assert decode('{"type": "sync", "room": 1, "since": 9007199254740991}') == protocol.Sync(1, 2**53 - 1)


@pytest.mark.parametrize(
    "frame",
    [
        '{"type": "ping", "type": "ping"}',
        '{"type": "ping", "\\u0074ype": "ping"}',
        '{"type": "sync", "room": 1, "since": 1, "since": 2}',
        '{"type": "hello", "cursors": {"1": 1, "1": 2}}',
        '{"type": "hello", "cursors": {"1": 1, "\\u0031": 2}}',
    ],
)
def test_a_field_that_stands_twice_is_refused_however_it_is_written(frame: str) -> None:
    assert "twice" in refused(frame)


@pytest.mark.parametrize("room", ["01", "1.0", " 1", "-1", "x", "", "9007199254740992"])
def test_a_cursors_room_is_written_in_one_way_only(room: str) -> None:
    refused(json.dumps({"type": "hello", "cursors": {room: 1}}))


@pytest.mark.parametrize("body", ['"\\ud800"', '"\\udfff x"', '"\\ud800\\ud800"', '"\\udc00\\ud800"'])
def test_half_of_a_surrogate_pair_is_refused(body: str) -> None:
    refused(f'{{"type": "send", "id": "{ID}", "room": 1, "body": {body}}}')


def test_a_whole_surrogate_pair_is_a_character() -> None:
    message = decode(f'{{"type": "send", "id": "{ID}", "room": 1, "body": "\\ud83d\\ude42"}}')
    assert message == protocol.Send(UUID(ID), "🙂", 1)


@pytest.mark.parametrize("raw", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"])
def test_invalid_utf_8_is_refused(raw: bytes) -> None:
    refused(b'{"type": "send", "id": "' + ID.encode() + b'", "room": 1, "body": "' + raw + b'"}')


@pytest.mark.parametrize(
    "opening", ["[", '{"a":', '{"type":"ping","x":[', '{"type":{"a":', '{"cursors":{"1":[']
)
def test_a_nesting_bomb_is_refused(opening: str) -> None:
    refused(opening * 50_000)
    refused('{"type": "ping", "x": ' + "[" * 30_000 + "]" * 30_000 + "}")


@pytest.mark.parametrize("id", ["", "1", "g" * 32, ID + "0", 1, None])
def test_a_commands_id_is_a_uuid(id: object) -> None:
    refused(with_(SEND, id=id))


def test_more_people_than_one_may_watch_are_refused() -> None:
    most = list(range(protocol.WATCHED_MAX))
    assert decode(json.dumps({"type": "watch", "users": most})) == protocol.Watch(most)
    refused(json.dumps({"type": "watch", "users": [*most, 1]}))


@pytest.mark.parametrize("emoji", ["", "x" * (protocol.EMOJI_MAX + 1)])
def test_an_emoji_is_a_few_characters(emoji: str) -> None:
    refused(json.dumps({"type": "react", "id": ID, "room": 1, "number": 1, "emoji": emoji, "on": True}))


@pytest.mark.parametrize("state", ["offline", "busy", "", None])
def test_a_client_is_online_or_away(state: object) -> None:
    refused(json.dumps({"type": "presence", "state": state}))


def test_what_is_wrong_is_said() -> None:
    assert "unknown field `boddy`" in refused(with_(SEND, boddy="x"))
    assert "$.room" in refused(with_(SEND, room="1"))


# -- what the server sends


def test_a_message_of_the_server_is_small_and_tagged() -> None:
    assert encode(protocol.Pong()) == b'{"type":"pong"}'
    assert encode(protocol.Changes(room=1, from_=2, to=3)) == b'{"type":"changes","room":1,"from":2,"to":3}'
    assert encode(protocol.Marker(room=1, last_read=2, marker=3)).startswith(b'{"type":"read"')


def test_the_type_stands_first_since_the_daemon_looks_for_it_there() -> None:
    room = protocol.Room(1, "public", "general", 0, 1)
    assert encode(protocol.RoomChange(room=1, version=1, state=room)).startswith(b'{"type":"room"')


def test_no_server_message_can_be_sent_by_a_client() -> None:
    refused(encode(protocol.Pong()))
    refused(encode(protocol.Left(room=1)))
    refused(encode(protocol.Marker(room=1, last_read=2, marker=3)))
    refused(encode(protocol.SomebodyTypes(1, protocol.User(1, "anna"))))
    refused(encode(protocol.Presences({1: "online"})))


# -- the tables


def constants(table: type) -> list[Any]:
    return [value for name, value in vars(table).items() if name.isupper()]


def test_codes_are_unique() -> None:
    assert len(set(constants(Code))) == len(constants(Code))
    assert len(set(constants(Close))) == len(constants(Close))


def test_close_codes_are_registered_or_private() -> None:
    """RFC 6455 §7.4.2: 4000 to 4999 are for private use; the others stand in IANA's registry."""
    assert all(code in (1011, 1012, 1013) or 4000 <= code <= 4999 for code in constants(Close))
