"""What a device is told of how people are."""

from tests.chatd.daemons import Person
from tests.chatd.device import Client


async def watch(client: Client, *people: Person) -> dict[str, str]:
    """Ask to be told of these people; how they are, as the daemon answers at once."""
    await client.say(type="watch", users=[person.id for person in people])
    while True:
        # What was told before, of others, may still stand there.
        states: dict[str, str] = (await client.hear("presence"))["states"]
        if states.keys() == {str(person.id) for person in people}:
            return states


async def until_told(client: Client, person: Person, state: str) -> None:
    """Return when the device was told that a person it watches is so, now or before."""
    while states_told(client, person)[-1:] != [state]:
        await client.hear("presence")


def states_told(client: Client, person: Person) -> list[str]:
    """How a person was, one after the other, as far as the device was told; the same twice is once."""
    told: list[str] = []
    for frame in client.heard("presence"):
        state = frame["states"].get(str(person.id), "")
        if state and told[-1:] != [state]:
            told.append(state)
    return told
