"""Pages of history and what changed since."""

import pytest

from shared import messages, rooms
from shared.database import Database
from shared.messages import CHANGES_ROWS, NEWEST, Page, Where
from shared.protocol import Changes, Reset, User
from tests.shared.people import accepted, delete, edit, person, say, sending, write

ROOM = rooms.GENERAL


def page(database: Database, user: User, where: Where = NEWEST, *, limit: int = 3, room: int = ROOM) -> Page:
    with database.cursor() as cursor:
        return messages.page(cursor, room=room, user=user.id, where=where, limit=limit)


def changes(database: Database, user: User | None, since: int, *, room: int = ROOM) -> Changes | Reset:
    with database.cursor() as cursor:
        return messages.changes(cursor, room=room, since=since, reader=user.id if user else None)


def changed(database: Database, user: User | None, since: int) -> Changes:
    found = changes(database, user, since)
    assert isinstance(found, Changes)
    return found


# -- pages


def test_a_page_holds_the_newest_messages_in_their_order(database: Database) -> None:
    alice = person(database, "alice")
    said = [say(database, alice, str(number), room=ROOM) for number in range(5)]
    found = page(database, alice)
    assert found.messages == said[2:]
    assert found.more
    assert found.version == said[-1].version


def test_the_page_before_goes_on_where_the_last_began(database: Database) -> None:
    alice = person(database, "alice")
    said = [say(database, alice, str(number), room=ROOM) for number in range(5)]
    found = page(database, alice, Where(before=3))
    assert (found.messages, found.more) == (said[:2], False)
    assert page(database, alice, Where(before=1)).messages == []
    assert not page(database, alice, Where(before=1)).more


def test_a_room_where_nothing_was_said_is_an_empty_page(database: Database) -> None:
    found = page(database, person(database, "alice"))
    assert (found.messages, found.more, found.newer, found.version) == ([], False, False, 2)
    assert found.room.name == "general"


def test_the_largest_page_of_the_longest_messages_comes_whole(database: Database) -> None:
    """Each character takes six in JSON: more than the 16 MB that MariaDB allows where it is not told."""
    alice = person(database, "alice")
    with database.transaction() as cursor:
        cursor.execute(
            "INSERT INTO messages (room_id, number, version, author_id, client_id, body, body_version, at)"
            " SELECT %s, seq, seq + 1, %s, UNHEX(MD5(seq)), REPEAT(CHAR(1), 16000), seq + 1, 1800000000000 FROM seq_1_to_200",
            (ROOM, alice.id),
        )
    found = page(database, alice, limit=200)
    assert [message.number for message in found.messages] == list(range(1, 201))
    assert {message.body for message in found.messages} == {"\x01" * 16_000}


@pytest.mark.parametrize("room", ["not a member", "no such room"])
def test_who_may_not_see_a_room_hears_that_there_is_none(database: Database, room: str) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    with database.transaction() as cursor:
        tea = rooms.create(cursor, name="Tea", owner=alice.id)
    say(database, alice, "secret", room=tea)
    hidden = tea if room == "not a member" else 999
    with pytest.raises(rooms.NoSuchRoom):
        page(database, bob, room=hidden)
    with pytest.raises(rooms.NoSuchRoom):
        changes(database, bob, 0, room=hidden)


def test_a_page_shows_messages_as_they_are_now(database: Database) -> None:
    alice = person(database, "alice")
    first, second = say(database, alice, "one", room=ROOM), say(database, alice, "two", room=ROOM)
    edited, deleted = edit(database, first, "better"), delete(database, second)
    found = page(database, alice)
    assert found.messages == [edited, deleted]
    assert found.version == deleted.version == 6


def numbers(found: Page) -> tuple[list[int], bool, bool]:
    return [message.number for message in found.messages], found.more, found.newer


@pytest.mark.parametrize(
    ("where", "shown", "more", "newer"),
    [
        (NEWEST, [7, 8, 9, 10], True, False),
        (Where(before=10), [6, 7, 8, 9], True, True),
        (Where(before=3), [1, 2], False, True),
        (Where(before=1), [], False, True),
        (Where(before=99), [7, 8, 9, 10], True, False),
        (Where(after=0), [1, 2, 3, 4], False, True),
        (Where(after=2), [3, 4, 5, 6], True, True),
        (Where(after=8), [9, 10], True, False),
        (Where(after=10), [], True, False),
        (Where(after=99), [], True, False),
        (Where(around=5), [3, 4, 5, 6], True, True),
        (Where(around=1), [1, 2], False, True),
        (Where(around=10), [8, 9, 10], True, False),
        (Where(around=99), [9, 10], True, False),
        (Where(numbers=(7, 3, 99, 0)), [3, 7], True, True),
        (Where(numbers=(99,)), [], True, False),
    ],
)
def test_a_page_says_what_stands_before_and_behind_it(
    database: Database, where: Where, shown: list[int], more: bool, newer: bool
) -> None:
    alice = person(database, "alice")
    write(database, alice, *(sending(room=ROOM) for _ in range(10)))
    assert numbers(page(database, alice, where, limit=4)) == (shown, more, newer)


@pytest.mark.parametrize(
    "where", [NEWEST, Where(before=5), Where(after=0), Where(around=5), Where(numbers=(5,))]
)
def test_a_page_of_an_empty_room_has_nothing_before_and_behind_it(database: Database, where: Where) -> None:
    found = numbers(page(database, person(database, "alice"), where))
    assert found == ([], False, False)


# -- changes


