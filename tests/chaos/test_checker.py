"""Each rule of the checker speaks when, and only when, its promise is broken."""

from dataclasses import replace
from uuid import UUID

import pytest

from shared.protocol import Ack, Command, Delete, Edit, React, Send
from tests.chaos.checker import check
from tests.chaos.history import History, Log, Reader, Sight, Try

ROOM, ANN = 1, 7


def row(number: int, version: int | None = None, body: str | None = None) -> Sight:
    """A message of Ann as the log holds it."""
    return Sight(
        ROOM,
        number,
        version or number,
        UUID(int=number),
        ANN,
        f"text {number}" if body is None else body,
        body == "",
    )


def tried(
    command: Command,
    *,
    order: int = 0,
    number: int | None = None,
    version: int = 0,
    refused: str | None = None,
) -> Try:
    """A command of Ann's phone; with a number it was acknowledged."""
    ack = Ack(command.id, ROOM, number, version or number, 0) if number else None
    return Try("phone", ANN, ROOM, order, command, ack, refused)


def said(number: int, *, order: int | None = None, acked: bool = True) -> Try:
    """The send that made `row(number)`."""
    send = Send(UUID(int=number), f"text {number}", ROOM)
    return tried(send, order=order or number, number=number if acked else None)


def sound() -> History:
    """Three messages of Ann's phone, seen by it; the last without an answer."""
    rows = [row(1), row(2), row(3)]
    phone = Reader("phone", seen=[*rows], low={ROOM: 1}, final={ROOM: [*rows]})
    return History([said(1), said(2), said(3, acked=False)], [phone], Log([*rows], {ROOM: (3, 3)}))


def edited(body: str) -> Try:
    """An edit of the first message whose outcome is unknown."""
    return tried(Edit(UUID(int=30), ROOM, 1, 1, body))


def broken(history: History) -> set[str]:
    """The rules that speak."""
    return {line.partition(":")[0] for line in check(history)}


def test_a_sound_history_breaks_nothing() -> None:
    assert check(sound()) == []


def test_an_unknown_outcome_may_be_lost() -> None:
    history = sound()
    history.tries.append(tried(Send(UUID(int=9), "perhaps", ROOM), order=4))
    assert check(history) == []


def test_an_acknowledged_message_that_is_not_in_the_log_is_found() -> None:
    history = sound()
    history.tries.append(said(4))
    assert "acked is in the log" in broken(history)


def test_a_message_that_stands_elsewhere_than_its_ack_said_is_found() -> None:
    history = sound()
    history.tries[0] = tried(history.tries[0].command, order=1, number=3)
    assert "acked is in the log" in broken(history)


def test_a_message_that_was_refused_for_good_and_stands_in_the_log_is_found() -> None:
    history = sound()
    history.tries[2] = replace(history.tries[2], refused="too_long")
    assert broken(history) == {"refused is not in the log"}


def test_a_doubled_message_is_found() -> None:
    history = sound()
    history.log.rows.append(replace(row(4), client_id=UUID(int=1)))
    history.log.heads[ROOM] = (4, 4)
    assert "one row per client id" in broken(history)


def test_a_number_that_is_missing_is_found() -> None:
    history = sound()
    history.log.heads[ROOM] = (4, 4)
    assert broken(history) == {"numbers are dense"}


@pytest.mark.parametrize("version", [2, 9])
def test_a_version_that_stands_twice_or_above_the_head_is_found(version: int) -> None:
    history = sound()
    history.log.rows[2] = row(3, version)
    assert "versions are unique and below the head" in broken(history)


def test_messages_in_another_order_than_they_were_sent_are_found() -> None:
    history = sound()
    history.tries[0], history.tries[1] = said(1, order=2), said(2, order=1)
    assert broken(history) == {"senders order holds"}


def test_a_reader_that_lacks_a_message_is_found() -> None:
    history = sound()
    del history.readers[0].final[ROOM][1]
    assert broken(history) == {"readers end equal to the log"}


def test_what_stands_before_the_oldest_that_a_reader_holds_is_not_missed() -> None:
    history = sound()
    history.readers[0].low[ROOM] = 2
    del history.readers[0].final[ROOM][0]
    assert check(history) == []


def test_a_reader_that_holds_an_old_text_is_found() -> None:
    history = sound()
    history.tries.append(edited("changed"))
    history.log.rows[0] = row(1, 4, "changed")
    history.log.heads[ROOM] = (3, 4)
    assert broken(history) == {"readers end equal to the log"}


def test_two_readers_who_saw_two_contents_of_one_version_are_found() -> None:
    history = sound()
    history.readers.append(Reader("laptop", seen=[row(2, 2, "something else")]))
    assert broken(history) == {"readers agree"}


