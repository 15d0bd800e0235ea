"""Who may connect, and for how long: sessions, origins, the subprotocol, and what is no WebSocket."""

import asyncio
import pickle
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import InvalidStatus

from shared import events, keys, sessions
from shared.protocol import Close
from tests.chatd.daemons import QUIET, Chat, Person
from tests.chatd.device import Client
from tests.servers import wait_for
from tests.timing import best_of_tries, within


def revoke(chat: Chat, person: Person) -> None:
    chat.redis.delete(keys.session(person.sid))
    chat.redis.publish(chat.channels.user(person.id), events.revoked(sessions.digest(person.sid)))


# -- at the handshake


@pytest.mark.parametrize(
    ("kind", "cookie"),
    [
        ("none", None),
        ("empty", "parley_session="),
        ("no id", "parley_session=admin"),
        ("dead", "parley_session=" + "x" * 43),
        ("another key of Redis", "parley_session=../parley:room:1"),
        ("another cookie", "other=" + "x" * 43),
    ],
)
async def test_without_a_session_one_is_sent_to_sign_in(chat: Chat, kind: str, cookie: str | None) -> None:
    async with chat.connect(None, cookie=cookie, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT, kind


@pytest.mark.parametrize(
    "stored",
    [
        sessions.encode({"csrf_token": "x"}),
        sessions.encode({"user_id": 1}),
        b"\xc1",
        pickle.dumps({"user_id": 1, "began": 2_000_000_000}),
        b'{"user_id": 1, "began": 2000000000}',
        b"",
    ],
)
async def test_a_session_of_nobody_or_a_damaged_one_is_none(chat: Chat, stored: bytes) -> None:
    chat.redis.set(keys.session("y" * 43), stored)
    async with chat.connect(None, cookie="parley_session=" + "y" * 43, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_key_of_another_type_is_no_session(chat: Chat) -> None:
    chat.redis.hset(keys.session("z" * 43), "user_id", "1")
    async with chat.connect(None, cookie="parley_session=" + "z" * 43, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT


async def test_without_https_the_name_of_the_cookie_for_https_is_not_read(chat: Chat) -> None:
    cookie = f"__Host-parley_session={chat.person('alice').sid}"
    async with chat.connect(None, cookie=cookie, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT


async def test_the_session_is_found_among_other_cookies(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(None, cookie=f'prefs={{"a":1}}; parley_session={alice.sid}; b=2') as one:
        assert one.welcome["user"]["id"] == alice.id


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://chat.test:81", None])
async def test_a_page_of_another_site_is_refused(chat: Chat, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with chat.connect(chat.person("alice"), origin=origin):
            pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("offered", [(), ("parley.v0",), ("graphql-ws", "v1")])
async def test_a_client_of_another_protocol_is_told_not_to_come_back(
    chat: Chat, offered: tuple[str, ...]
) -> None:
    async with chat.connect(chat.person("alice"), subprotocols=offered, hello=False) as one:
        assert await one.closed() == Close.NOT_ALLOWED


async def test_our_subprotocol_is_chosen_among_several(chat: Chat) -> None:
    offered = ("parley.v9", "parley.v1")
    async with chat.connect(chat.person("alice"), subprotocols=offered) as one:
        assert one.socket.subprotocol == "parley.v1"


# -- between the handshake and the welcome


async def until_known(silent: Client) -> None:
    """Return when the daemon has looked the session up, and awaits hello."""
    await silent.say(type="ping")
    await silent.hear("error")


@best_of_tries
async def test_a_session_that_ends_before_hello_closes_within_a_second(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, hello=False) as silent:
        await until_known(silent)
        with within(1):
            revoke(chat, alice)
            assert await silent.closed() == Close.SIGNED_OUT


@best_of_tries
async def test_a_session_that_ends_while_hello_does_not_come_closes_at_once(chat: Chat) -> None:
    alice = chat.person("alice")
    mine = chat.channels.user(alice.id)
    async with chat.connect(alice, hello=False) as silent:
        await until_known(silent)
        await asyncio.to_thread(wait_for, lambda: chat.redis.pubsub_numsub(mine)[0][1] == 1, 5)
        with within(0.4):
            revoke(chat, alice)
            assert await silent.closed() == Close.SIGNED_OUT


async def test_a_session_that_ended_before_hello_is_never_welcomed(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, hello=False) as late:
        await until_known(late)
        chat.redis.delete(keys.session(alice.sid))
        await late.say(type="hello")
        assert await late.closed() == Close.SIGNED_OUT
        assert late.heard("welcome") == []


async def test_who_says_hello_late_is_welcomed(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, hello=False) as late:
        mine = chat.channels.user(alice.id)
        await asyncio.to_thread(wait_for, lambda: chat.redis.pubsub_numsub(mine)[0][1] == 1, 5)
        await late.say(type="hello")
        await late.hear("welcome")
        await late.barrier()


async def test_a_session_is_looked_up_twice_by_a_handshake_and_not_more_often(chat: Chat) -> None:
    """Before anything else, and once more when its end would be heard of."""

    def looked_up() -> int:
        return int(chat.redis.info("commandstats")["cmdstat_get"]["calls"])

    counts = []
    for _ in range(5):  # a round of checks may come in between
        alice, before = chat.person("alice"), looked_up()
        async with chat.connect(alice) as one:
            await one.barrier()
            counts.append(looked_up() - before)
    assert min(counts) == 2


# -- while connected


async def test_a_revoked_session_is_closed_at_once_and_the_others_stay(chat: Chat) -> None:
    alice = chat.person("alice")
    again = Person(alice.id, alice.name, chat.sign_in(alice.id))
    async with (
        chat.connect(alice, 0) as laptop,
        chat.connect(alice, 1) as tab,
        chat.connect(again, 0) as phone,
    ):
        revoke(chat, alice)
        assert await laptop.closed() == Close.SIGNED_OUT
        assert await tab.closed() == Close.SIGNED_OUT
        await phone.barrier()


async def test_who_is_signed_out_hears_nothing_more(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    room = chat.room(alice, bob)
    async with chat.connect(alice) as one, chat.connect(bob) as two:
        revoke(chat, alice)
        await one.closed()
        await two.send("are you there?", room=room)
        assert one.heard("message") == []


@best_of_tries
async def test_sessions_that_ended_while_redis_was_not_heard_end_when_it_is_heard_again(chat: Chat) -> None:
    """Not with the next round of checks, a part of which comes every 2.5 s here."""
    alice = chat.person("alice")
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(chat.connect(alice)) for _ in range(30)]
        chat.redis.delete(keys.session(alice.sid))
        with within(QUIET["session_check"] / 10):
            chat.redis.client_kill_filter(_type="pubsub")
            assert [await line.closed() for line in lines] == [Close.SIGNED_OUT] * 30


async def test_a_publish_for_another_session_closes_nothing(chat: Chat) -> None:
    chat.expected.add("unreadable publish")
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        chat.redis.publish(chat.channels.user(alice.id), events.revoked(sessions.digest("x" * 43)))
        chat.redis.publish(chat.channels.user(alice.id), b"rubbish")
        chat.redis.publish(chat.channels.user(alice.id), b'{"type": "of a newer version"}')
        room = chat.room(alice)
        chat.publish_joined(room, alice)
        await one.hear("joined")
        await one.barrier()


# -- what is no WebSocket


async def test_a_daemon_tells_how_it_is(chat: Chat) -> None:
    async with chat.connect(chat.person("alice"), 1) as one:
        await one.barrier()
        status, state = chat.daemons[1].health()
        assert (status, state["status"], state["daemon"]) == (200, "ok", 1)
        assert state["connections"] == 1


@pytest.mark.parametrize("path", ["/", "/ws/", "/wsx", "/../ws", "/healthz/x"])
def test_nothing_else_is_there(chat: Chat, path: str) -> None:
    assert chat.daemons[0].get(path)[0] == 404


def test_a_plain_request_is_no_handshake(chat: Chat) -> None:
    assert chat.daemons[0].get("/ws")[0] == 403


def test_neither_log_nor_answers_hold_a_session_id(chat: Chat) -> None:
    sids = [key.decode().removeprefix("session:") for key in chat.redis.scan_iter("session:*")]
    assert sids
    for daemon in chat.daemons:
        log = daemon.log.read_text()
        assert "connected" in log
        assert not [sid for sid in sids if sid in log]
