"""What the database says happened in a room after a version. Pure."""

from typing import TypeAlias

import msgspec

from shared.protocol import Changes, Reset

Found: TypeAlias = Changes | Reset


def brings_to(found: Found) -> int:
    """The version of the room up to which who gets this is told everything."""
    return found.version if isinstance(found, Reset) else found.to


def after(found: Found, told: int) -> Found:
    """What was found, without what somebody knows who was told everything up to a version."""
    if isinstance(found, Reset) or found.from_ >= told:
        return found
    state = found.room_state
    return msgspec.structs.replace(
        found,
        from_=told,
        messages=[message for message in found.messages if message.version > told],
        room_state=state if state is not None and state.version > told else None,
    )
