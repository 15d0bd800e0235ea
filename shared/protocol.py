"""The WebSocket protocol `parley.v1`: every message, who sends it and when.

JSON text frames, one object each, tagged by `type`. What a client sends is decoded strictly:
unknown or doubled fields, other types, NaN and invalid Unicode are refused. What the server
sends may gain fields; clients ignore those they do not know.

`chatd/PROTOCOL.md` explains how the messages work together.
"""

import json
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import msgspec

SUBPROTOCOL = "parley.v1"
CURSORS_MAX = 20  # loaded timelines with which a client comes back
WATCHED_MAX = 200  # people whose presence one client is told
EMOJI_MAX = 64  # code points of an emoji: the longest sequences of Unicode have ten

# What a JavaScript number holds exactly (RFC 8259 §6), so that no two readers see two numbers.
Natural = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Close:
    """WebSocket close codes (RFC 6455 §7.4) and what a client may conclude."""

    FAILED = 1011  # the daemon met something unforeseen, or no answer to a ping: connect again
    RESTART = 1012  # the daemon restarts: connect again, another daemon answers
    TRY_AGAIN = 1013  # the session could not be checked (Redis is away): connect again
    SIGNED_OUT = 4001  # no session, or no longer: go to sign-in
    NOT_ALLOWED = 4003  # the peer speaks another protocol: do not connect again
    TOO_SLOW = 4008  # what waits for this client grew beyond the limit: connect again
    TOO_MANY = 4029  # too many connections, frames or faulty frames: connect again, later


class Code:
    """The codes of `error`."""

    INVALID = "invalid"  # the frame is no valid message
    NOT_FOUND = "not_found"  # no such room, message or user, or none that you may see
    NOT_YOURS = "not_yours"  # only the author may edit or delete a message
    EMPTY = "empty"  # the message says nothing
    TOO_LONG = "too_long"  # the message is longer than the limit
    CHARACTERS = "characters"  # the message contains control characters
    CONFLICT = "conflict"  # the message was changed since the version that the edit is based on
    DELETED = "deleted"  # the message was deleted
    UNAVAILABLE = "unavailable"  # the database can not be reached or is full; try again
    BUSY = "busy"  # the room is being written to by somebody who takes long; try again
    FULL = "full"  # the message holds as many reactions as it can
    TOO_MANY = "too_many"  # you ask for more than anybody may; try again after `retry_after`


class ClientMessage(msgspec.Struct, tag_field="type", tag=str.lower, forbid_unknown_fields=True):
    """What a client may send."""


class Hello(ClientMessage):
    """First message of a connection: the versions up to which the client holds its loaded rooms."""

    epoch: Natural = 0
    cursors: Annotated[dict[Natural, Natural], msgspec.Meta(max_length=CURSORS_MAX)] = {}


class Send(ClientMessage):
    """Say something in `room`, or directly `to` a user by nickname. `id` is the client's own, for ever.

    `reply_to` is the number of the message in the same room that it answers.
    """

    id: UUID
    body: str
    room: Natural | None = None
    to: str | None = None
    reply_to: Natural | None = None


class Edit(ClientMessage):
    """Replace the text of one's own message; `base` is the `body_version` that the edit is based on."""

    id: UUID
    room: Natural
    number: Natural
    base: Natural
    body: str


class Delete(ClientMessage):
    """Delete one's own message; its number stays, its text goes."""

    id: UUID
    room: Natural
    number: Natural


class React(ClientMessage):
    """Put one's reaction `emoji` under a message, or take it away: `on` says how it shall be, never "the other way"."""

    id: UUID
    room: Natural
    number: Natural
    emoji: Annotated[str, msgspec.Meta(min_length=1, max_length=EMOJI_MAX)]
    on: bool


class Read(ClientMessage):
    """The user has read `room` up to message `number`."""

    room: Natural
    number: Natural


class Unread(ClientMessage):
    """The user wants message `number` of `room`, and what follows, to count as unread again."""

    room: Natural
    number: Natural


class Typing(ClientMessage):
    """The user is writing in `room`; said again every few seconds while it lasts."""

    room: Natural


class Presence(ClientMessage):
    """Whether somebody sits before this client: `online`, or `away` after a while without a key or a touch."""

    state: Literal["online", "away"]


class Watch(ClientMessage):
    """The people whose presence the client shows; replaces those of the last `watch`."""

    users: Annotated[list[Natural], msgspec.Meta(max_length=WATCHED_MAX)]


class Sync(ClientMessage):
    """Ask for the changes of `room` after version `since`."""

    room: Natural
    since: Natural


class Ping(ClientMessage):
    """Ask for a `pong`."""


class ServerMessage(msgspec.Struct, tag_field="type", tag=str.lower, omit_defaults=True, gc=False):
    """What the server sends. It holds data alone, in no circle, so Python's collector need not look at it (`gc`)."""


class User(msgspec.Struct, frozen=True, gc=False):
    """A person."""

    id: int
    name: str


class Room(msgspec.Struct, frozen=True, gc=False):
    """A room's full state. `members` names the one or two people of a direct room only."""

    id: int
    kind: str  # "public" or "direct"
    name: str | None
    member_count: int
    version: int  # the version at which this state was written
    members: list[User] = []
    topic: str = ""


class RoomSummary(msgspec.Struct, frozen=True, gc=False):
    """A room as one of its members sees it: enough for the list of rooms."""

    room: Room
    role: str  # "owner" or "member"
    head: int  # version of the room's last change
    last_number: int
    last_read: int
    marker: int  # version of what is the user's own here: last_read, level and mentions; a higher one wins
    level: str = "all"  # what calls the user: "all", "mentions" or "muted"
    mentions: list[int] = []  # numbers above last_read of messages that mention the user, the newest 100
    seen: int = 0  # in a direct room: the number up to which the other has ever read


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """An emoji under a message, and the ids of those who put it there, the first one first."""

    emoji: str
    users: list[int]


