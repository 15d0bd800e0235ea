"""The people of a fault run: devices that send, reply, edit, delete and react, and readers that come and go."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from chatd.client import ParleyClient
from chatd.client_http import WebError
from chatd.outbox import Outgoing, Refused
from shared.protocol import Ack, Command, Error, Message, RoomSummary, Send
from tests.chaos.history import History, Reader, Sight, Try

PASSWORD = "correct horse battery"
EDIT_SHARE, DELETE_SHARE, REACT_SHARE = 0.06, 0.03, 0.08
REPLY_SHARE = 0.1  # of what is sent
EDITABLE = 200  # of the newest own messages, one is chosen
RECENT = 40  # of the newest messages of anybody, one is answered or reacted to
EMOJI = ("👍", "🎉", "❤️")


@dataclass(slots=True)
class Device:
    """One client with what it wrote down."""

    name: str
    client: ParleyClient
    reader: Reader
    tries: list[Try] = field(default_factory=list)
    orders: Counter[int] = field(default_factory=Counter)
    own: dict[int, dict[int, Message]] = field(default_factory=dict)  # room → number → as last seen
    newest: dict[int, int] = field(default_factory=dict)  # room → the highest number that was seen
    worst_ack: float = 0.0
    stay: bool = True


class Workload:
    """Devices spread over users and rooms. Every message is different, so that none can be mistaken."""

    def __init__(self, url: str, *, seed: int, users: int, devices: int, rooms: int) -> None:
        self._url = url
        self._random = random.Random(seed)
        self._users = [f"user{number:03d}" for number in range(users)]
        self._count = devices
        self._rooms_wanted = rooms
        self.rooms: list[int] = []
        self.devices: list[Device] = []
        self.acked = 0
        self.refused: Counter[str] = Counter()
        self.temporary: Counter[str] = Counter()
        self._tasks: list[asyncio.Task[None]] = []
        self._sights: dict[tuple[int, int], Sight] = {}
        self._stopped = asyncio.Event()
        self._talking = asyncio.Event()
        self._talking.set()

    @property
    def unanswered(self) -> int:
        """Commands on their way."""
        return sum(device.client.unanswered for device in self.devices)

    @property
    def talking(self) -> bool:
        """Whether the devices send."""
        return self._talking.is_set()

    @property
    def queued(self) -> int:
        """Commands without a final answer."""
        return sum(device.client.queued for device in self.devices)

    async def prepare(self) -> None:
        """Register the users, make the rooms, let everybody in, and connect."""
        for number in range(self._count):
            self.devices.append(self._device(f"device{number:03d}", self._users[number % len(self._users)]))
        first = {device.client.name: device for device in reversed(self.devices)}
        for device in first.values():
            await device.client.register()
        owner = self.devices[0].client
        for number in range(self._rooms_wanted):
            summary: RoomSummary = await asyncio.to_thread(owner.http.create_room, f"room {number}")
            self.rooms.append(summary.room.id)
            for device in first.values():
                if device.client is not owner:
                    await asyncio.to_thread(device.client.http.join, summary.room.id)
        for device in self.devices:
            await self._arrive(device)

    def start(self, rate: float) -> None:
        """Let the devices send `rate` commands a second, all told."""
        each = rate / len(self.devices)
        self._tasks = [asyncio.create_task(self._talk(device, each)) for device in self.devices]
        self._tasks.append(asyncio.create_task(self._come_and_go()))

    def burst(self) -> None:
        """Every device that is connected says one thing now."""
        for device in self.devices:
            if device.client.connected.is_set():
                self._send(device, self._random.choice(self.rooms))

    def hush(self) -> None:
        """Send no more for now, but what `burst` sends."""
        self._talking.clear()

    async def all_answered(self, seconds: float) -> bool:
        """Wait until everything has its answer; False if that took too long."""
        until = time.monotonic() + seconds
        while self.queued and time.monotonic() < until:
            await asyncio.sleep(0.02)
        return not self.queued

    def talk(self) -> None:
        """Send again after `hush`."""
        self._talking.set()

    async def stop(self) -> None:
        """End all sending."""
        self._stopped.set()
        self._talking.set()
        await asyncio.gather(*self._tasks)

    def behind(self, heads: dict[int, int]) -> list[str]:
        """The devices whose loaded rooms stand below `heads`."""
        return [
            device.name
            for device in self.devices
            if device.stay
            for room, timeline in device.client.timelines.items()
            if not timeline.loaded or (timeline.cursor or 0) < heads.get(room, 0)
        ]

    def history(self) -> History:
        """What everybody wrote down."""
        for device in self.devices:
            device.reader.rooms = set(self.rooms)
            for room, timeline in device.client.timelines.items():
                device.reader.low[room] = timeline.low
                device.reader.final[room] = [Sight.of(message) for message in timeline.rows.values()]
        tries = [tried for device in self.devices for tried in device.tries]
        return History(tries, [device.reader for device in self.devices])

    async def close(self) -> None:
        """Disconnect everybody."""
        await asyncio.gather(*(device.client.close() for device in self.devices))

    # -- one device

    def _device(self, name: str, user: str) -> Device:
        reader = Reader(name)
        device = Device(name, ParleyClient(self._url, user, PASSWORD), reader)
        device.client.observe = lambda _, message: self._saw(device, message)
        device.client.failed = self._failed
        return device

    async def _arrive(self, device: Device) -> None:
        await device.client.start()
        for room in self.rooms:
            await device.client.open_room(room)
        await device.client.connected.wait()

    def _saw(self, device: Device, message: Message) -> None:
        sight = Sight.of(message)
        # What all devices see alike is kept once: a long run holds tens of millions of sights.
        first = self._sights.setdefault((sight.room, sight.version), sight)
        device.reader.seen.append(first if first == sight else sight)
        device.newest[message.room] = max(device.newest.get(message.room, 0), message.number)
        if device.client.user is not None and message.author.id == device.client.user.id:
            own = device.own.setdefault(message.room, {})
            own[message.number] = message
            while len(own) > EDITABLE:
                del own[next(iter(own))]

    def _failed(self, _: Outgoing, error: Error) -> None:
        self.temporary[error.code] += 1

    async def _talk(self, device: Device, rate: float) -> None:
        """Send at a steady rate, whatever the answers; a device that falls far behind pauses."""
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._random.expovariate(rate))
                return
            if self._talking.is_set() and device.client.queued < 50:
                self._act(device)

    def _act(self, device: Device) -> None:
        room = self._random.choice(self.rooms)
        own = [message for message in device.own.get(room, {}).values() if not message.deleted]
        chance = self._random.random()
        if own and chance < EDIT_SHARE:
            message = self._random.choice(own)
            body = f"edit of {message.number} by {device.name} at {time.monotonic_ns()}"
            self._note(device, room, 0, device.client.edit(message, body))
        elif own and chance < EDIT_SHARE + DELETE_SHARE:
            self._note(device, room, 0, device.client.delete(self._random.choice(own)))
        elif chance > 1 - REACT_SHARE and (recent := self._recent(device, room)) is not None:
            emoji, on = self._random.choice(EMOJI), self._random.random() < 0.7
            self._note(device, room, 0, device.client.react(recent, emoji, on=on))
        else:
            self._send(device, room)

    def _recent(self, device: Device, room: int) -> Message | None:
        """One of the newest messages that a device holds of a room, of anybody."""
        timeline = device.client.timelines.get(room)
        number = device.newest.get(room, 0) - self._random.randrange(RECENT)
        return timeline.rows.get(number) if timeline is not None else None

    def _send(self, device: Device, room: int) -> None:
        device.orders[room] += 1
        order = device.orders[room]
        answered = self._recent(device, room) if self._random.random() < REPLY_SHARE else None
        number = answered.number if answered is not None else None
        text = f"{device.name} {room} {order}"
        self._note(device, room, order, device.client.send(text, room=room, reply_to=number))

    def _note(self, device: Device, room: int, order: int, outgoing: Outgoing) -> None:
        assert device.client.user is not None
        command: Command = outgoing.command
        tried = Try(device.name, device.client.user.id, room, order, command)
        device.tries.append(tried)
        began = time.monotonic()

        def answered(answer: "asyncio.Future[Ack]") -> None:
            if answer.cancelled():
                return
            fault = answer.exception()
            if isinstance(fault, Refused):
                tried.refused = fault.error.code
                self.refused[fault.error.code] += 1
                return
            tried.ack = outgoing.answer.result()
            device.worst_ack = max(device.worst_ack, time.monotonic() - began)
            self.acked += isinstance(command, Send)

        outgoing.answer.add_done_callback(answered)

    async def _come_and_go(self) -> None:
        """Readers break their connections without a word, and open their rooms anew."""
        while not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), self._random.uniform(0.3, 1.5))
                return
            if not self._talking.is_set():
                continue
            device = self._random.choice(self.devices)
            device.client.kill()
            if self._random.random() < 0.3:
                room = self._random.choice(self.rooms)
                device.client.timelines.pop(room, None)
                with contextlib.suppress(WebError):
                    await device.client.open_room(room)