def test_a_message_that_went_back_to_an_older_version_is_found() -> None:
    history = sound()
    history.tries.append(edited("new"))
    history.log.rows[0] = row(1, 4, "new")
    history.log.heads[ROOM] = (3, 4)
    history.readers[0].seen = [row(1, 4, "new"), *history.readers[0].seen]
    history.readers[0].final[ROOM][0] = row(1, 4, "new")
    assert broken(history) == {"nothing seen went backward"}


def test_a_sender_who_never_saw_an_acknowledged_message_is_found() -> None:
    history = sound()
    del history.readers[0].seen[0]
    assert broken(history) == {"senders saw their own"}


def test_an_acknowledged_edit_that_is_lost_is_found() -> None:
    history = sound()
    history.tries.append(tried(Edit(UUID(int=20), ROOM, 1, 1, "better"), number=1, version=4))
    assert broken(history) == {"acked edits were written"}


def test_an_edit_whose_version_has_another_text_is_found() -> None:
    history = sound()
    other = row(1, 4, "other")
    history.tries.append(edited("other"))
    history.log.rows[0] = history.readers[0].final[ROOM][0] = other
    history.log.heads[ROOM] = (3, 4)
    history.readers[0].seen.append(other)
    history.tries.append(tried(Edit(UUID(int=20), ROOM, 1, 1, "better"), number=1, version=4))
    assert broken(history) == {"acked edits were written"}


def test_a_deleted_text_that_is_still_there_is_found() -> None:
    history = sound()
    history.tries.append(tried(Delete(UUID(int=20), ROOM, 1), number=1, version=1))
    assert broken(history) == {"deleted text is gone"}


def test_a_text_that_is_not_what_was_sent_is_found() -> None:
    history = sound()
    wrong = row(1, body="garbled")
    history.log.rows[0] = history.readers[0].seen[0] = history.readers[0].final[ROOM][0] = wrong
    assert broken(history) == {"rows are what was sent"}


def test_a_message_that_nobody_sent_is_found() -> None:
    history = sound()
    del history.tries[2]
    assert broken(history) == {"rows are what was sent"}


def test_a_reader_who_was_thrown_out_of_a_room_is_found() -> None:
    history = sound()
    history.readers[0].rooms.add(ROOM)
    history.readers[0].final.clear()
    assert broken(history) == {"readers are in their rooms"}


def reacted(*, on: bool = True, version: int | None = 4) -> Try:
    """Ann's reaction to her first message; without a version its outcome is unknown."""
    command = React(UUID(int=40 + (version or 0)), ROOM, 1, "👍", on)
    return tried(command, number=1 if version else None, version=version or 0)


def with_reaction(*tries: Try, stands: bool) -> History:
    """Version 4 is the first message, with Ann's reaction or without."""
    history = sound()
    first = replace(row(1, 4), reactions=frozenset({("👍", ANN)} if stands else ()))
    history.log.rows[0] = history.readers[0].final[ROOM][0] = first
    history.log.heads[ROOM] = (3, 4)
    history.readers[0].seen.append(first)
    history.tries.extend(tries)
    return history


def test_reactions_that_stand_as_they_were_asked_for_break_nothing() -> None:
    assert check(with_reaction(reacted(), stands=True)) == []
    assert check(with_reaction(reacted(on=False), stands=False)) == []


@pytest.mark.parametrize("stands", [True, False])
def test_a_reaction_whose_outcome_is_unknown_may_stand_or_not(stands: bool) -> None:
    assert check(with_reaction(reacted(version=None), stands=stands)) == []


@pytest.mark.parametrize("on", [True, False])
def test_an_acknowledged_reaction_that_is_not_as_it_was_asked_for_is_found(on: bool) -> None:
    found = broken(with_reaction(reacted(version=None), reacted(on=on), stands=not on))
    assert found == {"acked reactions were put"}


def test_an_acknowledged_reaction_that_is_lost_is_found() -> None:
    history = with_reaction(reacted(version=5), stands=True)
    assert broken(history) == {"acked reactions were put"}


def test_a_last_word_that_does_not_stand_is_found() -> None:
    history = with_reaction(reacted(version=3), stands=False)
    assert "reactions are those that were asked for" in broken(history)


def test_a_reaction_that_nobody_asked_for_is_found() -> None:
    assert broken(with_reaction(stands=True)) == {"reactions are those that were asked for"}


def test_a_reply_that_answers_something_else_is_found() -> None:
    history = sound()
    history.tries[1] = replace(history.tries[1], command=Send(UUID(int=2), "text 2", ROOM, reply_to=1))
    assert broken(history) == {"replies answer what they answered"}
