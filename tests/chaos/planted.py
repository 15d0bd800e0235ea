"""Bugs that are planted to see that a fault run finds them: `make planted`.

Each takes one rule out of the real daemon or the real client, breaks what that rule is there
for, and must make the checker speak. A checker that stays silent on one of these is blind.
"""

import asyncio
import contextlib
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chatd import client, hello, journal, outbox, timeline
from chatd.bus import Bus
from chatd.delivery import Delivery
from chatd.fences import Fences
from chatd.heads import Heads
from chatd.sequencer import Sequencer
from chatd.writer import Writer
from shared import batch, log, messages, reactions
from shared.protocol import Code, Send
from tests.chaos.stack import Stack


def ack_before_commit() -> None:
    """The answer goes out while the commit is still to come."""

    async def run(self: journal.Journal) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            entries = self._next_batch()
            if entries:
                write, commit = _halves(self._writer, [entry.request for entry in entries])
                self._settle(entries, await loop.run_in_executor(self._thread, write))
                await asyncio.sleep(0.05)
                await loop.run_in_executor(self._thread, commit)
            if not self._queue:
                self._wake.clear()
                self._idle.set()

    setattr(journal.Journal, "run", run)


def _halves(writer: Writer, requests: list[log.Request]) -> tuple[Callable[[], Any], Callable[[], None]]:
    """Carry out a batch, all but its end; the second function commits it."""
    transaction = writer._database.transaction()

    def write() -> Any:
        try:
            return batch.write(transaction.__enter__(), requests, longest=10_000)[0].outcomes
        except Exception:
            return [log.Refused(request, Code.UNAVAILABLE, temporary=True) for request in requests]

    def commit() -> None:
        with contextlib.suppress(Exception):
            transaction.__exit__(None, None, None)

    return write, commit


def no_unique_key() -> None:
    """A resend is not recognised."""

    def nothing(snapshot: log.Snapshot, requests: Sequence[log.Request]) -> Iterator[batch.Question]:
        return iter(())

    setattr(batch, "_ask_for_sent", nothing)


def _without_key(stack: Stack) -> None:
    stack.administer("ALTER TABLE messages ADD KEY author (author_id), DROP KEY messages_client")


def log_read_before_registration() -> None:
    """What is committed between the reading of the rooms and the registration is never sent."""
    read = hello.Greeter._read

    async def early(self: hello.Greeter, peer: Any) -> Any:
        summaries = await read(self, peer)
        await asyncio.sleep(random.uniform(0.2, 0.6))
        return summaries

    def follow(self: Delivery, summary: Any) -> int:
        self.sequencer.track(summary.room.id, summary.head)
        return int(summary.head)

    setattr(hello.Greeter, "_read", early)
    setattr(Delivery, "follow", follow)


def no_head_comparison() -> None:
    """A lost publish that nothing comes after stays lost."""

    async def nothing(self: Heads) -> None:
        return None

    setattr(Heads, "_compare_touched", nothing)
    setattr(Heads, "_compare_everything", nothing)


def publishes_swapped() -> None:
    """Publishes cross, and nobody puts them in order: not the daemon, and not the client, which trusts it."""
    publish = Bus.publish

    def swapped(self: Bus, items: Any) -> bool:
        items = list(items)
        if random.random() < 0.5:
            asyncio.get_running_loop().call_later(0.02, publish, self, items)
            return True
        return publish(self, items)

    setattr(Bus, "publish", swapped)
    _no_sequencer()


def _no_sequencer() -> None:
    def arrive(self: Sequencer[bytes], room: int, version: int, change: bytes) -> list[bytes]:
        state = self._rooms.get(room)
        if state is None:
            return []
        state.seen = max(state.seen or 0, version)
        return [change]

    setattr(Sequencer, "arrive", arrive)


def _trusting_client() -> None:
    def change(self: timeline.Timeline, version: int, message: Any = None) -> timeline.Todo:
        if self.cursor is not None and version > self.cursor:
            self.cursor = version
            if message is not None:
                self._put(message)
        self.head = self.cursor or 0
        return timeline.Todo()

    setattr(timeline.Timeline, "change", change)


