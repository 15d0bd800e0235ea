"""The gap rule, alone and against a model."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.sequencer import HELD_MAX, Sequencer

ROOM = 7


def standing_at(version: int, *, most: int = HELD_MAX) -> Sequencer[int]:
    sequencer: Sequencer[int] = Sequencer(most=most)
    sequencer.track(ROOM, version)
    return sequencer


def test_the_next_change_is_delivered_at_once() -> None:
    sequencer = standing_at(4)
    assert sequencer.arrive(ROOM, 5, 5) == [5]
    assert sequencer.seen(ROOM) == 5
    assert not sequencer.has_gap(ROOM)


def test_a_change_that_was_delivered_is_dropped() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 5, 5)
    assert sequencer.arrive(ROOM, 5, 5) == []
    assert sequencer.arrive(ROOM, 3, 3) == []
    assert sequencer.seen(ROOM) == 5


def test_a_change_behind_a_gap_is_held_until_the_gap_is_filled() -> None:
    sequencer = standing_at(4)
    assert sequencer.arrive(ROOM, 6, 6) == []
    assert sequencer.has_gap(ROOM)
    assert sequencer.missing_since(ROOM) == 4
    assert sequencer.arrive(ROOM, 5, 5) == [5, 6]
    assert not sequencer.has_gap(ROOM)


def test_the_same_change_held_twice_is_delivered_once() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 6, 6)
    sequencer.arrive(ROOM, 6, 6)
    assert sequencer.arrive(ROOM, 5, 5) == [5, 6]


def test_one_question_at_a_time() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 7, 7)
    sequencer.ask(ROOM)
    sequencer.arrive(ROOM, 9, 9)
    assert not sequencer.has_gap(ROOM)
    assert sequencer.answered(ROOM, 6) == [7]
    assert sequencer.has_gap(ROOM)
    assert sequencer.missing_since(ROOM) == 7


def test_an_answer_beyond_what_is_held_drops_it() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 6, 6)
    sequencer.ask(ROOM)
    assert sequencer.answered(ROOM, 9) == []
    assert sequencer.seen(ROOM) == 9
    assert not sequencer.has_gap(ROOM)


def test_what_the_database_knows_nothing_of_is_dropped_and_asked_for_no_more() -> None:
    """A change of another Parley on the same Redis, say: the room's log ends before it."""
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 900, 900)
    sequencer.ask(ROOM)
    assert sequencer.missing_since(ROOM) == 4
    assert sequencer.answered(ROOM, 4) == []
    assert not sequencer.has_gap(ROOM)
    assert sequencer.arrive(ROOM, 5, 5) == [5]


def test_what_came_while_the_database_was_asked_may_be_newer_than_its_answer() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 6, 6)
    sequencer.ask(ROOM)
    assert sequencer.missing_since(ROOM) == 4
    sequencer.arrive(ROOM, 7, 7)
    sequencer.arrive(ROOM, 9, 9)
    assert sequencer.answered(ROOM, 6) == [7]
    assert sequencer.has_gap(ROOM), "9 is still held"


def test_a_question_is_off_when_the_missing_change_came_meanwhile() -> None:
    sequencer = standing_at(4)
    sequencer.arrive(ROOM, 6, 6)
    sequencer.ask(ROOM)
    sequencer.arrive(ROOM, 5, 5)
    assert sequencer.missing_since(ROOM) is None
    sequencer.arrive(ROOM, 8, 8)
    assert sequencer.has_gap(ROOM), "the next gap must be asked for again"


def test_what_arrives_before_the_head_is_known_is_held() -> None:
    sequencer: Sequencer[int] = Sequencer()
    sequencer.expect(ROOM)
    assert [change for version in (4, 5, 6) for change in sequencer.arrive(ROOM, version, version)] == []
    assert sequencer.seen(ROOM) is None
    assert sequencer.missing_since(ROOM) is None
    assert sequencer.track(ROOM, 4) == [5, 6]


def test_of_more_than_is_held_only_the_newest_is_kept_and_the_rest_is_asked_for() -> None:
    sequencer = standing_at(4, most=3)
    for version in (6, 7, 8, 9):
        sequencer.arrive(ROOM, version, version)
    assert sequencer.arrive(ROOM, 5, 5) == [5], "what followed it was let go"
    assert sequencer.has_gap(ROOM)
    sequencer.ask(ROOM)
    assert sequencer.missing_since(ROOM) == 5
    sequencer.arrive(ROOM, 10, 10)
    assert sequencer.answered(ROOM, 9) == [10]
    assert not sequencer.has_gap(ROOM)


def test_what_the_database_knows_nothing_of_is_asked_for_no_more_however_much_it_was() -> None:
    sequencer = standing_at(4, most=3)
    for version in range(900, 910):
        sequencer.arrive(ROOM, version, version)
    sequencer.ask(ROOM)
    assert sequencer.missing_since(ROOM) == 4
    assert sequencer.answered(ROOM, 4) == []
    assert not sequencer.has_gap(ROOM)


def test_more_than_is_held_before_the_head_is_known_is_asked_for_once_it_is() -> None:
    sequencer: Sequencer[int] = Sequencer(most=3)
    sequencer.expect(ROOM)
    for version in (4, 5, 6, 7, 8):
        sequencer.arrive(ROOM, version, version)
    assert sequencer.track(ROOM, 4) == []
    assert sequencer.has_gap(ROOM)


def test_what_is_held_behind_a_gap_is_not_looked_through_at_every_arrival() -> None:
    looks = 0

    class Version(int):
        def __le__(self, other: int) -> bool:
            nonlocal looks
            looks += 1
            return super().__le__(other)

    sequencer = standing_at(4)
    for number in range(100):
        version = Version(6 + number)
        assert sequencer.arrive(ROOM, version, version) == []
    assert looks <= 2 * 100


