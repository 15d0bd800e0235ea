"""The rules of the numbered log, pure: what a batch of commands makes of the rooms that it is given.

It does no I/O. `shared.batch` reads a `Snapshot` under the rooms' locks, calls `apply`, and
writes what came out. The rules that are easy to get wrong:

- A resend gets the first attempt's answer, before rights and limits are looked at: the duplicate
  is looked for first, within the batch too.
- One refused command harms no other.
- `edit` names the `body_version` that it was based on, so that a late resend can not overwrite a
  newer text; `delete` is idempotent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from shared.protocol import Code, Command, Delete, Edit, Message, Send, User
from shared.text import fault_of_body, nickname_key


@dataclass(frozen=True, slots=True)
class Request:
    """A command, who gives it, and when it came in (milliseconds since 1970 UTC)."""

    author: User
    command: Command
    at: int


@dataclass(slots=True)
class Head:
    """The two counters of a room."""

    number: int
    version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored message and the id of its last edit."""

    message: Message
    edit_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to an edit or deletion that was carried out: what a resend of it gets."""

    room: int
    number: int
    version: int
    at: int  # milliseconds since 1970 UTC


@dataclass(slots=True)
class Snapshot:
    """What a batch needs to know, read under the locks of its rooms, and what it has become."""

    heads: dict[int, Head] = field(default_factory=dict)
    members: set[tuple[int, int]] = field(default_factory=set)  # (room, user)
    directs: dict[tuple[int, str], int] = field(default_factory=dict)  # (author, nickname_key) → room
    opened: dict[int, tuple[int, ...]] = field(
        default_factory=dict
    )  # direct rooms made for this batch → members
    entries: dict[tuple[int, int], Entry] = field(default_factory=dict)  # (room, number)
    by_client: dict[tuple[int, UUID], tuple[int, int]] = field(default_factory=dict)  # → (room, number)
    done: dict[tuple[int, UUID], Done] = field(default_factory=dict)  # (author, id of the edit or deletion)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command is carried out; `change` is what to publish, None for a resend.

    `message` is the message after it. For an edit or deletion that was sent again only its number, version
    and time are those of the first answer: its text may have changed since.
    """

    request: Request
    message: Message
    change: Message | None
    opened: tuple[int, ...] = ()  # users who are now in a direct room that was made for it


@dataclass(frozen=True, slots=True)
class Refused:
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
        return Accepted(request, snapshot.entries[first].message, None)
    if fault := fault_of_body(send.body, longest=longest):
        return Refused(request, fault)
    room = send.room
    if room is None:
        room = snapshot.directs.get((author.id, nickname_key(send.to or "") or ""))
    head = snapshot.heads.get(room) if room is not None else None
    if room is None or head is None or (room, author.id) not in snapshot.members:
        return Refused(request, Code.NOT_FOUND)
    head.number += 1
    head.version += 1
    message = Message(
        room=room,
        number=head.number,
        version=head.version,
        author=author,
        client_id=send.id,
        body=send.body,
        body_version=head.version,
        at=request.at,
    )
    place = (room, head.number)
    snapshot.by_client[author.id, send.id] = place
    snapshot.entries[place] = result.created[place] = Entry(message)
    return Accepted(request, message, message, snapshot.opened.pop(room, ()))


def _change(
    snapshot: Snapshot, result: Result, request: Request, command: Edit | Delete, longest: int
) -> Outcome:
    place = (command.room, command.number)
    entry = snapshot.entries.get(place)
    if (first := snapshot.done.get((request.author.id, command.id))) is not None:
        return _again(request, entry, first)
    # The id of a message's last edit is kept for ever, and by daemons of the last version nothing else is.
    if entry is not None and entry.edit_id == command.id and entry.message.author.id == request.author.id:
        return Accepted(request, entry.message, None)
    if entry is None or (command.room, request.author.id) not in snapshot.members:
        return Refused(request, Code.NOT_FOUND)
    old = entry.message
    if old.author.id != request.author.id:
        return Refused(request, Code.NOT_YOURS)
    if old.deleted:
        return Accepted(request, old, None) if isinstance(command, Delete) else Refused(request, Code.DELETED)
    if isinstance(command, Edit) and (fault := fault_of_body(command.body, longest=longest)):
        return Refused(request, fault)
    if isinstance(command, Edit) and command.base != old.body_version:
        return Refused(request, Code.CONFLICT)
    head = snapshot.heads[command.room]
    head.version += 1
    message = _rewritten(old, command, version=head.version, at=request.at)
    entry = Entry(message, edit_id=command.id)
    snapshot.entries[place] = entry
    written = result.created if place in result.created else result.changed
    written[place] = entry
    done = Done(message.room, message.number, message.version, request.at)
    snapshot.done[request.author.id, command.id] = result.done[request.author.id, command.id] = done
    return Accepted(request, message, message)


def _again(request: Request, entry: Entry | None, first: Done) -> Outcome:
    """The first answer to an edit or deletion, unless its id is now said of another message."""
    if entry is None or (entry.message.room, entry.message.number) != (first.room, first.number):
        return Refused(request, Code.INVALID)
    message = msgspec.structs.replace(entry.message, version=first.version, edited_at=first.at)
    return Accepted(request, message, None)


def _rewritten(old: Message, command: Edit | Delete, *, version: int, at: int) -> Message:
    body, deleted = ("", True) if isinstance(command, Delete) else (command.body, False)
    return msgspec.structs.replace(
        old, version=version, body=body, body_version=version, edited_at=at, deleted=deleted
    )