def no_fences() -> None:
    """Later messages do not wait for one that was refused for a while."""
    setattr(Fences, "stops", lambda *_: False)


def _pipelining_client() -> None:
    """Sends all it has without awaiting answers; one that was refused waits for its turn, and the others do not."""
    answered = outbox.Outbox.answered
    waiting: set[Any] = set()

    def pump(self: outbox.Outbox, conversation: int | str) -> None:
        queue = self._queues.get(conversation)
        for outgoing in list(queue.waiting) if queue is not None and self._open else ():
            command = outgoing.command.id
            if command not in {*self._unanswered, *waiting}:
                outgoing.attempts += 1
                overdue = asyncio.get_running_loop().call_later(outbox.ANSWER_SECONDS, self._dead)
                self._unanswered[command] = (conversation, outgoing, overdue)
                self._say(outgoing.command)

    def note(self: outbox.Outbox, answer: Any) -> None:
        found = self._unanswered.get(answer.id)
        if found is not None and getattr(answer, "temporary", False):
            waiting.add(answer.id)
            asyncio.get_running_loop().call_later(0.4, waiting.discard, answer.id)
        elif found is not None:
            queue = self._queues[found[0]].waiting
            queue.remove(found[1])
            queue.appendleft(found[1])
        answered(self, answer)

    setattr(outbox.Outbox, "_pump", pump)
    setattr(outbox.Outbox, "answered", note)


def duplicate_after_limits() -> None:
    """A limit is looked at before the duplicate: a resend may be refused though the first attempt was written."""
    send = log._send
    tried: dict[Any, int] = {}

    def limited(snapshot: Any, result: Any, request: log.Request, command: Send, longest: int) -> Any:
        if (request.author.id, command.id) in snapshot.by_client and tried.setdefault(command.id, 1):
            return log.Refused(request, Code.TOO_LONG)
        return send(snapshot, result, request, command, longest)

    setattr(log, "_send", limited)


def changes_without_range() -> None:
    """A reader is sent `changes` that begin later than its cursor."""
    changes = messages.changes

    def rangeless(cursor: Any, *, room: int, since: int, reader: int | None) -> Any:
        if reader is None:
            return changes(cursor, room=room, since=since, reader=reader)
        return changes(cursor, room=room, since=since + 1, reader=reader)

    setattr(messages, "changes", rangeless)


def _rangeless_client() -> None:
    def changes(self: timeline.Timeline, found: Any) -> timeline.Todo:
        self.asked = None
        self.cursor = max(self.cursor or 0, found.to)
        self.head = max(self.head, self.cursor)
        return self._todo(found.messages)

    setattr(timeline.Timeline, "changes", changes)


def ack_moves_the_cursor() -> None:
    """The client takes an ack for the news itself: what others wrote before it is skipped."""
    receive = client.ParleyClient._receive

    def moving(self: client.ParleyClient, socket: Any, frame: Any, cursors: Any) -> None:
        fields = msgspec.json.decode(frame)
        held = self.timelines.get(fields.get("room") or 0)
        if fields["type"] == "ack" and held is not None and held.cursor is not None:
            held.cursor = max(held.cursor, fields["version"])
        receive(self, socket, frame, cursors)

    setattr(client.ParleyClient, "_receive", moving)


def reactions_toggle() -> None:
    """A reaction becomes the other way, whatever was asked for: one that comes again undoes itself."""
    put = reactions.put

    def toggled(held: Any, emoji: str, user: int, *, on: bool) -> Any:
        stands = any(user in found.users for found in held if found.emoji == emoji)
        return put(held, emoji, user, on=not stands)

    setattr(reactions, "put", toggled)


def _nothing() -> None:
    """This half is sound."""


def _no_preparation(_: Stack) -> None:
    """The bug needs none."""


