"""The transaction that writes messages, on a real database, also when two write at once."""

import threading
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pymysql
import pytest

from shared import batch, members, messages, rooms
from shared.database import Database, is_locked
from shared.log import Accepted, Outcome, Request
from shared.protocol import Changes, Code, Command, Delete, Edit, Message, User
from tests.shared.people import (
    LONGEST,
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


def at_once(*works: Callable[[], None]) -> None:
    """Run each in a thread; raises what any of them raised."""
    faults: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


# -- what is written


def test_what_was_accepted_is_what_a_reader_finds(database: Database) -> None:
    alice = person(database, "alice")
    body = "line\nΩ 日本 🙂 'quote\" \\ %s % _"
    message = say(database, alice, body, room=ROOM)
    assert log_of(database, ROOM) == [message]
    assert message.body == body
    assert summary(database, alice, ROOM).head == message.version == 3


def test_a_batch_of_many_rooms_and_authors_moves_each_head_by_its_own(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    tea = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        commands = [(alice, ROOM), (bob, ROOM), (alice, tea), (bob, tea), (alice, ROOM)]
        requests = [Request(user, sending(room=room), NOON) for user, room in commands]
        outcomes, later = batch.write(cursor, requests, longest=LONGEST)
    assert later == []
    assert codes(outcomes.outcomes) == [None, None, None, Code.NOT_FOUND, None]
    assert [message.number for message in log_of(database, ROOM)] == [1, 2, 3]
    assert [message.number for message in log_of(database, tea)] == [1]
    assert (summary(database, alice, ROOM).head, summary(database, alice, tea).head) == (6, 2)


def test_edits_and_deletions_are_written(database: Database) -> None:
    alice = person(database, "alice")
    first, second = say(database, alice, "one", room=ROOM), say(database, alice, "two", room=ROOM)
    changed = [edit(database, first, "better"), delete(database, second)]
    assert log_of(database, ROOM) == changed


def test_a_message_that_is_sent_edited_and_deleted_in_one_batch_is_written_once(database: Database) -> None:
    alice = person(database, "alice")
    outcomes = write(
        database, alice, sending("one", room=ROOM), Edit(uuid4(), ROOM, 1, 3, "two"), Delete(uuid4(), ROOM, 1)
    )
    assert log_of(database, ROOM) == accepted(outcomes)[-1:]
    assert log_of(database, ROOM)[0].deleted
    assert summary(database, alice, ROOM).head == 5


def test_nothing_is_written_of_what_is_refused(database: Database) -> None:
    alice = person(database, "alice")
    before = summary(database, alice, ROOM)
    outcomes = write(
        database,
        alice,
        sending("", room=ROOM),
        sending("x" * (LONGEST + 1), room=ROOM),
        sending(room=999),
        sending(to="nobody"),
        Edit(uuid4(), ROOM, 5, 1, "x"),
        Delete(uuid4(), 999, 1),
    )
    faults = [Code.EMPTY, Code.TOO_LONG, *[Code.NOT_FOUND] * 4]
    assert codes(outcomes) == faults
    assert summary(database, alice, ROOM) == before


def test_an_empty_batch_is_no_fault(database: Database) -> None:
    with database.transaction() as cursor:
        result, later = batch.write(cursor, [], longest=LONGEST)
    assert (result.outcomes, later) == ([], [])


# -- direct rooms


def test_the_first_direct_message_makes_the_room_and_says_who_is_in_it(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    one, two = write(database, alice, sending(to="BOBBY"), sending(to="bobby"))
    assert isinstance(one, Accepted)
    assert isinstance(two, Accepted)
    assert set(one.opened) == {alice.id, bob.id}
    assert two.opened == ()
    assert one.message.room == two.message.room
    seen = summary(database, bob, one.message.room)
    assert (seen.last_number, seen.last_read, set(seen.room.members)) == (2, 0, {alice, bob})


def test_the_answer_to_a_direct_message_goes_to_the_same_room(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    there = accepted(write(database, alice, sending(to="bobby")))[0]
    back = write(database, bob, sending(to="alice"))[0]
    assert isinstance(back, Accepted)
    assert (back.message.room, back.message.number, back.opened) == (there.room, 2, ())


def test_a_message_to_oneself_goes_to_a_room_with_one_member(database: Database) -> None:
    alice = person(database, "alice")
    room = accepted(write(database, alice, sending(to="alice")))[0].room
    assert accepted(write(database, alice, sending(to="Alice")))[0].room == room
    assert summary(database, alice, room).room.members == [alice]


@pytest.mark.parametrize("name", ["nobody", "", "bob by", "bobby'--", "bøbby", "\ud800", "ｂobby"])
def test_a_message_to_nobody_is_refused(database: Database, name: str) -> None:
    alice, _ = person(database, "alice"), person(database, "bobby")
    assert codes(write(database, alice, sending(to=name))) == [Code.NOT_FOUND]


@pytest.mark.parametrize("body", ["", "x" * (LONGEST + 1), "a\x00b"])
def test_a_text_at_fault_makes_no_room(database: Database, body: str) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    assert codes(write(database, alice, sending(body, to="bobby"))) != [None]
    with database.cursor() as cursor:
        assert rooms.direct_between(cursor, alice.id, bob.id) is None


def test_a_resend_makes_no_room_either(database: Database) -> None:
    alice, bob, id = person(database, "alice"), person(database, "bobby"), uuid4()
    first = accepted(write(database, alice, sending(room=ROOM, id=id)))
    assert accepted(write(database, alice, sending(to="bobby", id=id))) == first
    with database.cursor() as cursor:
        assert rooms.direct_between(cursor, alice.id, bob.id) is None


def test_two_who_write_to_each_other_at_the_same_time_share_one_room(database: Database) -> None:
    people = [person(database, f"user{number}") for number in range(8)]
    together = threading.Barrier(2)

    def writes(author: User, to: User) -> Callable[[], None]:
        def work() -> None:
            together.wait()
            while True:
                try:
                    accepted(write(database, author, sending(to=to.name)))
                except pymysql.err.MySQLError as fault:
                    # What the writer of the daemon does: the room was just made by the other.
                    if not (isinstance(fault, pymysql.err.IntegrityError) or is_locked(fault)):
                        raise
                else:
                    return

        return work

    for one, other in zip(people[::2], people[1::2], strict=True):
        at_once(writes(one, other), writes(other, one))
        with database.cursor() as cursor:
            room = rooms.direct_between(cursor, one.id, other.id)
            assert room is not None
            assert len(members.of(cursor, [one.id])) == 2
        assert [message.number for message in log_of(database, room)] == [1, 2]


# -- two write at once


def test_two_who_write_to_one_room_at_the_same_time_give_one_dense_order(database: Database) -> None:
    people = [person(database, "alice"), person(database, "bobby")]
    start = summary(database, people[0], ROOM).head
    published: list[Message] = []

    def writes(author: User) -> Callable[[], None]:
        def work() -> None:
            for number in range(40):
                published.extend(
                    accepted(write(database, author, *(sending(f"{number}", room=ROOM) for _ in "ab")))
                )

        return work

    at_once(*(writes(author) for author in people))
    log = log_of(database, ROOM)
    assert [message.number for message in log] == list(range(1, 161))
    assert [message.version for message in log] == list(range(start + 1, start + 161))
    assert {(m.version, m.client_id) for m in published} == {(m.version, m.client_id) for m in log}
    for author in people:
        assert [int(m.body) for m in log if m.author == author] == [n for n in range(40) for _ in "ab"]


def test_versions_follow_the_order_of_commits(database: Database) -> None:
    """A reader who has seen version n can never later find a version below n: nobody skips a late commit."""
    people = [person(database, "alice"), person(database, "bobby")]
    done = threading.Event()
    seen: list[int] = []

    def read() -> None:
        since = 0
        while not done.is_set():
            with database.cursor() as cursor:
                found = messages.changes(cursor, room=ROOM, since=since, reader=None)
            assert isinstance(found, Changes)
            seen.extend(message.version for message in found.messages)
            since = found.to

    def say_much(author: User) -> None:
        for _ in range(30):
            say(database, author, "x", room=ROOM)

    def writes() -> None:
        try:
            at_once(*(partial(say_much, author) for author in people))
        finally:
            done.set()

    at_once(read, writes)
    expected = [message.version for message in log_of(database, ROOM)]
    assert seen == expected[: len(seen)]
    assert len(seen) > 1


def test_a_room_that_another_writer_holds_is_left_for_later(database: Database) -> None:
    alice = person(database, "alice")
    held, free = make_room(database, alice, "held"), make_room(database, alice, "free")
    requests = [
        Request(alice, sending(str(number), room=room), NOON)
        for number, room in enumerate([held, free, held])
    ]
    with database.transaction() as other:
        rooms.lock(other, held)
        with database.transaction() as cursor:
            result, later = batch.write(cursor, requests, longest=LONGEST, skip_locked=True)
    assert later == [requests[0], requests[2]]
    assert [outcome.request for outcome in result.outcomes] == [requests[1]]
    assert accepted(result.outcomes)[0].room == free
    assert log_of(database, held) == []


def test_who_is_not_in_a_room_that_is_held_learns_nothing_of_it(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    tea, id = make_room(database, alice, "Tea"), uuid4()
    with database.transaction() as cursor:
        rooms.join(cursor, room=tea, user=bob.id)
    first = accepted(write(database, bob, sending(room=tea, id=id)))[0]
    with database.transaction() as cursor:
        rooms.leave(cursor, room=tea, user=bob.id)
    change: Command = Edit(uuid4(), tea, 1, first.version, "x")
    commands = [sending(room=tea), change, sending(room=tea, id=id)]
    with database.transaction() as other:
        rooms.lock(other, tea)
        with database.transaction() as cursor:
            requests = [Request(bob, command, NOON) for command in commands]
            result, later = batch.write(cursor, requests, longest=LONGEST, skip_locked=True)
    assert later == []
    assert codes(result.outcomes) == [Code.NOT_FOUND, Code.NOT_FOUND, None]
    assert accepted(result.outcomes[2:]) == [first], (
        "what was carried out while one was in it is still answered"
    )


def test_a_room_that_does_not_exist_is_not_taken_for_a_locked_one(database: Database) -> None:
    alice = person(database, "alice")
    with database.transaction() as cursor:
        requests = [Request(alice, sending(room=999), NOON)]
        result, later = batch.write(cursor, requests, longest=LONGEST, skip_locked=True)
    assert codes(result.outcomes) == [Code.NOT_FOUND]
    assert later == []


def test_without_skipping_a_held_room_is_waited_for_and_then_given_up(database: Database) -> None:
    alice = person(database, "alice")
    with database.transaction() as other:
        rooms.lock(other, ROOM)
        with pytest.raises(pymysql.err.OperationalError) as caught:
            say(database, alice, "x", room=ROOM)
    assert is_locked(caught.value)
    assert log_of(database, ROOM) == []


def test_who_has_left_before_the_lock_was_taken_writes_nothing(database: Database) -> None:
    """Rights are read after the lock: a leave that committed first is always seen."""
    alice, bob = person(database, "alice"), person(database, "bobby")
    tea = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        rooms.join(cursor, room=tea, user=bob.id)
    outcomes: list[Outcome] = []
    with database.transaction() as cursor:
        rooms.leave(cursor, room=tea, user=bob.id)
        writing = threading.Thread(target=lambda: outcomes.extend(write(database, bob, sending(room=tea))))
        writing.start()
        writing.join(0.2)
        assert writing.is_alive(), "it must wait for the lock"
    writing.join()
    assert codes(outcomes) == [Code.NOT_FOUND]


# -- read markers


def test_who_writes_has_read_what_stands_before(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    say(database, alice, "two", room=ROOM)
    assert (summary(database, alice, ROOM).last_read, summary(database, bob, ROOM).last_read) == (2, 0)
    say(database, bob, "three", room=ROOM)
    seen = summary(database, bob, ROOM)
    assert (seen.last_read, seen.marker) == (3, 1)
    assert summary(database, alice, ROOM).last_read == 2


def test_editing_moves_no_marker(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    message = say(database, alice, "one", room=ROOM)
    say(database, bob, "two", room=ROOM)
    before = summary(database, alice, ROOM)
    edit(database, message, "better")
    after = summary(database, alice, ROOM)
    assert (after.last_read, after.marker) == (before.last_read, before.marker)


def test_a_marker_never_makes_a_member(database: Database) -> None:
    alice = person(database, "alice")
    write(database, alice, sending(room=ROOM, id=UUID(int=1)))
    with database.cursor() as cursor:
        cursor.execute("SELECT role, last_read FROM members WHERE room_id = %s", (ROOM,))
        assert cursor.fetchall() == [{"role": "member", "last_read": 1}]
