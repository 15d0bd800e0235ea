"""How long a socket lives: as long as its session, which idles out, has an end, and may be revoked."""

import pickle
import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from shared import events, keys, sessions
from shared.protocol import Close
from shared.settings import Settings
from tests.chatd.daemons import ALERT, Chat, Person, running
from tests.chatd.device import Client
from tests.chatd.raw import Raw
from tests.servers import Servers
from tests.timing import best_of_tries, within
from web import user_sessions

DAEMONS = 2
LIFETIME = 1_000_000


@pytest.fixture(scope="module")
def chat(servers: Servers, settings: Settings) -> Iterator[Chat]:
    servers.empty()
    yield from running(settings, daemons=DAEMONS, session_lifetime=LIFETIME, **ALERT)


def seen(chat: Chat, person: Person) -> float | None:
    return chat.redis.zscore(keys.user_sessions(person.id), person.sid)


def began(chat: Chat, person: Person, seconds_ago: float) -> None:
    """The session began so long ago."""
    who = sessions.SignedIn(person.id, int(time.time() - seconds_ago))
    chat.redis.set(keys.session(person.sid), sessions.encode(who.fields()), ex=1000)


async def until_prolonged(chat: Chat, person: Person, one: Client, above: int) -> None:
    while chat.redis.ttl(keys.session(person.sid)) <= above:  # checked every half second
        await one.barrier()


# -- it ends


@best_of_tries
async def test_every_socket_of_a_revoked_session_closes_within_a_second_on_every_daemon(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice, 0) as one, chat.connect(alice, 1) as two, chat.connect(alice, 1) as three:
        with within(1):
            chat.redis.delete(keys.session(alice.sid))
            chat.redis.publish(chat.channels.user(alice.id), events.revoked(sessions.digest(alice.sid)))
            assert [await each.closed() for each in (one, two, three)] == [Close.SIGNED_OUT] * 3


@best_of_tries
async def test_all_sessions_of_a_user_end_everywhere_without_a_request(chat: Chat) -> None:
    """As a command does that disables an account; one device may be spared, as when a password is changed."""
    alice, bob = chat.people("alice", "bobby")
    phone, tablet = (Person(alice.id, alice.name, chat.sign_in(alice.id)) for _ in range(2))
    async with (
        chat.connect(alice, 0) as spared,
        chat.connect(phone, 0) as one,
        chat.connect(tablet, 1) as two,
        chat.connect(bob, 1) as other,
    ):
        with within(1):
            assert user_sessions.end_all(chat.redis, alice.id, except_sid=alice.sid) == 2
            assert await one.closed() == await two.closed() == Close.SIGNED_OUT
        await spared.barrier()
        await other.barrier()
        assert user_sessions.end_all(chat.redis, alice.id) == 1
        assert await spared.closed() == Close.SIGNED_OUT
        await other.barrier()


@best_of_tries
async def test_a_session_that_ended_without_a_word_is_found_on_every_daemon(chat: Chat) -> None:
    """Within `PARLEY_SESSION_CHECK` and no more: half a second here, at most 25 s."""
    alice = chat.person("alice")
    async with chat.connect(alice, 0) as one, chat.connect(alice, 1) as two:
        with within(ALERT["session_check"] + 1):
            chat.redis.delete(keys.session(alice.sid))
            assert await one.closed() == await two.closed() == Close.SIGNED_OUT


