"""What the clients of a fault run write down: tried, acked, refused, unknown, seen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from shared.protocol import Ack, Command, Message


@dataclass(slots=True)
class Try:
    """A command of a device, and what it was told. Neither `ack` nor `refused`: the outcome is unknown."""

    device: str
    user: int
    room: int
    order: int  # 1, 2, 3 … of the device's sends in this room; 0 for any other command
    command: Command
    ack: Ack | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """A message as a device put it into its timeline."""

    room: int
    number: int
    version: int
    client_id: UUID
    author: int
    body: str
    deleted: bool
    reply_to: int | None = None
    reactions: frozenset[tuple[str, int]] = frozenset()  # (emoji, user)

    @classmethod
    def of(cls, message: Message) -> "Sight":
        """What there is to see of a message."""
        return cls(
            message.room,
            message.number,
            message.version,
            message.client_id,
            message.author.id,
            message.body,
            message.deleted,
            message.reply_to,
            frozenset((found.emoji, user) for found in message.reactions for user in found.users),
        )


@dataclass(slots=True)
class Reader:
    """What one device saw, in its order, and what it holds at the end."""

    device: str
    rooms: set[int] = field(default_factory=set)  # that it is a member of and opened
    seen: list[Sight] = field(default_factory=list)
    low: dict[int, int] = field(default_factory=dict)  # room → lowest number held at the end
    final: dict[int, list[Sight]] = field(default_factory=dict)  # room → what is held at the end


@dataclass(slots=True)
class Log:
    """The log as the database holds it at the end."""

    rows: list[Sight] = field(default_factory=list)
    heads: dict[int, tuple[int, int]] = field(default_factory=dict)  # room → (number, version)

    def room(self, room: int) -> Iterable[Sight]:
        """The rows of one room."""
        return (row for row in self.rows if row.room == room)


@dataclass(slots=True)
class History:
    """Everything that a run leaves for the checker."""

    tries: list[Try] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    log: Log = field(default_factory=Log)
