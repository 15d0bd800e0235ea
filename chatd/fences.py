"""A sender's order after a temporary refusal. Pure.

A client that sends several messages without awaiting the answers may have the first refused for a
while and the second accepted: they would stand in the wrong order for ever. So after a temporary
refusal the later sends of that connection in that conversation are refused too, until the
refused one comes again, or for a minute: a client that gave it up must not be mute for ever.

`now` is a time in seconds of any clock that never goes back.
"""

from collections.abc import Hashable
from uuid import UUID

from shared.protocol import Command, Send
from shared.text import nickname_key

FENCE_SECONDS = 60.0  # after the last refusal; a client tries again within 10

Conversation = tuple[Hashable, int | str]


class Fences:
    """The sends that must come again before others of their sender may pass."""

    def __init__(self) -> None:
        self._awaited: dict[Conversation, tuple[UUID, float]] = {}  # and until when

    def stops(self, sender: Hashable, command: Command, now: float) -> bool:
        """Whether `command` must wait for an earlier one of this sender."""
        if not self._awaited or not isinstance(command, Send):
            return False
        awaited = self._of(_conversation(sender, command), now)
        return awaited is not None and awaited != command.id

    def settled(self, sender: Hashable, command: Command, now: float, *, temporary: bool) -> None:
        """`command` was answered; `temporary` if it was refused for a while."""
        if not isinstance(command, Send):
            return
        conversation = _conversation(sender, command)
        awaited = self._of(conversation, now)
        if temporary and awaited in (None, command.id):
            self._awaited[conversation] = (command.id, now + FENCE_SECONDS)
        elif not temporary and awaited == command.id:
            del self._awaited[conversation]

    def forget(self, sender: Hashable) -> None:
        """The connection is gone; on the next one its client begins with the oldest unanswered send."""
        for conversation in [found for found in self._awaited if found[0] is sender]:
            del self._awaited[conversation]

    def _of(self, conversation: Conversation, now: float) -> UUID | None:
        """The send that is awaited in a conversation."""
        found = self._awaited.get(conversation)
        if found is None:
            return None
        if now < found[1]:
            return found[0]
        del self._awaited[conversation]
        return None


def _conversation(sender: Hashable, send: Send) -> Conversation:
    return (sender, send.room if send.room is not None else nickname_key(send.to or "") or "")
