"""What `make fuzz` runs: coverage-guided inputs to everything that reads what strangers send.

Atheris (libFuzzer) watches which branches of our code an input reaches, and goes on from those that
reach new ones. Each target says what must hold, for any bytes. Runs in the venv of `tools/fuzz.txt`.
"""

import contextlib
import io
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]  # of another venv

with atheris.instrument_imports(include=["shared", "chatd", "web"]):
    from websockets.datastructures import Headers
    from websockets.exceptions import InvalidHeader
    from werkzeug.datastructures import MultiDict
    from werkzeug.exceptions import BadRequest, UnsupportedMediaType

    from chatd import handshake
    from shared import mentions, protocol, reactions, sessions, text
    from web import strict, urls

FOLDER = Path("var/fuzz")
SEEDS = {
    "frame": [
        b'{"type":"hello","epoch":1,"cursors":{"1":2}}',
        b'{"type":"send","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f11","room":1,"body":"hi"}',
        b'{"type":"edit","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f11","room":1,"number":1,"base":1,"body":"x"}',
        '{"type":"react","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f11","room":1,"number":1,"emoji":"👍","on":true}'.encode(),
        b'{"type":"watch","users":[1,2]}',
        b'{"type":"presence","state":"away"}',
        b'{"type":"react","id":"0b5f4d0e-3f58-4f0c-9c9a-3f0f2f8e7f15","room":1,"number":1,"emoji":"+","on":true}',
        b'{"type":"presence","state":"away"}',
        b'{"type":"watch","users":[1,2]}',
        b'{"type":"sync","room":1,"since":0,"since":1}',
        b"[" * 2000,
    ],
    "session": [
        sessions.encode(sessions.SignedIn(1, 1, "Firefox", "::1").fields()),
        pickle.dumps({"user_id": 1}),
    ],
    "cookie": [b"a=b; parley_session=" + b"A" * 43 + b"; c=d"],
    "origin": [b"https://chat.example.org\nchat.example.org\nhttps", b"null\nchat.example.org\n"],
    "form": [b"name=anna&password=secret&gender=0", b"name=%ff&name=%00"],
    "next": [b"/rooms/1", b"//evil.example", b"/\\evil.example", b"/%2f%2fevil.example"],
    "text": ["<b>Grüße</b> 🐎".encode(), b"@anna `@bob`\n> ```\n> @room\n\\`@eve`", "❤\ufe0f".encode()],
}


def frame(data: bytes) -> None:
    """A frame is refused by `InvalidFrame` alone, and what is taken can be written down and read again."""
    try:
        message = protocol.decode(data)
    except protocol.InvalidFrame:
        return
    assert protocol.decode(protocol.encode(message)) == message
    assert protocol.decode(data.decode()) == message


def session(data: bytes) -> None:
    """A stored session is a dict of what msgpack knows, and never more."""
    found = sessions.decode(data)
    assert isinstance(found, dict)
    who = sessions.signed_in(data)
    assert who is None or (who.user > 0 and who.began > 0)


def cookie(data: bytes) -> None:
    """What is found in a header may become part of a key."""
    found = sessions.sid_of_cookie(data.decode("latin-1"))
    assert found is None or sessions.is_sid(found)


def origin(data: bytes) -> None:
    """Only the host's own origin, in the scheme that the proxy names, may connect."""
    given, host, proto = (*data.decode("latin-1").split("\n"), "", "")[:3]
    try:
        headers = Headers([("Origin", given), ("Host", host), ("X-Forwarded-Proto", proto)])
    except InvalidHeader:  # such a request does not reach us
        return
    if handshake.is_allowed(headers, (), proxied=True):
        assert given.lower() == f"{proto.lower()}://{host.lower()}"


def form(data: bytes) -> None:
    """A body is refused as a client's fault, or each field has one value, which says what the bytes say."""
    parser = strict.FormParser(max_form_memory_size=65_536, max_form_parts=strict.FIELDS, cls=MultiDict)
    try:
        _, fields, files = parser.parse(io.BytesIO(data), "application/x-www-form-urlencoded", len(data))
    except (BadRequest, UnsupportedMediaType):
        return
    assert not files
    whole = unquote_to_bytes(data.replace(b"+", b" "))
    for name, values in fields.lists():
        assert len(values) == 1
        assert name.encode() in whole
        assert values[0].encode() in whole


def next_page(data: bytes) -> None:
    """Where sign-in goes on to lies on this site, as a browser reads addresses (WHATWG URL §4.4)."""
    with contextlib.suppress(UnicodeDecodeError):
        found = urls.within_site(data.decode())
        assert found is None or (found.startswith("/") and found[1:2] not in ("/", "\\"))
        assert found is None or not any(character < " " for character in found)


def any_text(data: bytes) -> None:
    """A nickname's key is ASCII, whom a text calls stands in it, an emoji has one spelling; nothing raises."""
    with contextlib.suppress(UnicodeDecodeError):
        given = data.decode()
        key = text.nickname_key(given)
        assert key is None or key.isascii()
        assert all(f"@{name}" in given.lower() for name in mentions.called(given).names)
        emoji = reactions.clean(given)
        assert emoji is None or reactions.clean(emoji) == emoji


TARGETS: dict[str, Callable[[bytes], None]] = {
    "frame": frame,
    "session": session,
    "cookie": cookie,
    "origin": origin,
    "form": form,
    "next": next_page,
    "text": any_text,
}


def main() -> None:
    """`python -m tests.security.fuzz_targets TARGET [libFuzzer's options]`."""
    name = sys.argv[1]
    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [f"-artifact_prefix={FOLDER}/found-{name}-", "-max_len=4096", "-timeout=5", *sys.argv[2:]]
    atheris.Setup([sys.argv[0], *options, str(corpus)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
