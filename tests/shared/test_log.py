"""What the rules of the log make of a batch, without a database."""

from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.log import Accepted, Entry, Head, Outcome, Refused, Request, Result, Snapshot, apply
from shared.protocol import Code, Command, Delete, Edit, Message, React, Send, User

ALICE, BOB, EVE = User(1, "alice"), User(2, "bobby"), User(3, "evelyn")
ROOM, OTHER, STRANGE = 10, 11, 12
LONGEST = 20
NOON = 1_700_000_000_000


def snapshot() -> Snapshot:
    """Alice and Bob are in two rooms; Eve is in none."""
    return Snapshot(
        heads={ROOM: Head(0, 1), OTHER: Head(5, 9), STRANGE: Head(0, 1)},
        members={
            (room, user.id): "owner" if user is ALICE else "member"
            for room in (ROOM, OTHER)
            for user in (ALICE, BOB)
        },
        named={(room, user.name): user.id for room in (ROOM, OTHER) for user in (ALICE, BOB)},
    )


def send(body: str = "hello", *, id: int, author: User = ALICE, room: int | None = ROOM) -> Request:
    return Request(author, Send(UUID(int=id), body, room), NOON)


def direct(nickname: str, *, id: int, author: User = ALICE) -> Request:
    return Request(author, Send(UUID(int=id), "psst", None, nickname), NOON)


def edit(body: str, *, id: int, base: int, number: int = 1, author: User = ALICE) -> Request:
    return Request(author, Edit(UUID(int=id), ROOM, number, base, body), NOON + 1)


def delete(*, id: int, number: int = 1, author: User = ALICE) -> Request:
    return Request(author, Delete(UUID(int=id), ROOM, number), NOON + 2)


def run(*requests: Request, on: Snapshot | None = None) -> Result:
    return apply(on or snapshot(), requests, longest=LONGEST)


def accepted(outcome: Outcome) -> Accepted:
    assert isinstance(outcome, Accepted), outcome
    return outcome


