"""A queue that serves everybody in turn, whoever stands in it with how much. Pure.

Each key's items stay in their order; between keys it goes round, one item each. So who has much
waiting delays the others by one item of theirs, not by all of it. Every step takes constant time.
"""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Items by key, taken out one a key and round."""

    def __init__(self) -> None:
        self._items: dict[Hashable, deque[tuple[T, int]]] = {}
        self._order: deque[Hashable] = deque()  # the keys with items, the next one first
        self._weights: dict[Hashable, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, key: Hashable, item: T, weight: int) -> None:
        """Append an item to what waits for `key`."""
        if key not in self._items:
            self._items[key] = deque()
            self._weights[key] = 0
            self._order.append(key)
        self._items[key].append((item, weight))
        self._weights[key] += weight
        self._count += 1

    def next(self) -> T:
        """The item whose turn it is. Raises `IndexError` where nothing waits."""
        return self._items[self._order[0]][0][0]

    def take(self) -> T:
        """Take out the item whose turn it is; its key goes to the end. Raises `IndexError` where nothing waits."""
        key = self._order.popleft()
        items = self._items[key]
        item, weight = items.popleft()
        self._count -= 1
        if items:
            self._weights[key] -= weight
            self._order.append(key)
        else:
            del self._items[key], self._weights[key]
        return item

    def weight(self, key: Hashable) -> int:
        """The weight of all that waits for `key`."""
        return self._weights.get(key, 0)
