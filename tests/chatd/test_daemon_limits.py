"""Limits over a real socket: who asks for too much is told so, and nothing is lost by it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus

from shared import sessions
from shared.protocol import SUBPROTOCOL, Close, Code
from shared.settings import Settings
from tests.chatd.daemons import HOST, Chat, Person, running
from tests.chatd.device import SECONDS, Client, Frame
from tests.servers import Servers, wait_for
from tests.timing import best_of_tries, within

BURST = 5  # messages, and so on, at once: ten seconds' worth
RATE = BURST / 10  # so that what was used up stays so for a while, however busy the machine is
HANDSHAKES = 8
OF_ADDRESS = 80


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    """Its limits are low, so that they are soon reached."""
    servers.empty()
    yield from running(
        settings,
        message_rate=RATE,
        sync_rate=RATE,
        read_rate=RATE,
        signal_rate=RATE,
        handshake_rate=HANDSHAKES / 10,
        handshake_rate_per_address=OF_ADDRESS / 10,
        sockets_per_user=3,
        sockets_per_address=5,
        handshake_seconds=4.0,
    )


async def used_up(one: Client, room: int) -> list[Frame]:
    """Say as much as passes at once; the answers. Soon a further one passes: `before_refill`."""
    answers = [await one.send(f"message {number}", room=room) for number in range(BURST)]
    assert {answer["type"] for answer in answers} == {"ack"}
    return answers


def before_refill() -> AbstractContextManager[None]:
    """What is used up stays so for this long; what failed later says nothing, and is tried again."""
    return within(1 / RATE)


@asynccontextmanager
async def connections(chat: Chat, person: Person, count: int) -> AsyncIterator[list[Client]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(chat.connect(person)) for _ in range(count)]


# -- messages


@best_of_tries
async def test_who_says_too_much_is_told_when_the_same_passes(chat: Chat) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice) as one:
        with before_refill():
            await used_up(one, room)
            refusal = await one.send("one too many", room=room, id=id)
            assert (refusal["code"], refusal["temporary"], refusal["room"]) == (Code.TOO_MANY, True, room)
        assert 0 < refusal["retry_after"] <= 1 / RATE
        await asyncio.sleep(refusal["retry_after"])
        assert (await one.send("one too many", room=room, id=id))["number"] == BURST + 1
    assert chat.bodies(room)[-1] == "one too many"


async def test_a_resend_beyond_the_limit_gets_the_first_answer_later_and_is_never_refused_for_good(
    chat: Chat,
) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with chat.connect(alice) as one:
        first = await one.send("hello", room=room, id=id)
        while (answer := await one.send("filler", room=room))["type"] == "ack":
            continue
        assert answer["code"] == Code.TOO_MANY
    async with chat.connect(alice) as one:
        again = await one.send("hello", room=room, id=id)
        while again["type"] == "error":
            assert (again["code"], again["temporary"]) == (Code.TOO_MANY, True)
            await asyncio.sleep(again["retry_after"])
            again = await one.send("hello", room=room, id=id)
        assert again == first
    assert chat.bodies(room).count("hello") == 1


async def test_nothing_overtakes_what_was_refused_for_a_while(chat: Chat) -> None:
    """All at once, none awaited: what stands in the log is what was said first, without a hole."""
    alice = chat.person("alice")
    room = chat.room(alice)
    ids = [str(uuid4()) for _ in range(3 * BURST)]
    async with chat.connect(alice) as one:
        for id in ids:
            await one.say(type="send", id=id, room=room, body=id)
        answers = [await one.answer(id) for id in ids]
        accepted = [answer["type"] == "ack" for answer in answers]
        assert accepted == sorted(accepted, reverse=True)
        assert BURST <= sum(accepted) < len(ids)
        assert {a["code"] for a in answers if a["type"] == "error"} <= {Code.TOO_MANY, Code.BUSY}
    assert chat.bodies(room) == ids[: sum(accepted)]


async def test_who_sends_again_what_was_refused_gets_everything_through_in_order(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    ids = [str(uuid4()) for _ in range(BURST + 2)]
    async with chat.connect(alice) as one:
        for id in ids:
            while (answer := await one.send(id, room=room, id=id))["type"] == "error":
                await asyncio.sleep(answer["retry_after"])
    assert chat.bodies(room) == ids


@best_of_tries
async def test_edits_and_deletes_count_as_messages_and_all_devices_count_together(chat: Chat) -> None:
    alice = chat.person("alice")
    room, id = chat.room(alice), str(uuid4())
    async with connections(chat, alice, 2) as (one, two):
        with before_refill():
            await used_up(one, room)
            for command in ({"type": "edit", "base": 2, "body": "x"}, {"type": "delete"}):
                await two.say(**command, id=id, room=room, number=1)
                assert (await two.answer(id))["code"] == Code.TOO_MANY


@best_of_tries
async def test_one_s_limit_is_not_another_s(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        with before_refill():
            await used_up(one, room)
            assert (await one.send("x", room=room))["code"] == Code.TOO_MANY
        assert (await two.send("hello", room=room))["type"] == "ack"


# -- other frames


@pytest.mark.parametrize(
    "frame",
    [{"type": "sync", "since": 0}, {"type": "read", "number": 0}, {"type": "ping"}],
    ids=lambda frame: frame["type"],
)
async def test_what_is_cheap_to_ask_for_has_a_limit_too(chat: Chat, frame: Frame) -> None:
    alice = chat.person("alice")
    about = {} if frame["type"] == "ping" else {"room": chat.room(alice)}
    async with chat.connect(alice) as one:
        for _ in range(BURST + 1):
            await one.say(**frame, **about)
        refusal = await one.hear("error", code=Code.TOO_MANY, **about)
        assert refusal["temporary"]
        assert 0 < refusal["retry_after"] <= 1 / RATE
        await asyncio.sleep(refusal["retry_after"])
        one.inbox.clear()
        await one.say(**frame, **about)
        await one.hear({"sync": "changes", "read": "read", "ping": "pong"}[frame["type"]])


# -- connections


async def test_a_user_has_so_many_connections_and_another_one_after_one_went(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with connections(chat, alice, 3) as held:
        async with chat.connect(alice, hello=False) as one:
            assert await one.closed() == Close.TOO_MANY
            assert one.socket.close_reason == "too many connections of this user"
        async with chat.connect(bob) as other:
            await other.barrier()
        await held[0].socket.close()
        await asyncio.to_thread(wait_for, lambda: chat.daemons[0].health()[1]["connections"] == 2)
        async with chat.connect(alice):
            await held[1].barrier()


async def test_an_address_has_so_many_connections_whoever_uses_them(chat: Chat) -> None:
    """What a client itself says about its address is worth nothing: the proxy's word stands last."""
    people = chat.people(*["alice"] * 6)
    forged = [{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7", "X-Real-IP": "192.0.2.1"} for n in range(6)]
    async with AsyncExitStack() as stack:
        for person, headers in zip(people[:5], forged, strict=False):
            await stack.enter_async_context(chat.connect(person, headers=headers))
        async with chat.connect(people[5], hello=False, headers=forged[5]) as one:
            assert await one.closed() == Close.TOO_MANY
            assert one.socket.close_reason == "too many connections from this address"
        async with chat.connect(people[5], headers={"X-Forwarded-For": "203.0.113.8"}) as one:
            await one.barrier()


async def test_who_connects_again_and_again_is_told_to_come_later(chat: Chat) -> None:
    alice, welcomed = chat.person("alice"), 0
    while True:
        async with chat.connect(alice, hello=False) as one:
            await one.say(type="hello")
            if not await was_welcomed(one):
                break
            welcomed += 1
    assert welcomed >= HANDSHAKES
    assert one.socket.close_code == Close.TOO_MANY
    assert one.socket.close_reason == "too many connections in a short time"


async def was_welcomed(one: Client) -> bool:
    """Whether the daemon answered `hello`, or ended the connection."""
    async with asyncio.timeout(SECONDS):
        while one.is_open and not one.heard("welcome"):
            await asyncio.sleep(0.01)
    return bool(one.heard("welcome"))


async def test_a_flood_of_handshakes_from_one_address_is_refused_before_the_upgrade(chat: Chat) -> None:
    alice, headers = chat.person("alice"), {"X-Forwarded-For": "203.0.113.99"}
    taken = 0
    refused = None
    while refused is None and taken < 1000:
        try:
            async with chat.connect(None, hello=False, headers=headers) as one:
                assert await one.closed() == Close.SIGNED_OUT
            taken += 1
        except InvalidStatus as refusal:
            refused = refusal.response
    assert refused is not None
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert taken >= OF_ADDRESS
    async with chat.connect(alice, headers={"X-Forwarded-For": "203.0.113.100"}) as one:
        await one.barrier()


async def test_another_site_s_page_uses_up_nothing_of_what_an_office_may_open(chat: Chat) -> None:
    alice, headers = chat.person("alice"), {"X-Forwarded-For": "203.0.113.101"}
    for _ in range(2 * OF_ADDRESS):
        with pytest.raises(InvalidStatus) as refused:
            async with chat.connect(None, origin="http://elsewhere.test", headers=headers):
                pass
        assert refused.value.response.status_code == 403
    async with chat.connect(alice, headers=headers) as one:
        await one.barrier()


# -- handshakes


def line_to(chat: Chat) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    line.connect(chat.daemons[0].path)
    return line


def answer_to(line: socket.socket) -> bytes:
    """All that comes until the daemon hangs up."""
    answer = b""
    try:
        while part := line.recv(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def test_a_handshake_that_dawdles_is_cut_off(chat: Chat) -> None:
    with line_to(chat) as line:
        line.sendall(b"GET /ws HTTP/1.1\r\nHost: chat.test\r\nX-Slow")
        assert answer_to(line) == b""


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Long: " + b"x" * 9_000 + b"\r\n",
        b"X-Many: x\r\n" * 200,
        (b"X-Big: " + b"x" * 8_000 + b"\r\n") * 100,
    ],
    ids=["a long line", "many lines", "many long lines"],
)
def test_a_huge_handshake_is_refused(chat: Chat, headers: bytes) -> None:
    with line_to(chat) as line:
        try:
            line.sendall(b"GET /ws HTTP/1.1\r\nHost: chat.test\r\n" + headers + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return
        answer = answer_to(line)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


async def test_who_never_says_hello_is_closed(chat: Chat) -> None:
    async with chat.connect(chat.person("alice"), hello=False) as one:
        await one.say(type="ping")
        assert await one.closed() == Close.TRY_AGAIN


# -- origins


@pytest.mark.parametrize(
    ("kind", "origins"),
    [
        ("another site", ["http://evil.test"]),
        ("a sandboxed page or a file", ["null"]),
        ("none", []),
        ("two", [f"http://{HOST}", "http://evil.test"]),
        ("the same one twice", [f"http://{HOST}", f"http://{HOST}"]),
        ("another scheme than was served", [f"https://{HOST}"]),
        ("another port", [f"http://{HOST}:8443"]),
        ("a name that begins alike", [f"http://{HOST}.evil.test"]),
        ("a name that ends alike", [f"http://evil{HOST}"]),
        ("a user before the host", [f"http://{HOST}@evil.test"]),
        ("a path", [f"http://{HOST}/"]),
        ("letters that look alike", ["http://ch\u0430t.test"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_other_page_may_connect_even_with_the_cookie(chat: Chat, kind: str, origins: list[str]) -> None:
    status = handshake(chat, chat.person("alice"), origins)
    assert status == 403, kind


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"HTTP://{HOST.upper()}"])
def test_a_page_of_the_served_host_may_connect(chat: Chat, origin: str) -> None:
    assert handshake(chat, chat.person("alice"), [origin]) == 101


def handshake(chat: Chat, person: Person, origins: list[str]) -> int:
    """The status of a handshake with just these `Origin` headers, over a proxy that served plain http."""
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {HOST}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
        f"Cookie: {sessions.COOKIE}={person.sid}",
        "X-Forwarded-Proto: http",
        *(f"Origin: {origin}" for origin in origins),
    ]
    with line_to(chat) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(line.recv(4096).split()[1])
