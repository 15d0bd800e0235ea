"""Promises about time, held on a machine that others use too.

Whatever else runs there can only make things slower. So such a promise is judged by the best of a
few tries: a product that breaks it breaks it each time, a busy machine does not. Only what came too
late is tried again (`TooSlow`); any other failure counts at once.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

TRIES = 4
Test = TypeVar("Test", bound=Callable[..., Any])


class TooSlow(AssertionError):
    """It took too long, this time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What happens here takes less than this; raises `TooSlow` where it did not, or where it failed after that."""
    began = time.monotonic()
    fault: Exception | None = None
    try:
        yield
    except Exception as caught:
        fault = caught
        raise
    finally:
        took = time.monotonic() - began
        if took >= seconds:
            raise TooSlow(f"{took:.2f} s instead of {seconds} s") from fault


def best_of_tries(test: Test) -> Test:
    """Decorates a test that measures time: it fails where it is too slow every time."""
    if inspect.iscoroutinefunction(test):

        @functools.wraps(test)
        async def tried_later(*args: Any, **kwargs: Any) -> None:
            for _ in range(TRIES - 1):
                try:
                    return await test(*args, **kwargs)  # type: ignore[no-any-return]
                except TooSlow:
                    continue
            return await test(*args, **kwargs)  # type: ignore[no-any-return]

        return tried_later  # type: ignore[return-value]

    @functools.wraps(test)
    def tried(*args: Any, **kwargs: Any) -> None:
        for _ in range(TRIES - 1):
            try:
                return test(*args, **kwargs)  # type: ignore[no-any-return]
            except TooSlow:
                continue
        return test(*args, **kwargs)  # type: ignore[no-any-return]

    return tried  # type: ignore[return-value]
