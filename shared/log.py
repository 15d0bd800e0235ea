"""The rules of the numbered log, pure: what a batch of commands makes of the rooms that it is given.

It does no I/O. `shared.batch` reads a `Snapshot` under the rooms' locks, calls `apply`, and
writes what came out. The rules that are easy to get wrong:

- A resend gets the first attempt's answer, before rights and limits are looked at: the duplicate
  is looked for first, within the batch too.
- One refused command harms no other.
- `edit` names the `body_version` that it was based on, so that a late resend can not overwrite a
  newer text; `delete` is idempotent; `react` says how it shall be, and its id is remembered also
  where that was so already, since it may be otherwise when the same comes again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from shared import mentions, reactions
from shared.protocol import Code, Command, Delete, Edit, Message, React, Send, User
from shared.text import fault_of_body, nickname_key


# What is made for each command is a struct of msgspec: in Python, as a frozen dataclass, each takes 0.5 µs more.
class Request(msgspec.Struct, frozen=True):
    """A command, who gives it, and when it came in (milliseconds since 1970 UTC)."""

    author: User
    command: Command
    at: int


@dataclass(slots=True)
class Head:
    """The two counters of a room."""

    number: int
    version: int


class Entry(msgspec.Struct, frozen=True):
    """A stored message and the id of its last edit."""

    message: Message
    edit_id: UUID | None = None


class Done(msgspec.Struct, frozen=True):
    """The answer to an edit, deletion or reaction that was carried out: what a resend of it gets."""

    room: int
    number: int
    version: int
    at: int  # milliseconds since 1970 UTC


@dataclass(slots=True)
class Snapshot:
    """What a batch needs to know, read under the locks of its rooms, and what it has become."""

    heads: dict[int, Head] = field(default_factory=dict)
    members: dict[tuple[int, int], str] = field(default_factory=dict)  # (room, user) → role
    named: dict[tuple[int, str], int] = field(
        default_factory=dict
    )  # (room, nickname_key) → member, of those called
    directs: dict[tuple[int, str], int] = field(default_factory=dict)  # (author, nickname_key) → room
    opened: dict[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # direct rooms made for this batch → members
    entries: dict[tuple[int, int], Entry] = field(default_factory=dict)  # (room, number)
    by_client: dict[tuple[int, UUID], tuple[int, int]] = field(default_factory=dict)  # → (room, number)
    done: dict[tuple[int, UUID], Done] = field(default_factory=dict)  # (author, id of the command)


class Accepted(msgspec.Struct, frozen=True):
    """The command is carried out; `change` is what to publish, None where nothing changed, as by a resend.

    `message` is the message after it. For a command that was sent again, other than `send`, only its number and
    version are those of the first answer: its text may have changed since. `at` is when it was carried out
    (milliseconds since 1970 UTC).
    """

    request: Request
    message: Message
    change: Message | None
    at: int
    opened: tuple[int, ...] = ()  # users who are now in a direct room that was made for it


class Refused(msgspec.Struct, frozen=True):
    """The command is refused; a temporary refusal may succeed later."""

    request: Request
    code: str
    temporary: bool = False


Outcome = Accepted | Refused


@dataclass(slots=True)
class Result:
    """The outcomes of a batch, in its order, and the entries that are to be written."""

    outcomes: list[Outcome] = field(default_factory=list)
    created: dict[tuple[int, int], Entry] = field(default_factory=dict)
    changed: dict[tuple[int, int], Entry] = field(default_factory=dict)
    done: dict[tuple[int, UUID], Done] = field(default_factory=dict)


def apply(snapshot: Snapshot, requests: Iterable[Request], *, longest: int) -> Result:
    """Carry out the requests in their order; changes `snapshot` as it goes. `longest`: code points of a text."""
    result = Result()
    for request in requests:
        command = request.command
        result.outcomes.append(
            _send(snapshot, result, request, command, longest)
            if isinstance(command, Send)
            else _change(snapshot, result, request, command, longest)
        )
    return result


def _send(snapshot: Snapshot, result: Result, request: Request, send: Send, longest: int) -> Outcome:
    author = request.author
    first = snapshot.by_client.get((author.id, send.id))
    if first is not None:
        message = snapshot.entries[first].message
        return Accepted(request, message, None, message.at)
    if fault := fault_of_body(send.body, longest=longest):
        return Refused(request, fault)
    room = send.room
    if room is None:
        room = snapshot.directs.get((author.id, nickname_key(send.to or "") or ""))
    head = snapshot.heads.get(room) if room is not None else None
    if room is None or head is None or (room, author.id) not in snapshot.members:
        return Refused(request, Code.NOT_FOUND)
    # Numbers have no gaps, and one that was deleted stays.
    if send.reply_to is not None and not 1 <= send.reply_to <= head.number:
        return Refused(request, Code.NOT_FOUND)
    head.number += 1
    head.version += 1
    called, everyone = _called(snapshot, room, author, send.body)
    message = Message(
        room=room,
        number=head.number,
        version=head.version,
        author=author,
        client_id=send.id,
        body=send.body,
        body_version=head.version,
        at=request.at,
        reply_to=send.reply_to,
        mentions=called,
        everyone=everyone,
    )
    place = (room, head.number)
    snapshot.by_client[author.id, send.id] = place
    snapshot.entries[place] = result.created[place] = Entry(message)
    return Accepted(request, message, message, request.at, snapshot.opened.pop(room, ()))


def _called(snapshot: Snapshot, room: int, author: User, body: str) -> tuple[list[int], bool]:
    """The members whom a text calls, but its author, and whether it calls everybody: that is for owners."""
    found = mentions.called(body)
    members = [snapshot.named[room, name] for name in found.names if (room, name) in snapshot.named]
    everyone = found.everyone and snapshot.members.get((room, author.id)) == "owner"
    return [member for member in members if member != author.id], everyone


def _change(
    snapshot: Snapshot, result: Result, request: Request, command: Edit | Delete | React, longest: int
) -> Outcome:
    author, place = request.author, (command.room, command.number)
    entry = snapshot.entries.get(place)
    if (first := snapshot.done.get((author.id, command.id))) is not None:
        return _again(request, entry, first)
    # The id of a message's last edit is kept for ever, and by daemons of the last version nothing else is.
    if entry is not None and entry.edit_id == command.id and entry.message.author.id == author.id:
        return Accepted(request, entry.message, None, entry.message.edited_at or entry.message.at)
    if entry is None or (command.room, author.id) not in snapshot.members:
        return Refused(request, Code.NOT_FOUND)
    message = _changed(snapshot, entry.message, request, command, longest)
    if isinstance(message, str):
        return Refused(request, message)
    change = message if message is not entry.message else None
    if change is not None:
        message = change = _put(snapshot, result, command, entry, change)
    if change is not None or isinstance(command, React):
        done = Done(*place, message.version, request.at)
        snapshot.done[author.id, command.id] = result.done[author.id, command.id] = done
    return Accepted(request, message, change, request.at)


def _put(
    snapshot: Snapshot, result: Result, command: Edit | Delete | React, old: Entry, message: Message
) -> Message:
    """Give a changed message the next version of its room, and have it written."""
    head = snapshot.heads[message.room]
    head.version += 1
    if isinstance(command, React):
        entry = Entry(msgspec.structs.replace(message, version=head.version), old.edit_id)
    else:
        message = msgspec.structs.replace(message, version=head.version, body_version=head.version)
        entry = Entry(message, edit_id=command.id)
    place = (message.room, message.number)
    snapshot.entries[place] = entry
    (result.created if place in result.created else result.changed)[place] = entry
    return entry.message


def _again(request: Request, entry: Entry | None, first: Done) -> Outcome:
    """The first answer to a command, unless its id is now said of another message."""
    if entry is None or (entry.message.room, entry.message.number) != (first.room, first.number):
        return Refused(request, Code.INVALID)
    return Accepted(request, msgspec.structs.replace(entry.message, version=first.version), None, first.at)


def _changed(
    snapshot: Snapshot, old: Message, request: Request, command: Edit | Delete | React, longest: int
) -> Message | str:
    """What a command makes of a message, but for its versions: itself where nothing changes; or why it is refused."""
    if isinstance(command, React):
        return _reacted(old, request.author, command)
    if old.author.id != request.author.id:
        return Code.NOT_YOURS
    if isinstance(command, Delete):
        return _deleted(old, at=request.at)
    return _edited(snapshot, old, command, at=request.at, longest=longest)


def _deleted(old: Message, *, at: int) -> Message:
    if old.deleted:
        return old
    return msgspec.structs.replace(
        old, body="", edited_at=at, deleted=True, reply_to=None, reactions=[], mentions=[], everyone=False
    )


def _edited(snapshot: Snapshot, old: Message, edit: Edit, *, at: int, longest: int) -> Message | str:
    if old.deleted:
        return Code.DELETED
    if fault := fault_of_body(edit.body, longest=longest):
        return fault
    if edit.base != old.body_version:
        return Code.CONFLICT
    called, everyone = _called(snapshot, old.room, old.author, edit.body)
    return msgspec.structs.replace(old, body=edit.body, edited_at=at, mentions=called, everyone=everyone)


def _reacted(old: Message, user: User, react: React) -> Message | str:
    if old.deleted:
        return Code.DELETED
    emoji = reactions.clean(react.emoji)
    if emoji is None:
        return Code.INVALID
    try:
        now = reactions.put(old.reactions, emoji, user.id, on=react.on)
    except reactions.Full:
        return Code.FULL
    return old if now is old.reactions else msgspec.structs.replace(old, reactions=now)
