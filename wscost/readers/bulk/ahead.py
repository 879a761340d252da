"""Steps ahead: the next items are made while the last one is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T], steps: int = 1) -> Generator[T]:
    """Yield items that a thread of their own makes, some steps ahead; closed early, they are closed too."""
    yield from begun(items, steps)


def begun(items: Generator[T], steps: int = 1) -> Generator[T]:
    """Begin at once to make items that are asked for later."""
    thread = ThreadPoolExecutor(1)
    return _following(thread, items, deque(thread.submit(next, items, None) for _ in range(steps)))


def _following(
    thread: ThreadPoolExecutor, items: Generator[T], following: deque[Future[T | None]]
) -> Generator[T]:
    with thread:
        try:
            while (item := following.popleft().result()) is not None:
                following.append(thread.submit(next, items, None))
                yield item
        finally:
            # Nothing is asked of the thread any more: where all this is garbage, it may have ended.
            for step in following:
                if not step.cancel():
                    step.exception()
            items.close()