def code(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def stored(body: str = "hello") -> Snapshot:
    """Alice's message 1, sent with the id 1, is stored in ROOM; nothing of it is in the batch."""
    state = snapshot()
    message = accepted(run(send(body, id=1), on=state).outcomes[0]).message
    state.entries[ROOM, 1] = Entry(message)
    return state


# -- sending


def test_a_message_takes_the_next_number_and_the_next_version() -> None:
    message = accepted(run(send(id=1, room=OTHER)).outcomes[0]).message
    assert (message.number, message.version, message.body_version) == (6, 10, 10)


def test_a_message_carries_what_its_readers_need() -> None:
    message = accepted(run(send("hi", id=1)).outcomes[0]).message
    assert message == Message(ROOM, 1, 2, ALICE, UUID(int=1), "hi", 2, NOON, edited_at=None, deleted=False)


def test_what_is_accepted_is_published_and_written() -> None:
    result = run(send(id=1))
    outcome = accepted(result.outcomes[0])
    assert outcome.change is outcome.message
    assert result.created == {(ROOM, 1): Entry(outcome.message)}
    assert result.changed == {}


def test_the_outcomes_stand_in_the_order_of_the_requests() -> None:
    requests = [send(id=1), send("", id=2), send(id=3, room=OTHER), send(id=4)]
    assert [outcome.request for outcome in run(*requests).outcomes] == requests


def test_rooms_are_counted_apart() -> None:
    result = run(send(id=1), send(id=2, room=OTHER), send(id=3))
    assert list(result.created) == [(ROOM, 1), (OTHER, 6), (ROOM, 2)]


@pytest.mark.parametrize(
    ("body", "fault"),
    [("", Code.EMPTY), (" \n", Code.EMPTY), ("x" * (LONGEST + 1), Code.TOO_LONG), ("a\x00", Code.CHARACTERS)],
)
def test_a_text_at_fault_is_refused_for_good(body: str, fault: str) -> None:
    outcome = run(send(body, id=1)).outcomes[0]
    assert code(outcome) == fault
    assert isinstance(outcome, Refused)
    assert not outcome.temporary


@pytest.mark.parametrize(
    ("author", "room"),
    [(EVE, ROOM), (ALICE, STRANGE), (ALICE, 999)],
    ids=["eve", "not in it", "no such room"],
)
def test_who_is_no_member_hears_what_is_said_of_a_room_that_does_not_exist(author: User, room: int) -> None:
    assert code(run(send(id=1, author=author, room=room)).outcomes[0]) == Code.NOT_FOUND


def test_one_refused_message_harms_no_other() -> None:
    result = run(send(id=1), send("", id=2), send(id=3, author=EVE), send(id=4, room=999), send(id=5))
    assert [type(outcome) for outcome in result.outcomes] == [Accepted, Refused, Refused, Refused, Accepted]
    assert [entry.message.number for entry in result.created.values()] == [1, 2]


def test_a_direct_message_goes_to_the_room_of_the_two() -> None:
    state = snapshot()
    state.directs[ALICE.id, "bobby"] = ROOM
    assert accepted(run(direct("BOBBY", id=1), on=state).outcomes[0]).message.room == ROOM


def test_a_direct_message_to_nobody_is_refused() -> None:
    assert code(run(direct("nobody", id=1)).outcomes[0]) == Code.NOT_FOUND


def test_who_is_now_in_a_new_direct_room_is_told_once() -> None:
    state = snapshot()
    state.directs[ALICE.id, "bobby"] = ROOM
    state.opened[ROOM] = (ALICE.id, BOB.id)
    outcomes = run(direct("bobby", id=1), direct("bobby", id=2), on=state).outcomes
    assert [accepted(outcome).opened for outcome in outcomes] == [(ALICE.id, BOB.id), ()]


# -- sending again


def test_a_resend_gets_the_first_attempts_answer() -> None:
    state = stored()
    again = run(send(id=1), on=state)
    assert accepted(again.outcomes[0]).message == state.entries[ROOM, 1].message
    assert accepted(again.outcomes[0]).change is None
    assert again.created == {}
    assert state.heads[ROOM] == Head(1, 2)


def test_a_resend_within_the_batch_gets_the_same_answer() -> None:
    first, second = run(send(id=1), send("another text", id=1)).outcomes
    assert accepted(second).message == accepted(first).message
    assert accepted(second).change is None


def test_a_resend_is_answered_though_its_author_has_left() -> None:
    state = stored()
    state.members.clear()
    assert accepted(run(send(id=1), on=state).outcomes[0]).message.number == 1


def test_a_resend_is_answered_though_the_limits_have_changed() -> None:
    state = stored("a text of twenty let")
    outcome = apply(state, [send("a text of twenty let", id=1)], longest=5).outcomes[0]
    assert accepted(outcome).message.number == 1


def test_a_resend_to_another_room_gets_the_first_attempts_answer() -> None:
    assert accepted(run(send(id=1, room=OTHER), on=stored()).outcomes[0]).message.room == ROOM


def test_two_authors_may_use_the_same_id() -> None:
    outcomes = run(send(id=1), send(id=1, author=BOB)).outcomes
    assert [accepted(outcome).message.number for outcome in outcomes] == [1, 2]


# -- editing


def test_an_edit_takes_the_next_version_and_keeps_the_number() -> None:
    result = run(edit("better", id=2, base=2), on=stored())
    message = accepted(result.outcomes[0]).message
    assert (message.number, message.version, message.body_version) == (1, 3, 3)
    assert (message.body, message.edited_at, message.client_id) == ("better", NOON + 1, UUID(int=1))
    assert result.changed == {(ROOM, 1): Entry(message, UUID(int=2))}
    assert result.created == {}


def test_an_edit_that_is_based_on_an_older_text_is_a_conflict() -> None:
    first, second = run(edit("one", id=2, base=2), edit("two", id=3, base=2), on=stored()).outcomes
    assert accepted(first).message.body == "one"
    assert code(second) == Code.CONFLICT


def test_an_edit_sent_again_gets_the_first_attempts_answer() -> None:
    first, again = run(edit("one", id=2, base=2), edit("one", id=2, base=2), on=stored()).outcomes
    assert accepted(again).message == accepted(first).message
    assert accepted(again).change is None


def test_a_late_resend_of_an_edit_does_not_overwrite_a_newer_text() -> None:
    state = stored()
    first, _ = run(edit("one", id=2, base=2), edit("two", id=3, base=3), on=state).outcomes
    again = accepted(run(edit("one", id=2, base=2), on=state).outcomes[0])
    assert again.message.version == accepted(first).message.version
    assert again.change is None
    assert state.entries[ROOM, 1].message.body == "two"


def test_an_edit_that_was_forgotten_does_not_overwrite_a_newer_text_either() -> None:
    state = stored()
    run(edit("one", id=2, base=2), edit("two", id=3, base=3), on=state)
    state.done.clear()
    assert code(run(edit("one", id=2, base=2), on=state).outcomes[0]) == Code.CONFLICT
    assert state.entries[ROOM, 1].message.body == "two"


def test_an_edit_of_a_message_in_the_same_batch_is_written_with_it() -> None:
    result = run(send(id=1), edit("better", id=2, base=2))
    assert result.created[ROOM, 1].message.body == "better"
    assert result.changed == {}


def test_an_edit_to_a_text_at_fault_is_refused() -> None:
    assert code(run(edit(" ", id=2, base=2), on=stored()).outcomes[0]) == Code.EMPTY


# -- deleting


def test_a_deleted_message_keeps_its_number_and_loses_its_text() -> None:
    message = accepted(run(delete(id=2), on=stored()).outcomes[0]).message
    assert (message.number, message.version, message.body, message.deleted) == (1, 3, "", True)


def test_deleting_again_changes_nothing() -> None:
    first, again = run(delete(id=2), delete(id=3), on=stored()).outcomes
    assert accepted(again).message == accepted(first).message
    assert accepted(again).change is None


def test_a_deleted_message_can_not_be_edited() -> None:
    assert code(run(delete(id=2), edit("back", id=3, base=3), on=stored()).outcomes[1]) == Code.DELETED


@pytest.mark.parametrize("command", [edit("mine", id=2, base=2, author=BOB), delete(id=2, author=BOB)])
def test_only_the_author_may_change_a_message(command: Request) -> None:
    assert code(run(command, on=stored()).outcomes[0]) == Code.NOT_YOURS


@pytest.mark.parametrize("command", [edit("mine", id=2, base=2, author=EVE), delete(id=2, author=EVE)])
def test_who_is_no_member_does_not_learn_that_a_message_exists(command: Request) -> None:
    assert code(run(command, on=stored()).outcomes[0]) == Code.NOT_FOUND


@pytest.mark.parametrize("command", [edit("x", id=2, base=2, number=7), delete(id=2, number=7)])
def test_a_message_that_does_not_exist_is_not_found(command: Request) -> None:
    assert code(run(command, on=stored()).outcomes[0]) == Code.NOT_FOUND


def test_an_author_who_has_left_can_not_change_a_message() -> None:
    state = stored()
    state.members.clear()
    outcomes = run(edit("x", id=2, base=2), delete(id=3), on=state).outcomes
    assert [code(outcome) for outcome in outcomes] == [Code.NOT_FOUND, Code.NOT_FOUND]


def test_nobody_resends_anothers_edit() -> None:
    state = stored()
    run(edit("one", id=2, base=2), on=state)
    assert code(run(edit("one", id=2, base=2, author=BOB), on=state).outcomes[0]) == Code.NOT_YOURS


# -- whatever comes

authors = st.sampled_from([ALICE, BOB, EVE])
ids = st.integers(1, 12).map(lambda number: UUID(int=number))
places = st.sampled_from([ROOM, OTHER, STRANGE, 999])
bodies = st.sampled_from(["", "one", "@bobby", "@Alice @room", "a\x00", "x" * (LONGEST + 1)])
numbers = st.integers(0, 8)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(Send, id=ids, body=bodies, room=places, reply_to=st.none() | st.integers(0, 8)),
    st.builds(Edit, id=ids, room=places, number=numbers, base=st.integers(1, 20), body=bodies),
    st.builds(Delete, id=ids, room=places, number=numbers),
    st.builds(
        React, id=ids, room=places, number=numbers, emoji=st.sampled_from(["👍", "🎉", "x"]), on=st.booleans()
    ),
)
batches = st.lists(st.builds(Request, authors, commands, st.just(NOON)), max_size=40)