class Message(ServerMessage, tag="message"):
    """A message's full state, and the change (version - 1, version] of its room.

    A deleted message has an empty `body`, nothing that stands below, and `deleted` true. `at` and `edited_at`
    are milliseconds since 1970 UTC. `client_id` is the `id` of the `send` that made it. `mentions` are
    the members whom the text calls by name, `everyone` that an owner's text calls the whole room.
    """

    room: int
    number: int
    version: int
    author: User
    client_id: UUID
    body: str
    body_version: int
    at: int
    edited_at: int | None = None
    deleted: bool = False
    reply_to: int | None = None
    reactions: list[Reaction] = []
    mentions: list[int] = []
    everyone: bool = False


class RoomChange(ServerMessage, tag="room"):
    """The change (version - 1, version] of a room itself: somebody joined or left, or it was renamed."""

    room: int
    version: int
    state: Room
    joined: list[User] = []
    left: list[User] = []


class Changes(ServerMessage):
    """All that changed in `room` in the versions (from, to], each message once, in its latest state."""

    room: int
    from_: int = msgspec.field(name="from")
    to: int
    messages: list[Message] = msgspec.field(default_factory=list)
    room_state: Room | None = None


class Reset(ServerMessage):
    """Too much changed: throw away what is held of `room` and load its newest page again."""

    room: int
    version: int


class Welcome(ServerMessage):
    """Answer to `hello`: the user's rooms."""

    user: User
    epoch: int
    rooms: list[RoomSummary]
    server: str


class Joined(ServerMessage):
    """The user is now in a room, through this or another device, or because somebody wrote directly."""

    summary: RoomSummary


class Left(ServerMessage):
    """The user is no longer in `room`."""

    room: int


class Ack(ServerMessage):
    """The command `id` is committed. Neither timeline nor cursor move by it."""

    id: UUID
    room: int
    number: int
    version: int
    at: int


class Marker(ServerMessage, tag="read"):
    """What is the user's own in `room`, whole, as in `RoomSummary`; the one with the higher `marker` wins."""

    room: int
    last_read: int
    marker: int
    level: str = "all"
    mentions: list[int] = []


class Seen(ServerMessage):
    """In a direct room: `user` has read up to `number`."""

    room: int
    user: int
    number: int


class SomebodyTypes(ServerMessage, tag="typing"):
    """`user` is writing in `room`; it counts for 6 seconds, or until a message of theirs comes."""

    room: int
    user: User


class Presences(ServerMessage, tag="presence"):
    """How people are whom the client watches: `online`, `away` or `offline`, by their id."""

    states: dict[int, str]


class Error(ServerMessage):
    """A command (`id`) or frame is refused. `temporary`: the same again later may succeed.

    `of` is the `type` of what is refused, where it could be read.
    """

    code: str
    message: str
    id: UUID | None = None
    of: str | None = None
    room: int | None = None
    temporary: bool = False
    retry_after: float | None = None  # seconds


class Drain(ServerMessage):
    """This daemon stops: send nothing more, await the open answers, connect again after `within` × random seconds."""

    within: float


class Pong(ServerMessage):
    """Answer to `ping`."""


Command = Send | Edit | Delete | React
ClientFrame = Hello | Send | Edit | Delete | React | Read | Unread | Typing | Presence | Watch | Sync | Ping

FAULT_MAX = 200  # characters of an answer: a fault may quote a field's name of any length


class _Tagged(msgspec.Struct):
    type: str


_TAGS = {str(kind.__struct_config__.tag) for kind in get_args(ClientFrame)}
_tag_decoder = msgspec.json.Decoder(_Tagged)
_decoder = msgspec.json.Decoder(ClientFrame)
_encoder = msgspec.json.Encoder()


class InvalidFrame(ValueError):
    """A client's frame is no valid message; the text says why."""


def decode(frame: str | bytes) -> ClientFrame:
    """Decode one text frame of a client. Raises `InvalidFrame`."""
    try:
        message: ClientFrame = _decoder.decode(frame)
        _refuse_doubled_keys(frame if isinstance(frame, str) else frame.decode())
    except RecursionError:
        raise InvalidFrame("nested too deeply") from None
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise InvalidFrame(str(fault)[:FAULT_MAX]) from None
    return message


def tag(message: ClientFrame) -> str:
    """The `type` of a client's message."""
    return str(message.__struct_config__.tag)


def tag_of_frame(frame: str | bytes) -> str | None:
    """The `type` of a frame that is no valid message; None where it has none, or none of the protocol."""
    try:
        found = _tag_decoder.decode(frame).type
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found if found in _TAGS else None


def encode(message: ServerMessage | ClientMessage) -> bytes:
    """The JSON of one message, as UTF-8."""
    return _encoder.encode(message)


def _refuse_doubled_keys(frame: str) -> None:
    """msgspec takes the last of two equal keys; two readers of one frame must never disagree (RFC 8259 §4).

    A key is followed by a colon: where a frame has no more colons than different keys, none stands twice. The rest,
    as what holds an address, is read in Python. A message takes 1.1 µs so, and 2.4 where all are read in Python.
    """
    if frame.count(":") != len(_fields.decode(frame)):
        _unique_keys.decode(frame)


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise InvalidFrame("a field stands twice in one object")


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_unique_keys = json.JSONDecoder(object_pairs_hook=_refuse_doubled)
