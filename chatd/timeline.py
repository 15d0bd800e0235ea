"""One room as a client holds it: the gap rule at the reader's end. Pure.

`cursor` is the version up to which the rows held are complete; `head` the newest version that is
known to exist. While head > cursor something is missing, and `wants` says what to ask for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from shared.protocol import Changes, Message


@dataclass(frozen=True, slots=True)
class Sync:
    """Send `sync` with this version."""

    since: int


@dataclass(frozen=True, slots=True)
class Load:
    """Load the newest page over HTTP."""


Want = Sync | Load | None


@dataclass(slots=True)
class Timeline:
    """The messages of a room from number `low` on. `observe` hears of every row that is put or replaced."""

    observe: Callable[[Message], None] = lambda _: None
    rows: dict[int, Message] = field(default_factory=dict)
    low: int = 1
    cursor: int | None = None  # None: nothing is loaded
    head: int = 0
    _asking: bool = False

    @property
    def loaded(self) -> bool:
        """Whether a page was loaded since the last reset."""
        return self.cursor is not None

    def reconnected(self) -> None:
        """A question that was open went down with its connection; `hello` asks again from the cursor."""
        self._asking = False

    def welcomed(self, head: int, *, promised: bool) -> Want:
        """The daemon knows the room at `head`; `promised`: it sends what lies after our cursor by itself."""
        self.head = max(self.head, head)
        self._asking = promised and self.cursor is not None and self.cursor < self.head
        return self._check()

    def newest_page(self, rows: Iterable[Message], version: int) -> Want:
        """The newest page arrived: it replaces all that is held."""
        self.rows = {}
        messages = list(rows)
        self.low = messages[0].number if messages else 1
        self.cursor = version
        self._put(messages)
        return self._check()

    def older_page(self, rows: Iterable[Message], version: int) -> Want:
        """A page before `low` arrived. It may be older or newer than the rows held."""
        if self.cursor is None:
            return None
        messages = list(rows)
        self.low = messages[0].number if messages else 1
        self._put(messages)
        if version < self.cursor:
            # Its rows may lack changes that lie before the cursor: ask for them again.
            self._asking = True
            return Sync(version)
        self.head = max(self.head, version)
        return self._check()

    def heard(self, head: int) -> Want:
        """The room is known to have this version."""
        self.head = max(self.head, head)
        return self._check()

    def message(self, message: Message) -> Want:
        """A live change."""
        return self.change(message.version, [message])

    def change(self, version: int, rows: Iterable[Message]) -> Want:
        """The live change (version - 1, version], of messages or of the room itself."""
        self.head = max(self.head, version)
        if self.cursor is not None and version == self.cursor + 1:
            self._put(rows)
            self.cursor = version
        return self._check()

    def changes(self, changes: Changes) -> Want:
        """The answer to a question: all that lies in (from, to]. Its rows are never tested for gaps."""
        self._asking = False
        self.head = max(self.head, changes.to)
        if self.cursor is not None and changes.from_ <= self.cursor:
            self._put(changes.messages)
            self.cursor = max(self.cursor, changes.to)
        return self._check()

    def reset(self, version: int) -> Want:
        """Too much was missed: throw all away and load the newest page."""
        self._asking = False
        self.rows = {}
        self.cursor = None
        self.head = version
        return Load()

    def _check(self) -> Want:
        """What to ask for; one question at a time."""
        if self.cursor is None or self.head <= self.cursor or self._asking:
            return None
        self._asking = True
        return Sync(self.cursor)

    def _put(self, rows: Iterable[Message]) -> None:
        for row in rows:
            held = self.rows.get(row.number)
            if row.number >= self.low and (held is None or held.version < row.version):
                self.rows[row.number] = row
                self.observe(row)