def changes_of(outcomes: Iterable[Outcome], room: int) -> list[Message]:
    return [o.change for o in outcomes if isinstance(o, Accepted) and o.change and o.change.room == room]


@given(batches)
def test_versions_and_numbers_are_dense_whatever_comes(requests: list[Request]) -> None:
    before, state = snapshot().heads, snapshot()
    outcomes = run(*requests, on=state).outcomes
    for room, head in before.items():
        changes = changes_of(outcomes, room)
        assert [c.version for c in changes] == list(range(head.version + 1, state.heads[room].version + 1))
        created = [c.number for c in changes if c.body_version == c.version and c.edited_at is None]
        # What was deleted keeps its number, and nothing else.
        for change in changes:
            assert not change.deleted or not (
                change.body or change.reply_to or change.reactions or change.mentions
            )
        assert created == list(range(head.number + 1, state.heads[room].number + 1))


@given(batches)
def test_every_request_has_one_outcome_whatever_comes(requests: list[Request]) -> None:
    assert [outcome.request for outcome in run(*requests).outcomes] == requests


@given(batches, batches)
def test_what_is_written_is_the_last_change_of_each_message(one: list[Request], two: list[Request]) -> None:
    state = snapshot()
    run(*one, on=state)
    result = run(*two, on=state)
    last = {(c.room, c.number): c for room in state.heads for c in changes_of(result.outcomes, room)}
    assert {place: e.message for place, e in (result.created | result.changed).items()} == last
    assert not result.created.keys() & result.changed.keys()


