"""Who is here and who is owed what, alone and against a model."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from chatd.hub import HELD_MAX, Hub

ALICE, BOB = 1, 2
ROOM, OTHER = 10, 11


def hub_with(*peers: tuple[str, int]) -> Hub[str]:
    hub: Hub[str] = Hub()
    for peer, user in peers:
        hub.register(peer, user)
    return hub


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
    hub.enter("laptop", OTHER, behind=True)
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


def test_who_is_behind_gets_what_was_held_in_order_and_then_all_at_once() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM, behind=True)
    assert not hub.of_room(ROOM)
    hub.hold_back(ROOM, 1, b"one")
    hub.hold_back(ROOM, 2, b"two")
    assert hub.release("laptop", ROOM) == [b"one", b"two"]
    assert set(hub.of_room(ROOM)) == {"laptop"}
    hub.hold_back(ROOM, 3, b"three")
    assert hub.release("laptop", ROOM) == []


def test_what_is_held_for_one_is_not_held_for_another() -> None:
    hub = hub_with(("laptop", ALICE), ("desk", BOB))
    hub.enter("laptop", ROOM, behind=True)
    hub.hold_back(ROOM, 1, b"one")
    hub.enter("desk", ROOM, behind=True)
    hub.hold_back(ROOM, 2, b"two")
    assert hub.release("desk", ROOM) == [b"two"]
    assert hub.release("laptop", ROOM) == [b"one", b"two"]


def test_holding_again_keeps_what_is_held() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM)
    assert hub.hold("laptop", ROOM)
    hub.hold_back(ROOM, 1, b"one")
    assert not hub.hold("laptop", ROOM)
    assert hub.release("laptop", ROOM) == [b"one"]


def test_what_was_told_already_is_left_out_and_a_signal_never_is() -> None:
    hub = hub_with(("laptop", ALICE), ("desk", BOB))
    for peer in ("laptop", "desk"):
        hub.enter(peer, ROOM, behind=True)
    for version, frame in ((4, b"four"), (0, b"seen"), (5, b"five"), (6, b"six")):
        hub.hold_back(ROOM, version, frame)
    assert hub.release("laptop", ROOM, told=5) == [b"seen", b"six"]
    assert hub.release("desk", ROOM) == [b"four", b"seen", b"five", b"six"]


def test_what_will_be_read_anyway_is_no_longer_held_but_a_signal_is() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM, behind=True)
    hub.hold_back(ROOM, 1, b"x" * (HELD_MAX + 1))
    hub.hold_anew("laptop", ROOM)
    for version, frame in ((0, b"seen"), (2, b"x" * (HELD_MAX - 10))):
        hub.hold_back(ROOM, version, frame)
    hub.hold_anew("laptop", ROOM)
    hub.hold_back(ROOM, 3, b"three, for which there is room")
    assert hub.release("laptop", ROOM) == [b"seen", b"three, for which there is room"]


def test_more_than_is_held_for_anybody_is_not_held_at_all() -> None:
    hub = hub_with(("laptop", ALICE), ("desk", BOB))
    hub.enter("laptop", ROOM, behind=True)
    hub.hold_back(ROOM, 1, b"x" * HELD_MAX)
    hub.enter("desk", ROOM, behind=True)
    hub.hold_back(ROOM, 2, b"x")
    hub.hold_back(ROOM, 3, b"small again")
    assert hub.release("laptop", ROOM) is None
    assert hub.release("desk", ROOM) == [b"x", b"small again"]
    assert set(hub.of_room(ROOM)) == {"laptop", "desk"}, "both get what happens from now on"


def test_a_peer_that_is_behind_counts_as_being_in_the_room() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM, behind=True)
    assert hub.is_in("laptop", ROOM)
    assert not hub.is_empty(ROOM)
    assert hub.users_in(ROOM) == {ALICE}


def test_a_user_leaves_with_all_peers() -> None:
    hub = hub_with(("laptop", ALICE), ("phone", ALICE), ("tablet", ALICE), ("desk", BOB))
    hub.enter("laptop", ROOM)
    hub.enter("phone", ROOM, behind=True)
    hub.enter("desk", ROOM)
    assert set(hub.leave(ALICE, ROOM)) == {"laptop", "phone"}
    assert hub.users_in(ROOM) == {BOB}
    assert hub.leave(ALICE, ROOM) == []


def test_who_left_while_behind_gets_nothing_more() -> None:
    hub = hub_with(("laptop", ALICE))
    hub.enter("laptop", ROOM, behind=True)
    hub.hold_back(ROOM, 1, b"one")
    hub.leave(ALICE, ROOM)
    assert hub.release("laptop", ROOM) == []
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
    """The same in the plainest terms: a table of (peer, room), and a list of versions and frames for who is behind."""

    peers = Bundle("peers")
    rooms = st.integers(10, 13)

    def __init__(self) -> None:
        super().__init__()
        self.hub: Hub[int] = Hub()
        self.made = 0
        self.frames = 0
        self.users: dict[int, int] = {}
        self.inside: set[tuple[int, int]] = set()
        self.held: dict[tuple[int, int], list[tuple[int, bytes]]] = {}

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

    @rule(peer=peers, room=rooms, behind=st.booleans())
    def enter(self, peer: int, room: int, behind: bool) -> None:
        if (peer, room) in self.inside:
            return
        self.hub.enter(peer, room, behind=behind)
        self.inside.add((peer, room))
        if behind:
            self.held[peer, room] = []

    @rule(peer=peers, room=rooms)
    def hold(self, peer: int, room: int) -> None:
        if (peer, room) in self.inside:
            assert self.hub.hold(peer, room) is ((peer, room) not in self.held)
            self.held.setdefault((peer, room), [])

    @rule(peer=peers, room=rooms, told=st.integers(0, 40))
    def release(self, peer: int, room: int, told: int) -> None:
        held = self.held.pop((peer, room), [])
        due = [frame for version, frame in held if version > told or version == 0]
        assert self.hub.release(peer, room, told=told) == due

    @rule(user=st.integers(1, 3), room=rooms)
    def leave(self, user: int, room: int) -> None:
        gone = {(p, r) for p, r in self.inside if r == room and self.users[p] == user}
        assert set(self.hub.leave(user, room)) == {peer for peer, _ in gone}
        self._drop(gone)

    @rule(room=rooms, is_signal=st.booleans())
    def happens(self, room: int, is_signal: bool) -> None:
        self.frames += 1
        version, frame = 0 if is_signal else self.frames, str(self.frames).encode()
        self.hub.hold_back(room, version, frame)
        for (_, held_in), held in self.held.items():
            if held_in == room:
                held.append((version, frame))

    def _drop(self, places: set[tuple[int, int]]) -> None:
        self.inside -= places
        for place in places:
            self.held.pop(place, None)

    @invariant()
    def both_agree(self) -> None:
        assert set(self.hub.peers()) == set(self.users)
        assert len(self.hub) == len(self.users)
        assert set(self.hub.users()) == set(self.users.values())
        for user in (1, 2, 3):
            assert set(self.hub.of_user(user)) == {p for p, u in self.users.items() if u == user}
        for room in range(10, 14):
            inside = {peer for peer, r in self.inside if r == room}
            behind = {peer for peer, r in self.held if r == room}
            assert set(self.hub.of_room(room)) == inside - behind
            assert self.hub.users_in(room) == {self.users[peer] for peer in inside}
            assert self.hub.is_empty(room) is (not inside)
            assert {peer for peer in self.users if self.hub.is_in(peer, room)} == inside


AgainstSimpleSets.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAgainstSimpleSets = AgainstSimpleSets.TestCase
