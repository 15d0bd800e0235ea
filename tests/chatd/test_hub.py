"""Who is here and who is owed what, alone and against a model."""

from collections.abc import Collection

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from chatd.backlog import Posted, Step
from chatd.hub import Hub

ALICE, BOB = 1, 2
ROOM, OTHER = 10, 11


def hub_with(*peers: tuple[str, int]) -> Hub[str]:
    hub: Hub[str] = Hub()
    for peer, user in peers:
        hub.register(peer, user)
    return hub


def hub_where_waits(peer: str, told: int = 0) -> Hub[str]:
    """A hub with one peer, of Alice, that waits in `ROOM`."""
    hub = hub_with((peer, ALICE))
    hub.enter(peer, ROOM)
    hub.hold(peer, ROOM, told=told, owed=0, posted=0)
    return hub


def happens(hub: Hub[str], *versions: int) -> Collection[str]:
    """Changes of `ROOM`; returns who was ready at the last of them."""
    ready: Collection[str] = ()
    for version in versions:
        ready = hub.keep(ROOM, Posted(version - 1, version, b"%d" % version))
    return ready


def test_a_user_may_have_several_peers() -> None:
    hub = hub_with(("laptop", ALICE), ("phone", ALICE), ("desk", BOB))
    assert set(hub.of_user(ALICE)) == {"laptop", "phone"}
    assert sorted(hub.users()) == [ALICE, BOB]
    assert hub.user_of("phone") == ALICE
    assert len(hub) == 3
    assert sorted(hub.peers()) == ["desk", "laptop", "phone"]


def test_a_peer_gets_the_changes_of_the_rooms_that_it_entered() -> None:
    hub = hub_with(("laptop", ALICE), ("desk", BOB))
    hub.enter("laptop", ROOM)
    assert set(hub.of_room(ROOM)) == {"laptop"}
    assert hub.is_in("laptop", ROOM)
    assert not hub.is_in("desk", ROOM)
    assert hub.users_in(ROOM) == {ALICE}


def test_who_is_gone_gets_nothing() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM)
    hub.enter("laptop", OTHER)
    hub.hold("laptop", OTHER, told=0, owed=0, posted=0)
    hub.remove("laptop")
    assert not hub.of_room(ROOM)
    assert not hub.of_user(ALICE)
    assert hub.users() == []
    assert hub.is_empty(ROOM)
    assert hub.is_empty(OTHER)
    assert len(hub) == 0


def test_removing_twice_or_a_stranger_does_no_harm() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.remove("laptop")
    hub.remove("laptop")
    hub.remove("stranger")
    assert hub.user_of("laptop") is None


def test_who_waits_gets_what_was_kept_in_order_and_then_all_at_once() -> None:
    hub = hub_where_waits("laptop")
    assert not hub.of_room(ROOM)
    happens(hub, 1, 2)
    assert hub.step("laptop", ROOM) is Step.RESUME
    assert hub.release("laptop", ROOM) == [b"1", b"2"]
    assert set(hub.of_room(ROOM)) == {"laptop"}
    assert hub.waiting("laptop", ROOM) is None
    happens(hub, 3)
    hub.hold("laptop", ROOM, told=3, owed=0, posted=3)
    assert hub.release("laptop", ROOM) == []


def test_what_is_kept_for_one_is_not_told_to_another() -> None:
    hub = hub_where_waits("laptop")
    happens(hub, 1)
    hub.register("desk", BOB)
    hub.enter("desk", ROOM)
    hub.hold("desk", ROOM, told=1, owed=0, posted=1)
    happens(hub, 2)
    assert hub.release("desk", ROOM) == [b"2"]
    assert hub.release("laptop", ROOM) == [b"1", b"2"]


def test_waiting_again_changes_nothing() -> None:
    hub = hub_where_waits("laptop")
    waiting = hub.waiting("laptop", ROOM)
    assert hub.hold("laptop", ROOM, told=1, owed=0, posted=1) is waiting
    happens(hub, 1)
    assert hub.release("laptop", ROOM) == [b"1"]


def test_who_was_told_more_than_was_posted_takes_a_step_when_as_much_is() -> None:
    hub = hub_where_waits("laptop", told=2)
    assert hub.step("laptop", ROOM) is Step.WAIT
    assert not happens(hub, 1)
    assert hub.posted(ROOM) == 1
    assert set(happens(hub, 2)) == {"laptop"}


def test_a_peer_that_waits_counts_as_being_in_the_room() -> None:
    hub = hub_where_waits("laptop")
    assert hub.is_in("laptop", ROOM)
    assert not hub.is_empty(ROOM)
    assert hub.users_in(ROOM) == {ALICE}


