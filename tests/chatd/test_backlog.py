"""Those who wait in a room, alone and in the life of one: nobody misses a change, or is told it twice."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatd.backlog import KEPT_MAX, Backlog, Posted, Step

ALICE, BOB = "alice", "bob"


def change(version: int, frame: bytes = b"") -> Posted:
    return Posted(version - 1, version, frame or b"%d" % version)


def several(since: int, version: int) -> Posted:
    """What the daemon asked the database for: one frame, which can be made for who was told a part of it."""
    return Posted(since, version, b"%d to %d" % (since, version), lambda told: b"%d to %d" % (told, version))


SIGNAL = Posted(0, 0, b"seen")


def backlog_of(*peers: str, told: int, owed: int = 0, posted: int | None = None) -> Backlog[str]:
    """A backlog in which these peers wait, where everything up to `posted` was: as much as they were told, if not said."""
    backlog: Backlog[str] = Backlog(told if posted is None else posted)
    for peer in peers:
        backlog.hold(peer, told, owed)
    return backlog


def test_who_was_told_less_than_it_is_owed_asks() -> None:
    backlog = backlog_of(ALICE, told=3, owed=5, posted=5)
    assert backlog.step(ALICE) is Step.ASK
    backlog.waiting[ALICE].tell(5)
    assert backlog.step(ALICE) is Step.RESUME


def test_who_was_told_more_than_was_posted_waits_until_it_is() -> None:
    backlog = backlog_of(ALICE, BOB, told=5, owed=5, posted=3)
    backlog.waiting[BOB].tell(6)
    assert [backlog.step(peer) for peer in (ALICE, BOB)] == [Step.WAIT, Step.WAIT]
    assert backlog.add(change(4)) == []
    assert backlog.add(change(5)) == [ALICE]
    assert backlog.step(ALICE) is Step.RESUME
    assert backlog.release(ALICE) == []
    assert backlog.add(change(6)) == [BOB]
    assert backlog.add(change(7)) == [], "who was told of it is told once"


def test_while_a_question_is_open_nothing_else_is_done() -> None:
    backlog = backlog_of(ALICE, told=5)
    backlog.waiting[ALICE].questions = 1
    assert backlog.step(ALICE) is Step.WAIT
    backlog.waiting[ALICE].questions = 0
    assert backlog.step(ALICE) is Step.RESUME


def test_what_follows_is_told_in_order_and_what_was_told_is_left_out_but_signals_never_are() -> None:
    backlog = backlog_of(ALICE, BOB, told=3)
    for posted in (change(4), SIGNAL, change(5), change(6)):
        backlog.add(posted)
    backlog.waiting[ALICE].tell(5)
    assert backlog.release(ALICE) == [b"seen", b"6"]
    assert backlog.release(BOB) == [b"4", b"seen", b"5", b"6"]


def test_who_comes_later_is_told_no_signals_of_before() -> None:
    backlog = backlog_of(ALICE, told=3)
    backlog.add(SIGNAL)
    backlog.add(change(4))
    backlog.hold(BOB, 4, 0)
    backlog.add(change(5))
    assert backlog.release(BOB) == [b"5"]
    assert backlog.release(ALICE) == [b"seen", b"4", b"5"]


@pytest.mark.parametrize(
    ("told", "due"),
    [(3, [b"3 to 6", b"7"]), (4, [b"4 to 6", b"7"]), (6, [b"7"]), (7, [])],
)
def test_of_several_changes_in_one_frame_those_are_told_that_were_not(told: int, due: list[bytes]) -> None:
    backlog = backlog_of(ALICE, told=3)
    backlog.add(several(3, 6))
    backlog.add(change(7))
    backlog.waiting[ALICE].tell(told)
    assert backlog.release(ALICE) == due


def test_who_needs_more_than_is_kept_begins_anew() -> None:
    backlog = backlog_of(ALICE, BOB, told=3)
    backlog.add(change(4, b"x" * KEPT_MAX))
    assert backlog.step(ALICE) is Step.RESUME
    backlog.add(change(5, b"small again"))
    assert backlog.step(ALICE) is Step.BEGIN_ANEW
    backlog.waiting[ALICE].tell(backlog.posted)
    assert backlog.step(ALICE) is Step.RESUME
    assert backlog.release(ALICE) == []
    backlog.waiting[BOB].tell(4)
    assert backlog.step(BOB) is Step.RESUME
    assert backlog.release(BOB) == [b"small again"]


def test_who_is_still_owed_an_answer_asks_for_it_however_little_is_kept() -> None:
    backlog = backlog_of(ALICE, told=3, owed=4, posted=4)
    backlog.add(change(5, b"x" * (KEPT_MAX + 1)))
    assert backlog.step(ALICE) is Step.ASK


def test_holding_again_changes_nothing() -> None:
    backlog = backlog_of(ALICE, told=3, owed=5)
    waiting = backlog.waiting[ALICE]
    assert backlog.hold(ALICE, 9, 9) is waiting
    assert (waiting.told, waiting.owed) == (3, 5)


def test_who_is_gone_is_told_nothing() -> None:
    backlog = backlog_of(ALICE, told=5, posted=3)
    backlog.step(ALICE)
    backlog.drop(ALICE)
    assert backlog.add(change(5)) == []
    assert not backlog.waiting


class ARoomAndThoseWhoComeBack(RuleBasedStateMachine):
    """The database is ahead of what is delivered, which comes in frames of one or several changes.

    Everybody's answers may come late, and in any order; a client may ask for what it knows, as `sync` lets it.
    """

    names = st.sampled_from(["alice", "bob", "carol"])

    def __init__(self) -> None:
        super().__init__()
        self.head = self.posted = 5
        self.backlog: Backlog[str] = Backlog(self.posted)
        self.got: dict[str, int] = {}  # who is here has all up to this version
        self.open: list[tuple[str, int]] = []  # answers that are under way: for whom, and up to which version

    def hears(self, name: str, since: int, to: int) -> None:
        assert since == self.got[name], "nothing is missed, and nothing told twice"
        self.got[name] = to

    def goes_on(self, name: str) -> None:
        """What `CatchUp` does."""
        step = self.backlog.step(name)
        if step is Step.ASK:
            self.asks(name)
        elif step is Step.BEGIN_ANEW:
            self.got[name] = self.backlog.posted
            self.backlog.waiting[name].tell(self.backlog.posted)
        if step in (Step.RESUME, Step.BEGIN_ANEW):
            for frame in self.backlog.release(name):
                since, to = frame.split()
                self.hears(name, int(since), int(to))

    @rule(name=names, cursor=st.integers(0, 60))
    def comes(self, name: str, cursor: int) -> None:
        if name not in self.got:
            self.got[name] = min(cursor, self.head)
            self.backlog.hold(name, self.got[name], self.head)
            self.goes_on(name)

    @rule(name=names)
    def leaves(self, name: str) -> None:
        self.got.pop(name, None)
        self.backlog.drop(name)
        self.open = [answer for answer in self.open if answer[0] != name]

    @rule(name=names)
    def asks(self, name: str) -> None:
        if name in self.got:
            self.backlog.hold(name, self.posted, 0).questions += 1
            self.open.append((name, self.head))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), fails=st.booleans())
    def is_answered(self, data: st.DataObject, fails: bool) -> None:
        name, to = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        waiting = self.backlog.waiting[name]
        waiting.questions -= 1
        if not fails and to > waiting.told:
            self.hears(name, waiting.told, to)
            waiting.tell(to)
        self.goes_on(name)

    @rule(more=st.integers(1, 3))
    def is_committed(self, more: int) -> None:
        self.head += more

    @rule(more=st.integers(1, 4), size=st.sampled_from([10, KEPT_MAX // 3]))
    def is_posted(self, more: int, size: int) -> None:
        since, to = self.posted, min(self.head, self.posted + more)
        if since == to:
            return
        self.posted = to
        for name in self.got.keys() - self.backlog.waiting.keys():
            self.hears(name, since, to)

        def frame(told: int) -> bytes:
            return (b"%d %d" % (told, to)).ljust(size)

        for name in self.backlog.add(Posted(since, to, frame(since), frame)):
            self.goes_on(name)

    @invariant()
    def who_has_not_all_that_was_posted_waits_for_something(self) -> None:
        for name, got in self.got.items():
            if name not in self.backlog.waiting:
                assert got == self.posted
            else:
                is_asking = any(name == asking for asking, _ in self.open)
                assert is_asking or got > self.posted

    def teardown(self) -> None:
        """Once every question is answered and everything is posted, nobody waits."""
        while self.open:
            name, _ = self.open.pop()
            waiting = self.backlog.waiting[name]
            waiting.questions -= 1
            if waiting.told < self.head:
                self.hears(name, waiting.told, self.head)
                waiting.tell(self.head)
            self.goes_on(name)
        self.is_posted(self.head - self.posted, 10)
        assert not self.backlog.waiting
        assert all(got == self.head for got in self.got.values())


ARoomAndThoseWhoComeBack.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestARoomAndThoseWhoComeBack = ARoomAndThoseWhoComeBack.TestCase
