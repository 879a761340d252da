"""The peak of each day is the highest number of sockets open at once, at openings and at midnight."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import loops
from wscost.metering.peaks import Peaks
from wscost.metering.tally import Days
from wscost.units import MICROSECONDS_PER_DAY as DAY

THREE_DAYS = Days(0, 3 * DAY, 0, 3)
Stay = tuple[int, int]

instants = st.one_of(
    st.integers(0, 40),
    st.integers(DAY - 20, DAY + 20),
    st.integers(0, 3 * DAY - 1),
    st.sampled_from([0, DAY - 1, DAY, 2 * DAY]),
)
stays = st.lists(
    st.tuples(instants, instants).map(sorted).filter(lambda two: two[0] < two[1]).map(tuple), max_size=30
)


def by_counting(all_stays: list[Stay]) -> list[int]:
    """Count at every opening and every midnight; whoever closes at an instant is gone at it."""
    most = [0, 0, 0]
    for at in [*(opened for opened, _ in all_stays), DAY, 2 * DAY]:
        day = at // DAY
        beginning = [o for o, _ in all_stays if o == at] if at % DAY == 0 else []
        opened = sum(o <= at < c for o, c in all_stays)
        before = opened - len(beginning)
        most[day] = max(most[day], opened, before)
    return most


@pytest.mark.parametrize("plain", [False, True])
@given(all_stays=stays, cuts=st.lists(st.integers(0, 30), max_size=5))
def test_peaks_are_those_that_counting_finds_however_stays_are_batched(
    plain: bool, all_stays: list[Stay], cuts: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if plain:
            loops.run_plain(patch)
        rising = sorted(all_stays)
        peaks = Peaks(THREE_DAYS)
        bounds = [0, *sorted(min(cut, len(rising)) for cut in cuts), len(rising)]
        for begin, end in pairwise(bounds):
            opens, closes = np.array(rising[begin:end], dtype=np.int64).reshape(-1, 2).T
            peaks.follow(opens.copy(), closes.copy())

        assert by_counting(all_stays) == peaks.end().tolist()


def test_a_day_on_which_nobody_comes_has_the_peak_of_those_who_stayed() -> None:
    peaks = Peaks(THREE_DAYS)
    peaks.follow(np.array([1, 2, 3]), np.array([DAY, DAY + 1, 3 * DAY - 1]))

    assert [3, 2, 1] == peaks.end().tolist()


def test_sockets_that_open_and_close_by_turns_are_never_two_at_once() -> None:
    peaks = Peaks(THREE_DAYS)
    opens = np.arange(0, 1000, 10)
    peaks.follow(opens, opens + 10)

    assert [1, 0, 0] == peaks.end().tolist()