@dataclass(frozen=True, slots=True)
class Bug:
    """What is planted in the daemons and in the clients, the faults that show it, and the rules that it breaks.

    A rule is the beginning of a violation, as `tests.chaos.checker` words it: another one that
    is broken as well does not count as caught.
    """

    faults: str
    rules: tuple[str, ...]
    quiet_every: int = 1  # each time, so that no later message shows a reader what it missed
    daemon: Callable[[], None] = _nothing
    client: Callable[[], None] = _nothing
    prepare: Callable[[Stack], None] = _no_preparation


TRIES = 3
SECONDS = "40"  # of each run: enough for every one of them
LOST = ("readers end equal to the log", "not healed within a minute")

BUGS = {
    "ack-before-commit": Bug("kill-chatd,kill-mariadb", ("acked is in the log",), daemon=ack_before_commit),
    "no-unique-key": Bug(
        "kill-chatd,network-cut", ("one row per client id",), daemon=no_unique_key, prepare=_without_key
    ),
    "log-read-before-registration": Bug("network-cut", LOST, daemon=log_read_before_registration),
    "no-head-comparison": Bug("kill-redis,kill-pubsub", LOST, daemon=no_head_comparison),
    "publishes-swapped": Bug("kill-pubsub", LOST, daemon=publishes_swapped, client=_trusting_client),
    "refused-message-overtaken": Bug(
        "away-mariadb,stop-mariadb",
        ("senders order holds",),
        quiet_every=1_000,
        daemon=no_fences,
        client=_pipelining_client,
    ),
    "duplicate-after-limits": Bug(
        "kill-chatd,network-cut", ("refused is not in the log",), daemon=duplicate_after_limits
    ),
    "changes-without-range": Bug(
        "network-cut,kill-pubsub", LOST, daemon=changes_without_range, client=_rangeless_client
    ),
    "reactions-toggle": Bug("network-cut", ("acked reactions were put",), daemon=reactions_toggle),
    "ack-moves-the-cursor": Bug("network-delay", LOST, client=ack_moves_the_cursor),
}


def plant(name: str) -> None:
    """Plant the daemon's half of a bug in this process."""
    BUGS[name].daemon()


def environment(name: str) -> dict[str, str]:
    """What makes the daemons of a stack load their half (see `plant/sitecustomize.py`)."""
    return {"PLANTED": name, "PYTHONPATH": str(Path(__file__).parent / "plant")}


def main() -> int:
    """Plant each bug in runs of its own until the checker finds it; 0 where it found every one.

    A bug shows only where a fault meets it: on a busy machine few do, so that it gets `TRIES` runs, each of another
    seed. What follows the module's name on the command line goes to `tests.chaos`.
    """
    silent = []
    for name, bug in BUGS.items():
        began = time.monotonic()
        for attempt in range(TRIES):
            run = _run(name, bug, seed=attempt + 1)
            found = [line.strip() for line in run.stdout.splitlines() if line.strip().startswith(bug.rules)]
            caught = run.returncode == 1 and bool(found)
            if caught:
                break
        words = f"caught by run {attempt + 1}" if caught else "NOT CAUGHT"
        print(f"{name:30} {words} in {time.monotonic() - began:.0f} s", flush=True)
        print(f"    {found[0] if found else run.stdout[-300:] + run.stderr[-300:]}", flush=True)
        if not caught:
            silent.append(name)
    print(f"{len(BUGS) - len(silent)} of {len(BUGS)} planted bugs were caught")
    return 1 if silent else 0


def _run(name: str, bug: Bug, *, seed: int) -> subprocess.CompletedProcess[str]:
    """A fault run against the bug; patient, so that only what is never made good counts."""
    options = {
        "--planted": name,
        "--faults": bug.faults,
        "--heal": "60",
        "--resume": "60",
        "--quiet-every": str(bug.quiet_every),
        "--seconds": SECONDS,
        "--seed": str(seed),
    }
    words = [word for option in options.items() for word in option]
    command = [sys.executable, "-m", "tests.chaos", *words, *sys.argv[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main())
