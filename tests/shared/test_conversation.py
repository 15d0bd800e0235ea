"""Replies, reactions and mentions as they stand in the database."""

from typing import Any
from uuid import uuid4

import pytest

from shared import messages, rooms
from shared.database import Database
from shared.log import Accepted
from shared.protocol import Code, Command, Delete, Edit, Message, React, Reaction, Send, User
from tests.shared.people import (
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


def reacting(message: Message, emoji: str = "👍", *, on: bool = True) -> React:
    return React(uuid4(), message.room, message.number, emoji, on)


def react(database: Database, user: User, message: Message, emoji: str = "👍", *, on: bool = True) -> Message:
    return accepted(write(database, user, reacting(message, emoji, on=on)))[0]


def replying(number: int, body: str = "yes", *, room: int = ROOM) -> Send:
    return Send(uuid4(), body, room=room, reply_to=number)


def index(database: Database) -> list[tuple[int, int]]:
    """(user, number) of each row of the index of mentions in the room."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT user_id, number FROM mentions WHERE room_id = %s ORDER BY number, user_id", (ROOM,)
        )
        return [(row["user_id"], row["number"]) for row in cursor.fetchall()]


def test_all_that_a_message_carries_is_what_a_reader_finds(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    first = say(database, alice, "Tea, @bobby?", room=ROOM)
    reply = accepted(write(database, bob, replying(1, "Yes, @alice.")))[0]
    thanked = react(database, alice, reply, "🎉")
    assert (first.mentions, reply.reply_to, reply.mentions) == ([bob.id], 1, [alice.id])
    assert thanked.reactions == [Reaction("🎉", [alice.id])]
    assert log_of(database, ROOM) == [first, thanked]
    with database.cursor() as cursor:
        found = messages.page(cursor, room=ROOM, user=bob.id, limit=5)
    assert found.messages == [first, thanked]


def test_a_reply_may_answer_what_stands_before_it_in_the_same_batch(database: Database) -> None:
    alice = person(database, "alice")
    outcomes = write(database, alice, sending(room=ROOM), replying(1), replying(3), replying(0))
    assert codes(outcomes) == [None, None, Code.NOT_FOUND, Code.NOT_FOUND]


def test_a_reply_to_a_deleted_message_is_one(database: Database) -> None:
    alice = person(database, "alice")
    delete(database, say(database, alice, "one", room=ROOM))
    assert accepted(write(database, alice, replying(1)))[0].reply_to == 1


def test_an_edit_keeps_what_a_message_answers_and_its_reactions(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    reply = react(database, alice, accepted(write(database, bob, replying(1)))[0])
    edited = edit(database, reply, "better")
    assert (edited.reply_to, edited.reactions) == (1, [Reaction("👍", [alice.id])])
    assert log_of(database, ROOM)[1] == edited


def test_a_reaction_changes_no_text(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    message = say(database, alice, "one", room=ROOM)
    now = react(database, bob, message)
    assert (now.version, now.body_version, now.edited_at) == (message.version + 1, message.body_version, None)
    edit(database, message, "an edit that is based on the text, which is the same")


def test_a_deletion_leaves_nothing_but_the_number(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    say(database, alice, "one", room=ROOM)
    reply = accepted(write(database, alice, replying(1, "secret @bobby")))[0]
    react(database, bob, reply)
    gone = delete(database, reply)
    assert (gone.body, gone.reply_to, gone.reactions, gone.mentions) == ("", None, [], [])
    assert log_of(database, ROOM)[1] == gone
    assert index(database) == []
    assert codes(write(database, bob, reacting(gone), reacting(gone, on=False))) == [Code.DELETED] * 2


# -- reactions


def test_reactions_of_many_stand_under_one_message(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    message = say(database, alice, "one", room=ROOM)
    for user, emoji, on in [(bob, "👍", True), (alice, "👍", True), (bob, "🎉", True), (bob, "👍", False)]:
        message = react(database, user, message, emoji, on=on)
    assert log_of(database, ROOM)[0].reactions == [Reaction("👍", [alice.id]), Reaction("🎉", [bob.id])]


def test_what_is_so_already_takes_no_version(database: Database) -> None:
    alice = person(database, "alice")
    message = react(database, alice, say(database, alice, "one", room=ROOM))
    for command in (reacting(message), reacting(message, "🎉", on=False)):
        (outcome,) = write(database, alice, command)
        assert isinstance(outcome, Accepted)
        assert (outcome.change, outcome.message) == (None, message)
    assert summary(database, alice, ROOM).head == message.version


def test_a_reaction_sent_again_gets_its_first_answer_whatever_was_done_since(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    first = reacting(message)
    put = accepted(write(database, alice, first))[0]
    same = reacting(message)  # on another device: it is so already
    accepted(write(database, alice, same))
    taken = react(database, alice, message, on=False)
    for command in (first, same):
        (again,) = write(database, alice, command)
        assert isinstance(again, Accepted)
        assert (again.message.version, again.change) == (put.version, None)
    assert log_of(database, ROOM) == [taken]
    assert codes(write(database, alice, React(first.id, ROOM, 99, "👍", True))) == [Code.INVALID]


def test_what_is_no_emoji_or_of_no_room_of_ones_own_is_refused(database: Database) -> None:
    alice, eve = person(database, "alice"), person(database, "evelyn")
    message = say(database, alice, "one", room=make_room(database, alice, "Tea"))
    assert (
        codes(write(database, alice, reacting(message, "x"), reacting(message, "👍👍"))) == [Code.INVALID] * 2
    )
    assert codes(write(database, eve, reacting(message))) == [Code.NOT_FOUND]
    assert codes(write(database, alice, React(uuid4(), message.room, 9, "👍", True))) == [Code.NOT_FOUND]


def test_a_message_holds_so_many_emoji_and_no_more(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "one", room=ROOM)
    outcomes = write(database, alice, *(reacting(message, chr(0x1F600 + number)) for number in range(21)))
    assert codes(outcomes) == [None] * 20 + [Code.FULL]


# -- mentions


def test_only_members_are_called_and_nobody_calls_themselves(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    person(database, "evelyn")
    room = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        rooms.join(cursor, room=room, user=bob.id)
    message = say(database, alice, "@alice @BOBBY @bobby @evelyn @nobody `@bobby`", room=room)
    assert message.mentions == [bob.id]


def test_only_an_owner_calls_everybody(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = make_room(database, alice, "Tea")
    with database.transaction() as cursor:
        rooms.join(cursor, room=room, user=bob.id)
    assert [say(database, user, "@room!", room=room).everyone for user in (alice, bob)] == [True, False]
    assert not say(database, alice, "@room!", room=ROOM).everyone


def test_a_direct_message_may_call_the_other(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    said = accepted(write(database, alice, sending("@bobby, @room", to="bobby")))[0]
    assert (said.mentions, said.everyone) == ([bob.id], False)


def test_the_index_follows_every_edit(database: Database) -> None:
    alice, bob, eve = (person(database, name) for name in ("alice", "bobby", "evelyn"))
    message = say(database, alice, "@bobby @evelyn", room=ROOM)
    assert index(database) == [(bob.id, 1), (eve.id, 1)]
    for body, called in (("@bobby", [(bob.id, 1)]), ("nobody", []), ("@evelyn", [(eve.id, 1)])):
        message = edit(database, message, body)
        assert index(database) == called
    assert message.mentions == [eve.id]


def test_the_index_says_what_the_last_command_of_a_batch_made(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    commands: list[Command] = [sending("@bobby", room=ROOM), Edit(uuid4(), ROOM, 1, 4, "nobody")]
    commands += [sending("@bobby", room=ROOM), Delete(uuid4(), ROOM, 2), sending("@bobby", room=ROOM)]
    accepted(write(database, alice, *commands))
    assert index(database) == [(bob.id, 3)]


@pytest.mark.parametrize("body", ["hello", "a@b", "`@bobby`"])
def test_who_calls_nobody_costs_no_statement_more(database: Database, body: str) -> None:
    alice = person(database, "alice")

    def statements() -> dict[str, int]:
        with database.cursor() as cursor:
            cursor.execute(
                "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_select', 'Com_insert', 'Com_delete')"
            )
            rows: list[dict[str, Any]] = list(cursor.fetchall())
            return {row["Variable_name"]: int(row["Value"]) for row in rows}

    before = statements()
    say(database, alice, body, room=ROOM)
    after = statements()
    # The rooms, the members, the duplicates; the message and its author's marker.
    assert {name: after[name] - before[name] for name in after} == {
        "Com_select": 3,
        "Com_insert": 2,
        "Com_delete": 0,
    }
