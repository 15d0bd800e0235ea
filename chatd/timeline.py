"""One room as a client holds it: the gap rule at the reader's end. Pure.

`cursor` is the version up to which every change is in `rows`; `head` the newest version that is
known to exist; `floor`, where it is set, an older version from which some rows must be read again.
The rows are a window of the log that is open at one end or both: `more` older ones and `newer` ones are
not loaded. Changes of rows outside of it are dropped; they come with their page.
The page's `timeline.js` keeps the same rules, and one set of generated cases holds for both.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from shared.protocol import Changes, Message


@dataclass(frozen=True, slots=True)
class Todo:
    """What is to be asked for next: the changes after a version, or the newest page over HTTP."""

    sync: int | None = None
    load: bool = False


@dataclass(slots=True)
class Timeline:
    """The loaded messages of a room. `observe` hears of every row that is put or replaced."""

    observe: Callable[[Message], None] = lambda _: None
    rows: dict[int, Message] = field(default_factory=dict)
    cursor: int | None = None  # None: nothing is loaded
    head: int = 0
    floor: int | None = None
    more: bool = False  # whether older messages stand before the first row
    newer: bool = False  # whether newer messages, which are not loaded, stand after the last row
    generation: int = 0  # counts the resets: a page that was asked for before one is void
    asked: int | None = None  # the version after which the open question asks
    questions: int = 0  # that were asked: tells one from the next
    _oldest: int | None = None  # number of the first row; looking for it would cost a look at every row
    _newest: int = 0  # number of the last row; 0: there is none

    @property
    def loaded(self) -> bool:
        """Whether a page was loaded since the last reset."""
        return self.cursor is not None

    @property
    def position(self) -> int | None:
        """The version to resume from: everything up to it is held."""
        if self.floor is None or self.cursor is None:
            return self.cursor
        return min(self.floor, self.cursor)

    @property
    def low(self) -> int:
        """The lowest number held; where the room is loaded down to its beginning, 1."""
        return self._oldest if self.more and self._oldest is not None else 1

    @property
    def high(self) -> int:
        """The highest number held; 0 where none is."""
        return self._newest

    def change(self, version: int, message: Message | None = None) -> Todo:
        """The live change (version - 1, version], of a message or of the room itself."""
        self.head = max(self.head, version)
        if self.cursor is None or version != self.cursor + 1:
            return self._todo()
        self.cursor = version
        return self._todo([message] if message is not None else [])

    def changes(self, changes: Changes) -> Todo:
        """All that lies in (from, to]. Its rows are never tested for gaps."""
        self.head = max(self.head, changes.to)
        if self.cursor is None:
            return self._todo()
        if self.asked is not None and changes.from_ <= self.asked:
            self.asked = None
        if changes.from_ > self.cursor:
            return self._todo()
        if self.floor is not None and changes.from_ <= self.floor:
            self.floor = max(self.floor, changes.to) if changes.to < self.cursor else None
        self.cursor = max(self.cursor, changes.to)
        return self._todo(changes.messages)

    def reset(self, head: int) -> Todo:
        """Too much changed, or the log is another one (`head` 0): start again."""
        self.rows = {}
        self._oldest = None
        self._newest = 0
        self.cursor = self.floor = self.asked = None
        self.head = head
        self.more = self.newer = False
        self.generation += 1
        return Todo(load=True)

    def page(
        self, messages: Iterable[Message], version: int, *, more: bool, newer: bool = False, generation: int
    ) -> Todo:
        """A page that was asked for in `generation`.

        Any one where nothing is loaded, else the one before `low`, or, where `newer`, the one after `high`. A page
        of another place (two were asked for while nothing was loaded) is void: between it and the rows is a hole.
        """
        if generation != self.generation:
            return Todo()
        rows = list(messages)
        self.head = max(self.head, version)
        if self.cursor is None:
            self.cursor = version
            self.more, self.newer = more, newer
            self._add(rows)
            return self._todo()
        if not self._touches(rows):
            return self._todo()
        # Rows of a page that is older than the cursor may lack changes that were dropped here, since
        # these rows were not held when they came.
        if version < self.cursor:
            self.floor = min(self.floor if self.floor is not None else version, version)
        oldest, newest = self._oldest, self._newest
        before = [row for row in rows if oldest is None or row.number < oldest]
        after = [row for row in rows if self.newer and row.number > newest]
        held = [row for row in rows if row.number in self.rows]
        if before or not rows:
            self.more = more
        if after or not rows:
            self.newer = newer
        self._add([*before, *after])
        return self._todo(held)

    def _touches(self, rows: list[Message]) -> bool:
        """Whether a page, ascending, overlaps what is held or stands right beside it."""
        if not rows or self._oldest is None:
            return True
        return rows[-1].number >= self._oldest - 1 and rows[0].number <= self._newest + 1

    def disconnected(self) -> None:
        """The connection is gone, and with it the answer to an open question."""
        self.asked = None

    def refused(self) -> None:
        """The question was refused for now."""
        self.asked = None

    def heard(self, head: int) -> Todo:
        """The room is known to have this version."""
        self.head = max(self.head, head)
        return self._todo()

    def _todo(self, messages: Iterable[Message] = ()) -> Todo:
        """Put messages into the rows, and say what to ask for; one question at a time."""
        for message in sorted(messages, key=lambda message: message.number):
            self._put(message)
        behind = self.cursor is not None and (self.floor is not None or self.head > self.cursor)
        if not behind or self.asked is not None:
            return Todo()
        self.asked = self.position
        self.questions += 1
        return Todo(sync=self.asked)

    def _put(self, message: Message) -> None:
        held = self.rows.get(message.number)
        if held is not None and held.version >= message.version:
            return
        # Older than everything held: it comes with its page. Only a room that was loaded down to
        # its beginning has nothing before its first row.
        if held is None and self.more and message.number < self.low:
            return
        # The same at the other end. And after the page that reached the end of the log: what was dropped before
        # it came is being read again from `floor`, and must not be passed by.
        is_hole = self.floor is not None and message.number > self._newest + 1
        if message.number > self._newest and (self.newer or is_hole):
            return
        self._add([message])

    def _add(self, rows: Iterable[Message]) -> None:
        for row in rows:
            self.rows[row.number] = row
            self._oldest = row.number if self._oldest is None else min(self._oldest, row.number)
            self._newest = max(self._newest, row.number)
            self.observe(row)