def test_a_user_leaves_with_all_peers() -> None:
    hub = hub_with(("laptop", ALICE), ("phone", ALICE), ("tablet", ALICE), ("desk", BOB))
    hub.enter("laptop", ROOM)
    hub.enter("phone", ROOM)
    hub.hold("phone", ROOM, told=0, owed=0, posted=0)
    hub.enter("desk", ROOM)
    assert set(hub.leave(ALICE, ROOM)) == {"laptop", "phone"}
    assert hub.users_in(ROOM) == {BOB}
    assert hub.leave(ALICE, ROOM) == []


def test_who_left_while_it_waited_gets_nothing_more() -> None:
    hub = hub_where_waits("laptop", told=2)
    hub.step("laptop", ROOM)
    hub.leave(ALICE, ROOM)
    assert hub.waiting("laptop", ROOM) is None
    assert not happens(hub, 2)
    assert hub.is_empty(ROOM)
    assert not hub.of_room(ROOM)


def test_the_newest_change_of_the_members_is_remembered_until_nobody_is_there() -> None:
    hub = hub_with()
    hub.saw_meta(ROOM, 5)
    hub.saw_meta(ROOM, 3)
    assert hub.meta(ROOM) == 5
    assert hub.meta(OTHER) == 0
    hub.forget(ROOM)
    assert hub.meta(ROOM) == 0


class AgainstSimpleSets(RuleBasedStateMachine):
    """The same in the plainest terms: a table of (peer, room), and a list of frames for who waits."""

    peers = Bundle("peers")
    rooms = st.integers(10, 13)

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub[int] = Hub()
        self.made = 0
        self.versions = dict.fromkeys(range(10, 14), 0)
        self.users: dict[int, int] = {}
        self.inside: set[tuple[int, int]] = set()
        self.kept: dict[tuple[int, int], list[bytes]] = {}

    @rule(target=peers, user=st.integers(1, 3))
    def connect(self, user: int) -> int:
        self.made += 1
        self.hub.register(self.made, user)
        self.users[self.made] = user
        return self.made

    @rule(peer=consumes(peers))
    def disconnect(self, peer: int) -> None:
        self.hub.remove(peer)
        del self.users[peer]
        self._drop({place for place in self.inside if place[0] == peer})

    @rule(peer=peers, room=rooms)
    def enter(self, peer: int, room: int) -> None:
        if (peer, room) not in self.inside:
            self.hub.enter(peer, room)
            self.inside.add((peer, room))

    @rule(peer=peers, room=rooms)
    def hold(self, peer: int, room: int) -> None:
        if (peer, room) in self.inside:
            version = self.versions[room]
            self.hub.hold(peer, room, told=version, owed=0, posted=version)
            self.kept.setdefault((peer, room), [])

    @rule(peer=peers, room=rooms)
    def release(self, peer: int, room: int) -> None:
        if self.hub.waiting(peer, room) is not None:
            assert self.hub.release(peer, room) == self.kept.pop((peer, room))

    @rule(user=st.integers(1, 3), room=rooms)
    def leave(self, user: int, room: int) -> None:
        gone = {(p, r) for p, r in self.inside if r == room and self.users[p] == user}
        assert set(self.hub.leave(user, room)) == {peer for peer, _ in gone}
        self._drop(gone)

    @rule(room=rooms, is_signal=st.booleans())
    def happens(self, room: int, is_signal: bool) -> None:
        frame = b"signal"
        posted = Posted(0, 0, frame)
        if not is_signal:
            self.versions[room] += 1
            version = self.versions[room]
            frame = b"%d" % version
            posted = Posted(version - 1, version, frame)
        self.hub.keep(room, posted)
        for (_, where), kept in self.kept.items():
            if where == room:
                kept.append(frame)

    def _drop(self, places: set[tuple[int, int]]) -> None:
        self.inside -= places
        for place in places:
            self.kept.pop(place, None)

    @invariant()
    def both_agree(self) -> None:
        assert set(self.hub.peers()) == set(self.users)
        assert len(self.hub) == len(self.users)
        assert set(self.hub.users()) == set(self.users.values())
        for user in (1, 2, 3):
            assert set(self.hub.of_user(user)) == {p for p, u in self.users.items() if u == user}
        for room in range(10, 14):
            inside = {peer for peer, r in self.inside if r == room}
            waiting = {peer for peer, r in self.kept if r == room}
            assert set(self.hub.of_room(room)) == inside - waiting
            assert self.hub.users_in(room) == {self.users[peer] for peer in inside}
            assert self.hub.is_empty(room) is (not inside)
            assert {peer for peer in self.users if self.hub.is_in(peer, room)} == inside


AgainstSimpleSets.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAgainstSimpleSets = AgainstSimpleSets.TestCase
