"""Judges the history of a fault run: every promise that the clients saw broken, in words. Pure.

A command without an answer is *unknown*, never failed: it may stand in the log or not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from shared.protocol import Delete, Edit, React, Send
from tests.chaos.history import History, Sight, Try

SHOWN = 20  # violations of one kind that are printed in full


def check(history: History) -> list[str]:
    """Every violation; an empty list is what the promise says."""
    rules = (
        _acked_is_in_the_log,
        _refused_is_not_in_the_log,
        _rows_are_what_was_sent,
        _one_row_per_client_id,
        _numbers_are_dense,
        _versions_are_unique_and_below_the_head,
        _senders_order_holds,
        _readers_are_in_their_rooms,
        _readers_end_equal_to_the_log,
        _readers_agree,
        _nothing_seen_went_backward,
        _senders_saw_their_own,
        _acked_edits_were_written,
        _deleted_text_is_gone,
        _replies_answer_what_they_answered,
        _acked_reactions_were_put,
        _reactions_are_those_that_were_asked_for,
    )
    return [
        f"{rule.__name__.strip('_').replace('_', ' ')}: {fault}" for rule in rules for fault in rule(history)
    ]


def _acked_is_in_the_log(history: History) -> Iterator[str]:
    rows = {(row.author, row.client_id): row for row in history.log.rows}
    for tried in history.tries:
        if isinstance(tried.command, Send) and tried.ack is not None:
            row = rows.get((tried.user, tried.command.id))
            if row is None:
                yield f"{tried.device} was told that {tried.command.body!r} is number {tried.ack.number}; it is lost"
            elif (row.room, row.number) != (tried.ack.room, tried.ack.number):
                yield f"{tried.command.body!r} was acked as {tried.ack.number} and stands at {row.number}"


def _refused_is_not_in_the_log(history: History) -> Iterator[str]:
    rows = {(row.author, row.client_id) for row in history.log.rows}
    for tried in history.tries:
        if isinstance(tried.command, Send) and tried.refused and (tried.user, tried.command.id) in rows:
            yield f"{tried.device} was told {tried.refused} of {tried.command.body!r}, and it stands in the log"


def _rows_are_what_was_sent(history: History) -> Iterator[str]:
    """Every row was sent by its author, and holds that text, that of an edit of it, or none if it was deleted."""
    texts: dict[tuple[int, int], set[str]] = defaultdict(set)
    sent = {
        (tried.user, tried.command.id): tried for tried in history.tries if isinstance(tried.command, Send)
    }
    for tried in history.tries:
        if isinstance(tried.command, Edit):
            texts[tried.room, tried.command.number].add(tried.command.body)
    for row in history.log.rows:
        origin = sent.get((row.author, row.client_id))
        if origin is None or not isinstance(origin.command, Send):
            yield f"message {row.number} of room {row.room} was sent by nobody: {row.body!r}"
        elif not row.deleted and row.body not in {origin.command.body, *texts[row.room, row.number]}:
            yield f"message {row.number} of room {row.room} is {row.body!r}, and was sent as {origin.command.body!r}"


def _one_row_per_client_id(history: History) -> Iterator[str]:
    for (author, client_id), count in Counter(
        (row.author, row.client_id) for row in history.log.rows
    ).items():
        if count > 1:
            yield f"{client_id} of user {author} stands {count} times"


def _numbers_are_dense(history: History) -> Iterator[str]:
    for room, (number, _) in history.log.heads.items():
        numbers = sorted(row.number for row in history.log.room(room))
        if numbers != list(range(1, number + 1)):
            yield f"room {room} counts {number} messages, and has {len(numbers)}"


def _versions_are_unique_and_below_the_head(history: History) -> Iterator[str]:
    for room, (_, head) in history.log.heads.items():
        counts = Counter(row.version for row in history.log.room(room))
        for version, count in counts.items():
            if count > 1 or version > head:
                yield f"room {room} has {count} messages with version {version}; its head is {head}"


def _senders_order_holds(history: History) -> Iterator[str]:
    numbers = {(row.author, row.client_id): row.number for row in history.log.rows}
    orders: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for tried in history.tries:
        number = numbers.get((tried.user, tried.command.id))
        if isinstance(tried.command, Send) and number is not None:
            orders[tried.device, tried.room].append((tried.order, number))
    for (device, room), pairs in orders.items():
        inorder = [number for _, number in sorted(pairs)]
        if inorder != sorted(inorder):
            yield f"the messages of {device} in room {room} stand in another order than they were sent"


def _readers_are_in_their_rooms(history: History) -> Iterator[str]:
    for reader in history.readers:
        for room in reader.rooms - reader.final.keys():
            yield f"{reader.device} was thrown out of room {room}, of which it is a member"


def _readers_end_equal_to_the_log(history: History) -> Iterator[str]:
    by_room: dict[int, dict[int, Sight]] = defaultdict(dict)
    for row in history.log.rows:
        by_room[row.room][row.number] = row
    for reader in history.readers:
        for room, held in reader.final.items():
            want = {number: row for number, row in by_room[room].items() if number >= reader.low[room]}
            have = {row.number: row for row in held}
            missing, extra = sorted(want.keys() - have.keys()), sorted(have.keys() - want.keys())
            stale = sorted(number for number in want.keys() & have.keys() if want[number] != have[number])
            if missing or extra or stale:
                yield (
                    f"{reader.device} in room {room}: lacks {_some(missing)}, has beyond the log {_some(extra)},"
                    f" holds an old state of {_some(stale)}"
                )


def _some(numbers: list[int]) -> str:
    return (
        f"{len(numbers)} ({', '.join(map(str, numbers[:5]))}{' …' if len(numbers) > 5 else ''})"
        if numbers
        else "none"
    )


def _readers_agree(history: History) -> Iterator[str]:
    """A version of a room is one state of one message, whoever saw it, before and after every crash."""
    known = {(row.room, row.version): row for row in history.log.rows}
    for reader in history.readers:
        for sight in reader.seen:
            first = known.setdefault((sight.room, sight.version), sight)
            if first != sight:
                yield f"version {sight.version} of room {sight.room} is {first.body!r}, and {reader.device} saw {sight.body!r}"


def _nothing_seen_went_backward(history: History) -> Iterator[str]:
    for reader in history.readers:
        newest: dict[tuple[int, int], int] = {}
        for sight in reader.seen:
            place = (sight.room, sight.number)
            if sight.version < newest.get(place, 0):
                yield f"{reader.device} saw message {place} at version {newest[place]}, then at {sight.version}"
            newest[place] = max(newest.get(place, 0), sight.version)


def _senders_saw_their_own(history: History) -> Iterator[str]:
    """Unless it stands before the oldest message that the device holds, having opened the room anew."""
    readers = {reader.device: reader for reader in history.readers}
    seen = {reader.device: {sight.client_id for sight in reader.seen} for reader in history.readers}
    for tried in history.tries:
        reader = readers.get(tried.device)
        if not isinstance(tried.command, Send) or tried.ack is None or reader is None:
            continue
        if tried.ack.number >= reader.low.get(tried.room, 1) and tried.command.id not in seen[tried.device]:
            yield f"{tried.device} never saw its own acknowledged {tried.command.body!r}"


def _acked_edits_were_written(history: History) -> Iterator[str]:
    """What was seen at the version of an acknowledged edit is the text of that edit."""
    seen = {(sight.room, sight.version): sight for reader in history.readers for sight in reader.seen}
    final = {(row.room, row.number): row for row in history.log.rows}
    for tried in history.tries:
        if not isinstance(tried.command, Edit) or tried.ack is None:
            continue
        row = final.get((tried.room, tried.command.number))
        if row is None or row.version < tried.ack.version:
            yield f"the edit of message {tried.command.number} in room {tried.room} was acknowledged and is lost"
        sight = seen.get((tried.room, tried.ack.version))
        if sight is not None and sight.body != tried.command.body:
            yield f"version {tried.ack.version} of room {tried.room} is not the text of the edit acknowledged as it"


def _deleted_text_is_gone(history: History) -> Iterator[str]:
    gone = {
        (tried.room, tried.command.number)
        for tried in history.tries
        if isinstance(tried.command, Delete) and tried.ack is not None
    }
    for row in history.log.rows:
        if (row.room, row.number) in gone and (row.body or not row.deleted):
            yield f"message {row.number} of room {row.room} was deleted, and its text stands in the log"
    for reader in history.readers:
        for room, held in reader.final.items():
            for row in held:
                if (room, row.number) in gone and row.body:
                    yield f"{reader.device} still shows the deleted text of message {row.number} in room {room}"


def _replies_answer_what_they_answered(history: History) -> Iterator[str]:
    sent = {
        (tried.user, tried.command.id): tried.command
        for tried in history.tries
        if isinstance(tried.command, Send)
    }
    for row in history.log.rows:
        send = sent.get((row.author, row.client_id))
        if send is not None and row.reply_to != (None if row.deleted else send.reply_to):
            yield f"message {row.number} of room {row.room} answers {row.reply_to}, and was sent to answer {send.reply_to}"


def _acked_reactions_were_put(history: History) -> Iterator[str]:
    """What was seen at the version of an acknowledged reaction has it, or has it not, as was asked."""
    seen = {(sight.room, sight.version): sight for reader in history.readers for sight in reader.seen}
    final = {(row.room, row.number): row for row in history.log.rows}
    for tried in history.tries:
        if not isinstance(tried.command, React) or tried.ack is None:
            continue
        row = final.get((tried.room, tried.command.number))
        if row is None or row.version < tried.ack.version:
            yield f"a reaction to message {tried.command.number} in room {tried.room} was acknowledged and is lost"
        sight = seen.get((tried.room, tried.ack.version))
        if (
            sight is not None
            and ((tried.command.emoji, tried.user) in sight.reactions) is not tried.command.on
        ):
            yield f"version {tried.ack.version} of room {tried.room} is not what the reaction acknowledged as it asked for"


def _reactions_are_those_that_were_asked_for(history: History) -> Iterator[str]:
    """The last word of each user on each emoji stands in the log, unless they had a word without an answer."""
    asked: dict[tuple[int, int, str, int], list[Try]] = defaultdict(list)
    for tried in history.tries:
        if isinstance(tried.command, React) and not tried.refused:
            asked[tried.room, tried.command.number, tried.command.emoji, tried.user].append(tried)
    for row in history.log.rows:
        for emoji, user in row.reactions:
            if not any(_is_on(tried) for tried in asked[row.room, row.number, emoji, user]):
                yield f"message {row.number} of room {row.room} has {emoji} of user {user}, who never put it there"
    final = {(row.room, row.number): row for row in history.log.rows if not row.deleted}
    for (room, number, emoji, user), tries in asked.items():
        there = final.get((room, number))
        acked = [(tried.ack.version, _is_on(tried)) for tried in tries if tried.ack is not None]
        if there is None or len(acked) < len(tries) or not acked:
            continue
        if ((emoji, user) in there.reactions) is not max(acked)[1]:
            yield f"message {number} of room {room}: the last word of user {user} on {emoji} does not stand"


def _is_on(tried: Try) -> bool:
    return isinstance(tried.command, React) and tried.command.on
