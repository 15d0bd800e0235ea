"""Sending a command again: it gets the first attempt's answer, and nothing is written."""

from uuid import uuid4

import pytest

from shared import batch, rooms
from shared.database import Database
from shared.log import Accepted
from shared.protocol import Code, Delete, Edit
from tests.shared.people import (
    NOON,
    accepted,
    codes,
    delete,
    edit,
    log_of,
    make_room,
    person,
    say,
    sending,
    summary,
    write,
)

ROOM = rooms.GENERAL


def test_a_resend_in_a_later_batch_gets_the_first_attempts_answer(database: Database) -> None:
    alice, id = person(database, "alice"), uuid4()
    first = accepted(write(database, alice, sending("one", room=ROOM, id=id)))[0]
    again = write(database, alice, sending("one", room=ROOM, id=id))[0]
    assert isinstance(again, Accepted)
    assert (again.message, again.change) == (first, None)
    assert log_of(database, ROOM) == [first]


def test_a_resend_is_answered_after_its_author_has_left_the_room(database: Database) -> None:
    alice, bob, id = person(database, "alice"), person(database, "bobby"), uuid4()
    tea = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        rooms.join(cursor, room=tea, user=bob.id)
    first = accepted(write(database, bob, sending(room=tea, id=id)))
    with database.transaction() as cursor:
        rooms.leave(cursor, room=tea, user=bob.id)
    assert accepted(write(database, bob, sending(room=tea, id=id))) == first
    assert codes(write(database, bob, sending(room=tea))) == [Code.NOT_FOUND]


def test_an_edit_sent_again_in_a_later_batch_gets_its_answer(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    command = Edit(uuid4(), ROOM, 1, message.body_version, "two")
    first, again = write(database, alice, command), write(database, alice, command)
    assert accepted(again) == accepted(first)
    assert summary(database, alice, ROOM).head == message.version + 1


@pytest.mark.parametrize("then", ["edited", "deleted"])
def test_an_edit_sent_again_gets_its_first_answer_whatever_was_done_since(
    database: Database, then: str
) -> None:
    """The answer was lost, and on another device its author went on."""
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    command = Edit(uuid4(), ROOM, 1, message.body_version, "two")
    first = accepted(write(database, alice, command))[0]
    last = edit(database, first, "three") if then == "edited" else delete(database, first)
    again = write(database, alice, command)[0]
    assert isinstance(again, Accepted)
    answer = again.message
    assert (answer.number, answer.version, answer.edited_at) == (1, first.version, first.edited_at)
    assert again.change is None
    assert log_of(database, ROOM) == [last]


def test_within_one_batch_too(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    one = Edit(uuid4(), ROOM, 1, message.body_version, "two")
    other = Edit(uuid4(), ROOM, 1, message.version + 1, "three")
    first, _, again = accepted(write(database, alice, one, other, one))
    assert (again.version, again.edited_at) == (first.version, first.edited_at)
    assert [message.body for message in log_of(database, ROOM)] == ["three"]


def test_an_id_that_stands_for_an_edit_of_another_message_is_refused(database: Database) -> None:
    alice = person(database, "alice")
    for body in ("one", "two"):
        say(database, alice, body, room=ROOM)
    command = Delete(uuid4(), ROOM, 1)
    accepted(write(database, alice, command))
    assert codes(write(database, alice, Delete(command.id, ROOM, 2))) == [Code.INVALID]
    assert codes(write(database, alice, Delete(command.id, 999, 2))) == [Code.INVALID]
    assert [message.deleted for message in log_of(database, ROOM)] == [True, False]


def test_edits_are_remembered_for_a_week_and_the_last_one_for_ever(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    command = Edit(uuid4(), ROOM, 1, message.body_version, "two")
    first = accepted(write(database, alice, command))[0]
    for age, left in ((batch.DONE_SECONDS - 1, 1), (batch.DONE_SECONDS + 1, 0)):
        with database.cursor() as cursor:
            batch.forget_done(cursor, NOON / 1000 + age)
            cursor.execute("SELECT COUNT(*) AS count FROM commands")
            assert cursor.fetchone() == {"count": left}
        assert accepted(write(database, alice, command)) == [first]
    edit(database, first, "three")
    assert codes(write(database, alice, command)) == [Code.CONFLICT]


def test_the_same_id_of_two_people_is_two_messages(database: Database) -> None:
    alice, bob, id = person(database, "alice"), person(database, "bobby"), uuid4()
    accepted(write(database, alice, sending(room=ROOM, id=id)))
    accepted(write(database, bob, sending(room=ROOM, id=id)))
    assert [message.author for message in log_of(database, ROOM)] == [alice, bob]