@pytest.mark.parametrize(
    "planted",
    [b"\xc1", b'{"user_id": 1, "began": 1}', pickle.dumps({"user_id": 1, "began": 1}), sessions.encode({})],
)
async def test_a_session_that_is_overwritten_with_something_else_ends(chat: Chat, planted: bytes) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        chat.redis.set(keys.session(alice.sid), planted)
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_session_that_becomes_a_list_ends_and_is_not_taken_for_redis_away(chat: Chat) -> None:
    alice = chat.person("alice")
    async with chat.connect(alice) as one:
        chat.redis.delete(keys.session(alice.sid))
        chat.redis.rpush(keys.session(alice.sid), "x")
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_session_that_becomes_somebody_elses_ends(chat: Chat) -> None:
    alice, bob = chat.people("alice", "bobby")
    async with chat.connect(alice) as one:
        chat.redis.copy(keys.session(bob.sid), keys.session(alice.sid), replace=True)
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_socket_closes_at_the_absolute_end_of_its_session_however_active(chat: Chat) -> None:
    alice = chat.person("alice")
    began(chat, alice, LIFETIME - 4)
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        await one.send("I am active", room=room)
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_session_whose_absolute_end_has_passed_opens_no_socket_though_redis_has_it(
    chat: Chat,
) -> None:
    alice = chat.person("alice")
    began(chat, alice, LIFETIME + 1)
    async with chat.connect(alice, hello=False) as one:
        assert await one.closed() == Close.SIGNED_OUT


async def test_a_socket_that_is_merely_open_lets_its_session_idle_out(chat: Chat) -> None:
    """Nor does what a page says by itself keep it alive: somebody walked away, and the page is still there."""
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        before = seen(chat, alice)
        chat.redis.expire(keys.session(alice.sid), 2)
        await one.barrier()
        await one.say(type="sync", room=room, since=1)
        await one.say(type="read", room=room, number=0)
        assert await one.closed() == Close.SIGNED_OUT
    assert seen(chat, alice) == before


# -- it goes on


async def test_who_is_active_in_the_chat_keeps_the_session_alive(chat: Chat) -> None:
    alice = chat.person("alice")
    room, before = chat.room(alice), seen(chat, alice)
    async with chat.connect(alice) as one:
        chat.redis.expire(keys.session(alice.sid), 100)
        await one.send("I am active", room=room)
        await until_prolonged(chat, alice, one, above=100)
    after = seen(chat, alice)
    assert before is not None
    assert after is not None
    assert after > before


async def test_nobody_is_kept_alive_beyond_the_absolute_end(chat: Chat) -> None:
    alice = chat.person("alice")
    began(chat, alice, LIFETIME - 500)
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        chat.redis.expire(keys.session(alice.sid), 100)
        await one.send("I am active", room=room)
        await until_prolonged(chat, alice, one, above=100)
        assert chat.redis.ttl(keys.session(alice.sid)) <= 500


async def test_activity_never_brings_a_session_back_nor_its_place_in_the_index(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    async with chat.connect(alice) as one:
        chat.redis.delete(keys.session(alice.sid), keys.user_sessions(alice.id))
        # Not waiting for the answer: the next look at the session may come before it.
        await one.say(type="send", id=str(uuid4()), room=room, body="I am active")
        assert await one.closed() == Close.SIGNED_OUT
    assert not chat.redis.exists(keys.session(alice.sid), keys.user_sessions(alice.id))


# -- one that does not go


class Deaf(Raw):
    """A client that does not answer a close frame."""

    def __init__(self, chat: Chat, person: Person) -> None:
        super().__init__(chat, person)
        self.until(b'"type":"welcome"')

    def until(self, expected: bytes) -> None:
        heard = b""
        while expected not in heard:
            heard += (part := self.line.recv(65_536))
            assert part, heard

    def until_gone(self) -> None:
        """Return when the daemon has ended the connection."""
        with self.line, suppress(ConnectionResetError):
            while self.line.recv(65_536):
                pass


@best_of_tries
def test_a_client_that_does_not_answer_the_close_is_cut_off_and_heard_no_more(chat: Chat) -> None:
    alice = chat.person("alice")
    room = chat.room(alice)
    deaf = Deaf(chat, alice)
    chat.redis.delete(keys.session(alice.sid))
    chat.redis.publish(chat.channels.user(alice.id), events.revoked(sessions.digest(alice.sid)))
    deaf.until(Close.SIGNED_OUT.to_bytes(2, "big"))
    deaf.say(type="send", id="00000000-0000-4000-8000-000000000000", room=room, body="still here?")
    with within(1):
        deaf.until_gone()
    assert chat.bodies(room) == []
