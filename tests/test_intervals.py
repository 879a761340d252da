"""The laws of the interval algebra, against brute force and an independent database."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from wscost.intervals import (
    Intervals,
    clip,
    count_by_day,
    length_by_day,
    peak_by_day,
    split_days,
    union,
)
from wscost.units import MICROSECONDS_PER_DAY as DAY

# Around two midnights, so that crossing, touching and nesting all happen often.
instants = st.one_of(
    st.integers(0, 30), st.integers(DAY - 15, DAY + 15), st.integers(2 * DAY - 5, 2 * DAY + 5)
)
rows = st.lists(st.tuples(st.integers(0, 3), instants, instants), max_size=40)


def intervals(drawn: list[tuple[int, int, int]]) -> Intervals:
    ordered = [(group, min(a, b), max(a, b)) for group, a, b in drawn]
    return Intervals(*(np.array(c, dtype=np.int64) for c in zip(*ordered, strict=True))) if drawn else EMPTY


EMPTY = Intervals(*(np.empty(0, dtype=np.int64) for _ in range(3)))


def listed(some: Intervals) -> list[tuple[int, int, int]]:
    return [tuple(int(n) for n in row) for row in zip(*some, strict=True)]


def test_overlapping_and_touching_intervals_of_one_group_become_one() -> None:
    some = intervals([(0, 0, 10), (0, 5, 20), (0, 20, 30), (0, 31, 40), (1, 0, 5)])

    assert [(0, 0, 30), (0, 31, 40), (1, 0, 5)] == listed(union(some))


def test_a_nested_interval_adds_nothing() -> None:
    assert [(0, 0, 100)] == listed(union(intervals([(0, 0, 100), (0, 10, 20), (0, 30, 40)])))


def test_an_interval_of_no_length_stays_where_nothing_covers_it() -> None:
    assert [(0, 3, 3), (0, 5, 9)] == listed(union(intervals([(0, 3, 3), (0, 5, 9), (0, 7, 7)])))


def test_groups_whose_keys_would_overflow_are_merged_all_the_same() -> None:
    far = 2**61
    some = intervals([(group, start, start + 5) for group in range(9) for start in (far, 0, 3)])

    assert [row for g in range(9) for row in ((g, 0, 8), (g, far, far + 5))] == listed(union(some))


@given(rows)
def test_the_union_is_what_a_database_finds_by_gaps_and_islands(drawn: list[tuple[int, int, int]]) -> None:
    frame = pd.DataFrame(intervals(drawn)._asdict())
    with duckdb.connect() as db:
        db.register("rows", frame)
        islands = db.execute(
            """
            with reach as (
                select *, max("end") over (
                    partition by "group" order by start, "end"
                    rows between unbounded preceding and 1 preceding
                ) as before from rows
            ), numbered as (
                select *, count(*) filter (before is null or start > before) over (
                    partition by "group" order by start, "end"
                ) as island from reach
            )
            select "group", min(start), max("end") from numbered group by "group", island order by 1, 2
            """
        ).fetchall()

    assert islands == listed(union(intervals(drawn)))


@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_intervals_does_not_matter(drawn: list[tuple[int, int, int]], random: object) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert listed(union(intervals(drawn))) == listed(union(intervals(shuffled)))


@given(rows)
def test_a_union_is_never_longer_than_the_sum_and_merging_it_again_changes_nothing(
    drawn: list[tuple[int, int, int]],
) -> None:
    some = intervals(drawn)
    once = union(some)

    assert int((once.end - once.start).sum()) <= int((some.end - some.start).sum())
    assert listed(once) == listed(union(once))


@given(rows, rows)
def test_partial_unions_merge_to_the_union_of_everything(
    left: list[tuple[int, int, int]], right: list[tuple[int, int, int]]
) -> None:
    partial = [union(intervals(left)), union(intervals(right))]
    together = Intervals(*(np.concatenate(columns) for columns in zip(*partial, strict=True)))

    assert listed(union(intervals(left + right))) == listed(union(together))


@given(rows, instants)
def test_cutting_at_an_instant_and_adding_up_both_sides_changes_no_length(
    drawn: list[tuple[int, int, int]], cut: int
) -> None:
    def length(some: Intervals) -> int:
        merged = union(some)
        return int((merged.end - merged.start).sum())

    some = intervals(drawn)

    assert length(some) == length(clip(some, -DAY, cut)) + length(clip(some, cut, 9 * DAY))


def test_an_interval_is_cut_at_midnight_and_belongs_to_the_day_it_starts_in() -> None:
    pieces = split_days(np.array([DAY - 10]), np.array([2 * DAY]))

    assert [(0, 0, DAY - 10, DAY), (0, 1, DAY, 2 * DAY)] == [
        tuple(int(n) for n in row) for row in zip(*pieces, strict=True)
    ]


@given(rows)
def test_lengths_by_day_add_up_to_the_whole_length(drawn: list[tuple[int, int, int]]) -> None:
    some = intervals(drawn)

    assert int((some.end - some.start).sum()) == int(length_by_day(some.start, some.end, 0, 3).sum())


def test_what_lies_past_the_last_day_counts_for_it() -> None:
    assert [0, DAY + 7] == length_by_day(np.array([DAY]), np.array([2 * DAY + 7]), 0, 2).tolist()
    assert [1, 2] == count_by_day(np.array([5, DAY, 9 * DAY]), 0, 2).tolist()


def test_an_interval_that_ends_when_another_starts_does_not_overlap_it() -> None:
    assert [1] == peak_by_day(np.array([0, 10]), np.array([10, 20]), 0, 1).tolist()
    assert [2] == peak_by_day(np.array([0, 9]), np.array([10, 20]), 0, 1).tolist()


def test_sockets_open_over_midnight_count_for_the_peak_of_the_next_day_too() -> None:
    start, end = np.array([0, 5, 7]), np.array([2 * DAY, DAY, 8])

    assert [3, 1, 0] == peak_by_day(start, end, 0, 3).tolist()


@given(rows)
def test_the_peak_is_the_most_intervals_over_any_instant_of_the_day(
    drawn: list[tuple[int, int, int]],
) -> None:
    some = intervals(drawn)
    instants_to_try = sorted({0, DAY, 2 * DAY, *(int(s) for s in some.start)})
    by_hand = [0, 0, 0]
    for instant in instants_to_try:
        holding = int(((some.start <= instant) & (instant < some.end)).sum())
        by_hand[instant // DAY] = max(by_hand[instant // DAY], holding)

    assert by_hand == peak_by_day(some.start, some.end, 0, 3).tolist()
