"""Cases for the two timelines, Python's and the page's: what a reader hears of a room, in any order.

A case is drawn by Hypothesis: a room's log grows while a reader hears of it over a bus that loses,
doubles and swaps, asks its questions, and loads pages that may be old when they arrive.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from chatd.timeline import Timeline, Todo
from shared.protocol import Changes, Message, User

AUTHOR = User(1, "alice")
PAGE = 3
# What is common stands more often, so that chains such as "ask for a page, hear an edit, get the page" are drawn.
STEPS = (
    *("send", "send", "edit", "edit", "edit", "delete", "meta"),
    *("hear", "hear", "hear", "lose", "again", "answer", "answer", "refuse"),
    *("newest", "older", "older", "newer", "newer", "around", "page", "page", "page", "cut", "head", "reset"),
)


@dataclass(slots=True)
class Room:
    """The log, as the database holds it."""

    rows: dict[int, Message] = field(default_factory=dict)
    version: int = 0

    def write(self, number: int, body: str, *, deleted: bool = False) -> Message:
        """Create or change a message."""
        self.version += 1
        message = Message(
            1, number, self.version, AUTHOR, UUID(int=number), body, self.version, 0, deleted=deleted
        )
        self.rows[number] = message
        return message

    def changes(self, since: int) -> Changes:
        """What a `sync` is answered with now."""
        rows = sorted((row for row in self.rows.values() if row.version > since), key=lambda row: row.version)
        return Changes(room=1, from_=since, to=self.version, messages=rows)

    def page(self, *, before: int | None = None, after: int = 0, around: int | None = None) -> "PageOf":
        """A page of history as it is read now."""
        numbers = sorted(self.rows)
        if around is not None:
            after = max(0, around - PAGE // 2 - 1)
        if after:
            shown = [number for number in numbers if number > after][:PAGE]
        else:
            shown = [number for number in numbers if before is None or number < before][-PAGE:]
        ends = bool(shown) and shown[0] > 1, bool(shown) and shown[-1] < len(numbers)
        return PageOf([self.rows[number] for number in shown], self.version, *ends)


@dataclass(frozen=True, slots=True)
class PageOf:
    """Some of the rows, the version of their snapshot, and whether there are others before and after them."""

    rows: list[Message]
    version: int
    more: bool
    newer: bool


@dataclass(slots=True)
class Case:
    """One reader; `events` and `states` are what the other language is held to."""

    room: Room = field(default_factory=Room)
    timeline: Timeline = field(default_factory=Timeline)
    bus: list[tuple[int, Message | None]] = field(default_factory=list)
    heard: list[tuple[int, Message | None]] = field(default_factory=list)
    pages: list[tuple[PageOf, int]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)

    def step(self, name: str, pick: int) -> None:
        """Do one step; `pick` chooses among what there is to choose."""
        getattr(self, f"_{name}")(pick)

    def settle(self) -> None:
        """All faults end: what is asked for is answered until nothing is asked for."""
        self._cut(0)
        self.pages.clear()
        if not self.timeline.loaded:
            self._newest(0)
            self._page(0)
        todo = self._tell({"do": "heard", "head": self.room.version}, self.timeline.heard(self.room.version))
        for _ in range(10):
            if todo.sync is None:
                return
            todo = self._answer(0)

    # -- the log

    def _send(self, _: int) -> None:
        number = len(self.room.rows) + 1
        self.bus.append((self.room.version + 1, self.room.write(number, f"text {number}")))

    def _edit(self, pick: int) -> None:
        self._rewrite(pick, f"edit {self.room.version}")

    def _delete(self, pick: int) -> None:
        self._rewrite(pick, "", deleted=True)

    def _rewrite(self, pick: int, body: str, *, deleted: bool = False) -> None:
        if self.room.rows:
            number = pick % len(self.room.rows) + 1
            self.bus.append((self.room.version + 1, self.room.write(number, body, deleted=deleted)))

    def _meta(self, _: int) -> None:
        self.room.version += 1
        self.bus.append((self.room.version, None))

    # -- what the reader hears

    def _hear(self, pick: int) -> None:
        if self.bus:
            self._change(self.bus.pop(pick % min(3, len(self.bus))))

    def _lose(self, _: int) -> None:
        if self.bus:
            self.heard.append(self.bus.pop(0))

    def _again(self, pick: int) -> None:
        if self.heard:
            self._change(self.heard[pick % len(self.heard)])

    def _change(self, change: tuple[int, Message | None]) -> None:
        self.heard.append(change)
        version, message = change
        event = {"do": "change", "version": version, "message": _shown(message) if message else None}
        self._tell(event, self.timeline.change(version, message))

    def _answer(self, _: int) -> Todo:
        if self.timeline.asked is None:
            return Todo()
        changes = self.room.changes(self.timeline.asked)
        event = {
            "do": "changes",
            "from": changes.from_,
            "to": changes.to,
            "messages": [*map(_shown, changes.messages)],
        }
        return self._tell(event, self.timeline.changes(changes))

    def _refuse(self, _: int) -> None:
        self.timeline.refused()
        self._tell({"do": "refused"}, Todo())

    def _newest(self, _: int) -> None:
        if not self.timeline.loaded:
            self.pages.append((self.room.page(), self.timeline.generation))

    def _older(self, _: int) -> None:
        if self.timeline.loaded and self.timeline.more:
            self.pages.append((self.room.page(before=self.timeline.low), self.timeline.generation))

    def _newer(self, _: int) -> None:
        if self.timeline.newer:
            self.pages.append((self.room.page(after=self.timeline.high), self.timeline.generation))

    def _around(self, pick: int) -> None:
        """To a message far away: what is loaded goes, and a page of another place comes."""
        if self.room.rows:
            self._tell({"do": "reset", "head": self.room.version}, self.timeline.reset(self.room.version))
            self.pages[:] = [
                (self.room.page(around=pick % len(self.room.rows) + 1), self.timeline.generation)
            ]

    def _page(self, pick: int) -> None:
        """A page arrives, as it was read some time ago."""
        if self.pages:
            page, generation = self.pages.pop(pick % len(self.pages))
            ends = {"version": page.version, "more": page.more, "newer": page.newer}
            event = {"do": "page", "messages": [*map(_shown, page.rows)], **ends, "generation": generation}
            todo = self.timeline.page(
                page.rows, page.version, more=page.more, newer=page.newer, generation=generation
            )
            self._tell(event, todo)

    def _cut(self, _: int) -> None:
        self.bus.clear()
        self.timeline.disconnected()
        self._tell({"do": "disconnected"}, Todo())

    def _head(self, _: int) -> None:
        self._tell({"do": "heard", "head": self.room.version}, self.timeline.heard(self.room.version))

    def _reset(self, pick: int) -> None:
        if pick % 4 == 0:
            self._tell({"do": "reset", "head": self.room.version}, self.timeline.reset(self.room.version))

    def _tell(self, event: dict[str, Any], todo: Todo) -> Todo:
        self.events.append(event)
        held = self.timeline
        self.states.append(
            {
                "cursor": held.cursor,
                "head": held.head,
                "floor": held.floor,
                "asked": held.asked,
                "more": held.more,
                "newer": held.newer,
                "rows": [[row.number, row.version, row.body] for _, row in sorted(held.rows.items())],
                "sync": todo.sync,
                "load": todo.load,
            }
        )
        return todo


def _shown(message: Message) -> dict[str, Any]:
    return {
        "number": message.number,
        "version": message.version,
        "body": message.body,
        "deleted": message.deleted,
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A reader's life."""
    case = Case()
    for _ in range(draw(st.integers(0, 9))):
        case.step("send", 0)
    case.step("newest", 0)
    case.step("page", 0)
    for name, pick in draw(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7)), max_size=60)):
        case.step(name, pick)
    return case