@given(batches)
def test_a_batch_sent_again_writes_no_message_again(requests: list[Request]) -> None:
    state = snapshot()
    run(*requests, on=state)
    assert run(*requests, on=state).created == {}


@given(batches)
def test_only_members_are_heard_whatever_comes(requests: list[Request]) -> None:
    for outcome in run(*requests).outcomes:
        if isinstance(outcome, Accepted):
            author, command = outcome.request.author, outcome.request.command
            assert author in (ALICE, BOB)
            assert outcome.message.author == author or isinstance(command, React)


@given(batches)
def test_a_reply_answers_what_stands_before_it_and_nobody_calls_themselves(requests: list[Request]) -> None:
    state = snapshot()
    run(*requests, on=state)
    for entry in state.entries.values():
        message = entry.message
        assert message.reply_to is None or 1 <= message.reply_to < message.number
        assert message.author.id not in message.mentions
        assert not message.everyone or message.author is ALICE


@given(batches, batches)
def test_a_command_sent_again_changes_nothing_whatever_was_done_since(
    one: list[Request], two: list[Request]
) -> None:
    """Of those that were carried out, each with an id of its own."""
    state = snapshot()
    done = [o.request for o in run(*one, on=state).outcomes if isinstance(o, Accepted)]
    run(*two, on=state)
    before = dict(state.entries)
    ids = [(request.author.id, request.command.id) for request in one + two]
    for request in done:
        is_idempotent = isinstance(request.command, Delete)  # what another deletion did before it
        if ids.count((request.author.id, request.command.id)) == 1 and not is_idempotent:
            (again,) = run(request, on=state).outcomes
            assert accepted(again).change is None
    assert state.entries == before
