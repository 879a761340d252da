"""Totals are whole numbers and exact, however large they grow and however they are put together."""

from __future__ import annotations

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wscost.metering.totals import ENOUGH, Totals

SHAPES = {"by day": (3,), ("in", 32): (3, 2)}
additions = st.lists(
    st.tuples(st.sampled_from(list(SHAPES)), st.integers(0, 2), st.integers(0, ENOUGH)), max_size=12
)


def added(drawn: list[tuple[object, int, int]]) -> Totals:
    totals = Totals(SHAPES)
    for name, day, number in drawn:
        totals.under_way(name)[day] += number
        totals.settle()
    return totals


@given(additions, additions)
def test_sums_are_exact_past_what_64_bits_hold_in_one_part_or_two(
    some: list[tuple[object, int, int]], others: list[tuple[object, int, int]]
) -> None:
    whole, parts = added(some + others), added(some)
    parts.add_all(pickle.loads(pickle.dumps(added(others))))  # as it comes from a worker

    for name, shape in SHAPES.items():
        expected = [
            sum(n for other, one, n in some + others if (other, one) == (name, day)) for day in range(3)
        ]
        for totals in (whole, parts):
            found = totals.of(name)
            assert found.shape == shape
            assert found.reshape(3, -1).tolist() == [[n] * found.reshape(3, -1).shape[1] for n in expected]


def test_the_largest_sum_that_64_bits_hold_beside_one_more_batch_goes_on() -> None:
    totals = added([("by day", 0, ENOUGH - 1)])
    totals.under_way("by day")[0] += np.int64(ENOUGH)
    totals.settle()
    totals.under_way("by day")[0] += np.int64(ENOUGH)

    assert totals.of("by day").tolist() == [3 * ENOUGH - 1, 0, 0]
