"""Steps ahead: the next items are made while the last one is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Generator[T], steps: int = 1) -> Generator[T]:
    """Yield items that a thread of their own makes, some steps ahead; closed early, they are closed too."""
    with ThreadPoolExecutor(1) as thread:
        try:
            following = deque(thread.submit(next, items, None) for _ in range(steps))
            while (item := following.popleft().result()) is not None:
                following.append(thread.submit(next, items, None))
                yield item
        finally:
            thread.submit(items.close).result()
