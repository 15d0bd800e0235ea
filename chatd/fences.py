"""A sender's order after a temporary refusal. Pure.

A client that sends several messages without awaiting the answers may have the first refused for a
while and the second accepted: they would stand in the wrong order for ever. So after a temporary
refusal the later sends of that connection in that conversation are refused too, until the
refused one comes again.
"""

from collections.abc import Hashable
from uuid import UUID

from shared.protocol import Command, Send
from shared.text import nickname_key

Conversation = tuple[Hashable, int | str]


class Fences:
    """The sends that must come again before others of their sender may pass."""

    def __init__(self) -> None:
        self._awaited: dict[Conversation, UUID] = {}

    def stops(self, sender: Hashable, command: Command) -> bool:
        """Whether `command` must wait for an earlier one of this sender."""
        if not isinstance(command, Send):
            return False
        return self._awaited.get(_conversation(sender, command), command.id) != command.id

    def settled(self, sender: Hashable, command: Command, *, temporary: bool) -> None:
        """`command` was answered; `temporary` if it was refused for a while."""
        if not isinstance(command, Send):
            return
        conversation = _conversation(sender, command)
        if temporary:
            self._awaited.setdefault(conversation, command.id)
        elif self._awaited.get(conversation) == command.id:
            del self._awaited[conversation]

    def forget(self, sender: Hashable) -> None:
        """The connection is gone; on the next one its client begins with the oldest unanswered send."""
        for conversation in [found for found in self._awaited if found[0] is sender]:
            del self._awaited[conversation]


def _conversation(sender: Hashable, send: Send) -> Conversation:
    return (sender, send.room if send.room is not None else nickname_key(send.to or "") or "")
