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
        following = deque(thread.submit(next, items, None) for _ in range(steps))
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