def test_the_newest_version_is_known_by_what_came_what_is_held_or_what_was_read() -> None:
    sequencer = standing_at(4)
    assert sequencer.newest(ROOM) == 4
    sequencer.arrive(ROOM, 7, 7)
    assert sequencer.newest(ROOM) == 7
    sequencer.track(ROOM, 9)
    assert sequencer.newest(ROOM) == 9
    sequencer.forget(ROOM)
    assert sequencer.newest(ROOM) == 0


def test_a_head_that_nothing_came_for_is_a_gap() -> None:
    sequencer = standing_at(4)
    assert sequencer.track(ROOM, 6) == []
    assert sequencer.has_gap(ROOM)
    assert sequencer.missing_since(ROOM) == 4


def test_an_older_head_is_no_news() -> None:
    sequencer = standing_at(4)
    assert sequencer.track(ROOM, 2) == []
    assert sequencer.seen(ROOM) == 4
    assert not sequencer.has_gap(ROOM)


def test_expecting_a_room_that_is_followed_changes_nothing() -> None:
    sequencer = standing_at(4)
    sequencer.expect(ROOM)
    assert sequencer.seen(ROOM) == 4


def test_a_forgotten_room_is_not_followed() -> None:
    sequencer = standing_at(4)
    sequencer.forget(ROOM)
    assert ROOM not in sequencer
    assert sequencer.rooms() == []
    assert sequencer.arrive(ROOM, 5, 5) == []
    assert sequencer.answered(ROOM, 5) == []
    assert not sequencer.has_gap(ROOM)
    assert sequencer.missing_since(ROOM) is None


def test_rooms_do_not_mix() -> None:
    sequencer = standing_at(4)
    sequencer.track(8, 1)
    assert sequencer.arrive(8, 2, 2) == [2]
    assert sequencer.seen(ROOM) == 4
    assert sorted(sequencer.rooms()) == [7, 8]


class AgainstTheLog(RuleBasedStateMachine):
    """A log that grows, a bus that loses, doubles and swaps, a database that answers late; few changes are held.

    The model of a reader is what the daemon's clients do: a live change must be the next one, and an
    answer carries everything up to its end. Whatever happens, the reader never sees a gap, and
    when all questions are answered it has everything.
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = 1
        self.on_the_way: list[int] = []
        self.reader: int | None = None
        self.read_head: int | None = None  # a head that was read from the database, not yet told
        self.question: int | None = None
        self.asked_at = 1  # the head when the question went out

    @initialize(most=st.sampled_from((1, 2, 3, HELD_MAX)))
    def a_daemon_starts(self, most: int) -> None:
        self.sequencer: Sequencer[int] = Sequencer(most=most)

    def deliver(self, versions: list[int]) -> None:
        for version in versions:
            assert self.reader is not None
            assert version == self.reader + 1, "a reader was shown a gap, or something twice"
            self.reader = version

    @rule(lost=st.booleans())
    def something_is_committed(self, lost: bool) -> None:
        self.head += 1
        if not lost:
            self.on_the_way.append(self.head)

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data(), again=st.booleans())
    def a_publish_arrives(self, data: st.DataObject, again: bool) -> None:
        version = data.draw(st.sampled_from(self.on_the_way))
        if not again:
            self.on_the_way.remove(version)
        self.deliver(self.sequencer.arrive(ROOM, version, version))

    @rule()
    def a_head_is_read(self) -> None:
        if self.reader is None:
            self.sequencer.expect(ROOM)
        self.read_head = self.head

    @precondition(lambda self: self.read_head is not None)
    @rule()
    def the_head_is_told(self) -> None:
        assert self.read_head is not None
        if self.reader is None:
            self.reader = self.read_head  # it takes the room's state from the same reading
        self.deliver(self.sequencer.track(ROOM, self.read_head))
        self.read_head = None

    @precondition(lambda self: self.sequencer.has_gap(ROOM))
    @rule()
    def the_daemon_asks(self) -> None:
        assert self.question is None, "two questions at a time"
        self.sequencer.ask(ROOM)
        self.question = self.sequencer.missing_since(ROOM)
        self.asked_at = self.head

    @precondition(lambda self: self.question is not None)
    @rule(behind=st.integers(0, 3))
    def the_database_answers(self, behind: int) -> None:
        """The answer may have been read before the last few commits."""
        assert self.reader is not None
        assert self.question is not None
        to = max(self.question, self.asked_at, self.head - behind)
        assert self.question <= self.reader, "the answer would leave a gap at the reader"
        self.question = None
        self.reader = max(self.reader, to)
        self.deliver(self.sequencer.answered(ROOM, to))

    @precondition(lambda self: self.question is None and self.read_head is None)
    @rule()
    def everybody_leaves(self) -> None:
        self.sequencer.forget(ROOM)
        self.reader = None

    @invariant()
    def the_sequencer_knows_where_the_reader_stands(self) -> None:
        assert self.sequencer.seen(ROOM) == self.reader

    @invariant()
    def nothing_is_claimed_that_was_not_committed(self) -> None:
        assert self.reader is None or self.reader <= self.head

    def teardown(self) -> None:
        """When the bus is still, a look at the heads and the answers bring the reader up to date."""
        self.a_head_is_read()
        self.the_head_is_told()
        for _ in range(3):
            if self.question is not None:
                self.the_database_answers(0)
            if self.sequencer.has_gap(ROOM):
                self.the_daemon_asks()
        assert self.reader == self.head
        assert not self.sequencer.has_gap(ROOM)


AgainstTheLog.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestAgainstTheLog = AgainstTheLog.TestCase
