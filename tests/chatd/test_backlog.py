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


def waits(backlog: Backlog[str], peer: str = ALICE, *, told: int, owed: int = 0) -> Backlog[str]:
    backlog.hold(peer, told, owed)
    return backlog


def test_who_was_told_less_than_it_is_owed_asks() -> None:
    backlog = waits(Backlog(), told=3, owed=5)
    assert backlog.step(ALICE, 5) is Step.ASK
    assert backlog.owed(ALICE) == 5
    backlog.waiting[ALICE].tell(5)
    assert backlog.step(ALICE, 5) is Step.RESUME
    assert backlog.owed(ALICE) == 0


def test_who_was_told_more_than_was_delivered_waits_until_it_is() -> None:
    backlog = waits(Backlog(), told=5, owed=5)
    assert backlog.step(ALICE, 3) is Step.WAIT
    assert backlog.add(change(4)) == []
    assert backlog.add(change(5)) == [ALICE]
    assert backlog.step(ALICE, 5) is Step.RESUME
    assert backlog.release(ALICE) == []
    assert backlog.add(change(6)) == []


def test_while_a_question_is_open_nothing_else_is_done() -> None:
    backlog = waits(Backlog(), told=5, owed=5)
    backlog.waiting[ALICE].questions = 1
    assert backlog.step(ALICE, 5) is Step.WAIT
    backlog.waiting[ALICE].questions = 0
    assert backlog.step(ALICE, 5) is Step.RESUME


def test_what_follows_is_told_in_order_and_what_was_told_is_left_out_but_signals_never_are() -> None:
    backlog = waits(waits(Backlog(), told=3, owed=5), BOB, told=3)
    for posted in (change(4), SIGNAL, change(5), change(6)):
        backlog.add(posted)
    backlog.waiting[ALICE].tell(5)
    assert backlog.release(ALICE) == [b"seen", b"6"]
    assert backlog.release(BOB) == [b"4", b"seen", b"5", b"6"]


def test_who_comes_later_is_told_no_signals_of_before() -> None:
    backlog = waits(Backlog(), told=3)
    backlog.add(SIGNAL)
    backlog.add(change(4))
    waits(backlog, BOB, told=4)
    backlog.add(change(5))
    assert backlog.release(BOB) == [b"5"]
    assert backlog.release(ALICE) == [b"seen", b"4", b"5"]


@pytest.mark.parametrize(
    ("told", "due"),
    [(3, [b"3 to 6", b"7"]), (4, [b"4 to 6", b"7"]), (6, [b"7"]), (7, [])],
)
def test_of_several_changes_in_one_frame_those_are_told_that_were_not(told: int, due: list[bytes]) -> None:
    backlog = waits(Backlog(), told=3)
    backlog.add(several(3, 6))
    backlog.add(change(7))
    backlog.waiting[ALICE].tell(told)
    assert backlog.release(ALICE) == due


def test_who_needs_more_than_is_kept_asks_the_database() -> None:
    backlog = waits(waits(Backlog(), told=3), BOB, told=3)
    backlog.add(change(4, b"x" * KEPT_MAX))
    assert backlog.step(ALICE, 4) is Step.RESUME
    backlog.add(change(5, b"small again"))
    assert backlog.step(ALICE, 5) is Step.ASK
    assert backlog.owed(ALICE) == 4
    backlog.waiting[ALICE].tell(4)
    backlog.waiting[BOB].tell(5)
    assert backlog.release(ALICE) == [b"small again"]
    assert backlog.release(BOB) == []


def test_holding_again_changes_nothing() -> None:
    backlog = waits(Backlog(), told=3, owed=5)
    waiting = backlog.waiting[ALICE]
    assert backlog.hold(ALICE, 9, 9) is waiting
    assert (waiting.told, waiting.owed) == (3, 5)


def test_who_is_gone_is_told_nothing() -> None:
    backlog = waits(Backlog(), told=5)
    backlog.step(ALICE, 3)
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
        self.backlog: Backlog[str] = Backlog()
        self.head = self.delivered = 5
        self.got: dict[str, int] = {}  # who is here has all up to this version
        self.open: list[tuple[str, int]] = []  # answers that are under way: for whom, and up to which version

    def hears(self, name: str, since: int, to: int) -> None:
        assert since == self.got[name], "nothing is missed, and nothing told twice"
        self.got[name] = to

    @rule(name=names, cursor=st.integers(0, 60))
    def comes(self, name: str, cursor: int) -> None:
        if name not in self.got:
            self.got[name] = min(cursor, self.head)
            self.backlog.hold(name, self.got[name], self.head)

    @rule(name=names)
    def goes(self, name: str) -> None:
        self.got.pop(name, None)
        self.backlog.drop(name)
        self.open = [answer for answer in self.open if answer[0] != name]

    @rule(more=st.integers(1, 3))
    def is_committed(self, more: int) -> None:
        self.head += more

    @rule(more=st.integers(1, 4), size=st.sampled_from([10, KEPT_MAX // 3]))
    def is_delivered(self, more: int, size: int) -> None:
        since, to = self.delivered, min(self.head, self.delivered + more)
        if since == to:
            return
        self.delivered = to
        for name in self.got.keys() - self.backlog.waiting.keys():
            self.hears(name, since, to)
        posted = Posted(since, to, self.frame(since, to, size), lambda told: self.frame(told, to, size))
        self.backlog.add(posted)
        self.go_on()

    @staticmethod
    def frame(since: int, to: int, size: int) -> bytes:
        return (b"%d %d" % (since, to)).ljust(size)

    @rule(name=names)
    def asks(self, name: str) -> None:
        if name in self.got:
            self.backlog.hold(name, self.delivered, 0).questions += 1
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
        self.go_on()

    def go_on(self) -> None:
        for name in list(self.backlog.waiting):
            if self.backlog.step(name, self.delivered) is Step.RESUME:
                for frame in self.backlog.release(name):
                    since, to = frame.split()
                    self.hears(name, int(since), int(to))

    @invariant()
    def who_waits_for_nothing_has_all_that_was_delivered(self) -> None:
        for name, got in self.got.items():
            assert got == self.delivered or name in self.backlog.waiting

    def teardown(self) -> None:
        """Everybody can be brought up to date, by one answer each and what is delivered."""
        while self.open:
            name, _ = self.open.pop()
            self.backlog.waiting[name].questions -= 1
        for name, waiting in self.backlog.waiting.items():
            if owed := self.backlog.owed(name):
                self.hears(name, waiting.told, owed)
                waiting.tell(owed)
        self.go_on()
        self.is_delivered(self.head - self.delivered, 10)
        assert not self.backlog.waiting
        assert all(got == self.head for got in self.got.values())


ARoomAndThoseWhoComeBack.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestARoomAndThoseWhoComeBack = ARoomAndThoseWhoComeBack.TestCase
