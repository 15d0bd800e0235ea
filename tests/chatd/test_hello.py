"""What may happen while the database is asked: in the middle of a hello, or of a comparison of members."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from websockets.protocol import State

from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fanout import Fanout
from chatd.heads import Heads
from chatd.hello import Farewell, Greeter
from chatd.hub import Hub
from chatd.line import Line
from chatd.peer import Peer
from chatd.store import Store
from shared import members, protocol, room_list, rooms
from shared.database import Database
from shared.protocol import Close, User
from shared.settings import Settings
from tests.chatd.test_fanout import Socket
from tests.shared.people import make_room, person


class Interrupted(Store):
    """Lets something happen, once, when the database is asked by a certain statement."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.at: Callable[..., Any] | None = None
        self.happens: Callable[[], None] = lambda: None

    async def run(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        if statement is self.at:
            self.at = None
            self.happens()
        return await super().run(statement, *args, **kwargs)


class Parts:
    """What a daemon is made of, on the real servers, without its listening socket."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.store = Interrupted(database)
        self.bus = Bus(
            settings, on_room=_ignore, on_user=_ignore, on_presence=lambda _: None, on_restored=lambda: None
        )
        self.hub: Hub[Peer] = Hub()
        fanout = Fanout(asyncio.get_running_loop(), limit=1_000_000)
        self.delivery = Delivery(self.store, self.bus, fanout, self.hub)
        self.heads = Heads(settings, self.store, self.delivery)
        self.greeter = Greeter("here", self.store, self.bus, self.delivery, fanout, self.heads)


def _ignore(_: int, __: bytes) -> None:
    pass


def peer_of(user: User) -> Peer:
    return Peer(cast(Line, Socket()), sid="x" * 43, user=user.id)


@asynccontextmanager
async def connected(settings: Settings, database: Database) -> AsyncIterator[Parts]:
    parts = Parts(settings, database)
    running = asyncio.create_task(parts.bus.run())
    try:
        async with asyncio.timeout(60):
            while not parts.bus.connected:
                await asyncio.sleep(0.01)
            yield parts
    finally:
        await parts.bus.close()
        await running
        parts.store.close()


async def test_a_users_channel_that_is_let_go_during_hello_is_heard_all_the_same(
    settings: Settings, database: Database
) -> None:
    """The sweep lets go of the channels of users who are not here, and this one is not here yet."""
    alice = person(database, "alice")
    async with connected(settings, database) as parts:
        mine = parts.bus.channels.user(alice.id)
        parts.heads.epoch = 1
        # Her rooms are heard already, so that nothing else makes the daemon look twice.
        parts.delivery.sequencer.expect(rooms.GENERAL)
        await parts.bus.subscribe([parts.bus.channels.room(rooms.GENERAL)])
        parts.store.at, parts.store.happens = room_list.of_users, lambda: parts.bus.unsubscribe([mine])
        await parts.greeter.greet(peer_of(alice), protocol.Hello())
        assert parts.store.at is None
        assert parts.bus.hears(mine)
        assert parts.hub.users() == [alice.id]


async def test_who_is_signed_out_while_the_rooms_are_read_is_not_welcomed(
    settings: Settings, database: Database
) -> None:
    alice = person(database, "alice")
    peer = peer_of(alice)
    async with connected(settings, database) as parts:
        parts.heads.epoch = 1

        # All that she hears is heard already, so that nothing else makes the daemon look.
        parts.delivery.sequencer.expect(rooms.GENERAL)
        await parts.greeter.hear_user(peer)
        await parts.bus.subscribe([parts.bus.channels.room(rooms.GENERAL)])

        def close() -> None:
            cast(Socket, peer.socket).protocol.state = State.CLOSING

        parts.store.at, parts.store.happens = room_list.of_users, close
        with pytest.raises(Farewell):
            await parts.greeter.greet(peer, protocol.Hello())
        assert parts.hub.users() == []
        assert peer.due is None


async def test_a_room_that_never_becomes_what_was_told_of_it_does_not_keep_the_database_busy(
    settings: Settings, database: Database
) -> None:
    alice = person(database, "alice")
    async with connected(settings, database) as parts:
        parts.heads.epoch = 1
        parts.hub.saw_meta(rooms.GENERAL, 1_000_000)
        with pytest.raises(Farewell) as caught:
            await parts.greeter.greet(peer_of(alice), protocol.Hello())
        assert caught.value.code == Close.TRY_AGAIN


async def test_nobody_is_welcomed_before_the_epoch_is_known(settings: Settings, database: Database) -> None:
    """A client would keep the epoch 0, and throw all away at its next hello."""
    alice = person(database, "alice")
    async with connected(settings, database) as parts:
        with pytest.raises(Farewell) as caught:
            await parts.greeter.greet(peer_of(alice), protocol.Hello())
        assert caught.value.code == Close.TRY_AGAIN
        assert parts.hub.users() == []


async def test_who_comes_in_while_the_members_are_compared_is_not_put_out(
    settings: Settings, database: Database
) -> None:
    """The database was asked only about those who were here before."""
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    hers, his = peer_of(alice), peer_of(bob)

    async with connected(settings, database) as parts:

        def he_comes_in() -> None:
            parts.hub.register(his, bob.id)
            parts.hub.enter(his, room)

        parts.hub.register(hers, alice.id)
        parts.hub.enter(hers, room)
        parts.delivery.sequencer.track(room, 1)
        with database.transaction() as cursor:
            rooms.join(cursor, room=room, user=bob.id)  # unheard: the members are compared
        parts.store.at, parts.store.happens = members.among, he_comes_in
        parts.delivery.compare([(room, 2)])
        while parts.delivery.sequencer.seen(room) != 2:
            await asyncio.sleep(0.01)
        assert parts.store.at is None
        assert parts.hub.is_in(his, room)
        assert parts.hub.is_in(hers, room)
