"""Items are made ahead by a thread, in order, and nothing of it outlives who asked for them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from wscost.readers.bulk.ahead import ahead


class Source:
    """Numbers from 1 on; knows how many were made, and whether it was closed."""

    def __init__(self, fails_after: int = 100) -> None:
        self.made, self.closed, self._fails_after = 0, False, fails_after

    def numbers(self) -> Iterator[int]:
        try:
            while self.made < self._fails_after:
                self.made += 1
                yield self.made
            raise ValueError("nothing more can be made")
        finally:
            self.closed = True


def test_items_come_in_order_and_a_failure_after_them() -> None:
    source, met = Source(fails_after=7), []
    with pytest.raises(ValueError, match="nothing more"):
        met += iter(ahead(source.numbers(), 3))

    assert met == list(range(1, 8))
    assert source.made == 7
    assert source.closed


def test_who_stops_early_closes_what_was_made_ahead() -> None:
    source = Source()
    items = ahead(source.numbers(), 3)
    assert [next(items), next(items)] == [1, 2]
    items.close()

    assert source.closed
    assert source.made <= 5


def test_what_nobody_asks_for_any_more_ends_with_the_circle_it_lies_in() -> None:
    before, source = threading.active_count(), Source()
    items = ahead(ahead(source.numbers(), 2), 2)
    next(items)
    circle: list[object] = [items]
    circle.append(circle)
    del items, circle
    gc.collect()

    assert source.closed
    assert threading.active_count() == before