def test_what_changed_is_told_once_and_in_its_latest_state(database: Database) -> None:
    alice = person(database, "alice")
    first, since = say(database, alice, "one", room=ROOM), say(database, alice, "two", room=ROOM).version
    better = edit(database, first, "better")
    third = say(database, alice, "three", room=ROOM)
    again = edit(database, better, "best")
    found = changed(database, alice, since)
    assert (found.from_, found.to) == (since, again.version)
    assert found.messages == [third, again]


def test_nothing_new_is_an_empty_answer(database: Database) -> None:
    alice = person(database, "alice")
    head = say(database, alice, "one", room=ROOM).version
    found = changed(database, alice, head)
    assert (found.from_, found.to, found.messages, found.room_state) == (head, head, [], None)


def test_a_deleted_text_is_gone_everywhere(database: Database) -> None:
    alice = person(database, "alice")
    message = say(database, alice, "the secret word", room=ROOM)
    delete(database, edit(database, message, "the secret word, again"))
    for found in (changed(database, alice, 0).messages, page(database, alice).messages):
        assert [(row.body, row.deleted, row.number) for row in found] == [("", True, 1)]
    with database.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) AS count FROM messages WHERE body LIKE '%%secret%%'")
        assert cursor.fetchone() == {"count": 0}


def test_a_change_of_the_room_comes_with_its_state(database: Database) -> None:
    alice = person(database, "alice")
    head = say(database, alice, "one", room=ROOM).version
    person(database, "bobby")
    found = changed(database, alice, head)
    assert found.room_state is not None
    assert (found.room_state.member_count, found.room_state.version, found.to) == (2, head + 1, head + 1)
    assert changed(database, alice, head + 1).room_state is None


def test_a_cursor_beyond_the_head_is_of_another_log(database: Database) -> None:
    alice = person(database, "alice")
    head = say(database, alice, "one", room=ROOM).version
    assert changes(database, alice, head + 1) == Reset(room=ROOM, version=head)


def fill(database: Database, author: User, count: int, body: str = "x") -> None:
    accepted(write(database, author, *(sending(body, room=ROOM) for _ in range(count))))


def test_too_many_changes_for_one_answer_are_a_reset(database: Database) -> None:
    alice = person(database, "alice")
    since = say(database, alice, "one", room=ROOM).version
    fill(database, alice, CHANGES_ROWS)
    assert len(changed(database, alice, since).messages) == CHANGES_ROWS
    assert changes(database, alice, since - 1) == Reset(room=ROOM, version=since + CHANGES_ROWS)


def test_too_many_bytes_for_one_answer_are_a_reset(database: Database) -> None:
    alice = person(database, "alice")
    fill(database, alice, 150, body="🙂" * 500)
    assert isinstance(changes(database, alice, 0), Reset)
    assert isinstance(changes(database, alice, 52), Changes)


def test_the_daemon_itself_needs_no_membership(database: Database) -> None:
    alice = person(database, "alice")
    with database.transaction() as cursor:
        tea = rooms.create(cursor, name="Tea", owner=alice.id)
    message = say(database, alice, "one", room=tea)
    found = changes(database, None, 1, room=tea)
    assert isinstance(found, Changes)
    assert found.messages == [message]
    with pytest.raises(rooms.NoSuchRoom):
        changes(database, None, 0, room=999)


def test_who_was_put_out_reads_no_more_even_if_nobody_told_the_daemon(database: Database) -> None:
    alice, bob = person(database, "alice"), person(database, "bobby")
    with database.transaction() as cursor:
        tea = rooms.create(cursor, name="Tea", owner=alice.id)
        rooms.join(cursor, room=tea, user=bob.id)
    assert isinstance(changes(database, bob, 0, room=tea), Changes)
    with database.transaction() as cursor:
        rooms.leave(cursor, room=tea, user=bob.id)
    with pytest.raises(rooms.NoSuchRoom):
        changes(database, bob, 0, room=tea)


@pytest.mark.parametrize(
    "where", [NEWEST, Where(before=2), Where(after=0), Where(around=1), Where(numbers=(1, 2))]
)
@pytest.mark.parametrize("kind", ["public", "direct"])
def test_rows_head_state_and_membership_come_from_one_statement(
    database: Database, kind: str, where: Where
) -> None:
    """Otherwise a commit between two statements would be skipped by a reader who believes the head."""
    alice, bob = person(database, "alice"), person(database, "bobby")
    room = say(database, alice, "one", room=ROOM).room
    if kind == "direct":
        room = accepted(write(database, alice, sending(to="bobby")))[0].room
    with database.cursor() as cursor:
        cursor.execute("SHOW SESSION STATUS LIKE 'Com_select'")
        before = cursor.fetchone()
        shown = messages.page(cursor, room=room, user=alice.id, where=where, limit=3)
        missed = messages.changes(cursor, room=room, since=0, reader=alice.id)
        cursor.execute("SHOW SESSION STATUS LIKE 'Com_select'")
        after = cursor.fetchone()
    assert before is not None
    assert after is not None
    assert int(after["Value"]) - int(before["Value"]) == 2
    assert isinstance(missed, Changes)
    assert missed.room_state == shown.room
    assert shown.room.members == ([alice, bob] if kind == "direct" else [])


def test_what_will_not_be_told_is_not_fetched(database: Database) -> None:
    """A client that comes back after long costs the daemon one row, not a thousand texts."""
    alice = person(database, "alice")
    fill(database, alice, 150, body="🙂" * 500)
    with database.cursor() as cursor:
        assert isinstance(messages.changes(cursor, room=ROOM, since=0, reader=alice.id), Reset)
        assert cursor.rowcount == 1
