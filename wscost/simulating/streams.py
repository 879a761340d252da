"""Random numbers: one child stream per room and day, so that no order of generating matters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wscost.profile.law import Floats, Law
from wscost.units import MICROSECONDS_PER_SECOND

Ints = npt.NDArray[np.int64]
NEVER = 2**61
"""Later than anything. [µs since 1970]"""


class Streams:
    """The streams of one day; each is made when it is first asked for.

    The stream of a room on a day is ``SeedSequence(seed).spawn()[day].spawn()[room]``, with days
    counted from year 1. Rows that draw must be grouped by room.
    """

    def __init__(self, seed: int, day: int) -> None:
        self._seed = seed
        self._day = day
        self._of_room: dict[int, np.random.Generator] = {}

    def of_day(self) -> np.random.Generator:
        """Return a new stream for what happens to all rooms alike."""
        return self._generator(self._day)

    def of_room(self, room: int) -> np.random.Generator:
        """Return the stream of a room; it goes on where it was left."""
        if room not in self._of_room:
            self._of_room[room] = self._generator(self._day, room)
        return self._of_room[room]

    def _generator(self, *key: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(self._seed, spawn_key=key)))

    def each(self, room: Ints, draw: Callable[[np.random.Generator, slice], npt.NDArray[Any]]) -> Floats:
        """Draw a number a row, each room's rows from its own stream."""
        out = np.empty(len(room))
        if not len(room):
            return out
        first = np.flatnonzero(np.append(True, room[1:] != room[:-1]))
        for number, start, stop in zip(
            room[first].tolist(), first.tolist(), [*first[1:].tolist(), len(room)], strict=True
        ):
            rows = slice(start, stop)
            out[rows] = draw(self.of_room(number), rows)
        return out

    def uniforms(self, room: Ints) -> Floats:
        """Draw a uniform number a row, in [0, 1)."""
        return self.each(room, lambda rng, rows: rng.random(rows.stop - rows.start))

    def rising(self, room: Ints) -> Floats:
        """Draw a uniform number a row, in [0, 1), each room's in rising order."""
        return self.each(room, lambda rng, rows: np.sort(rng.random(rows.stop - rows.start)))

    def poisson(self, room: Ints, mean: Floats) -> Ints:
        """Draw a Poisson count a row."""
        return self.each(room, lambda rng, rows: rng.poisson(mean[rows])).astype(np.int64)

    def whole(self, room: Ints, amount: npt.NDArray[Any]) -> Ints:
        """Round each row's amount up or down at random, so that the mean stays what it is."""
        return np.floor(amount + self.uniforms(room)).astype(np.int64)

    def lengths(self, room: Ints, law: Law) -> Ints:
        """Draw a length of time a row. [µs]"""
        return microseconds(law.at(self.uniforms(room)))

    def sums(self, room: Ints, law: Law, count: Ints) -> Ints:
        """Draw the sum of so many draws of a law for each row.

        It follows a gamma law with the same mean and variance: exact in both, and fast for any number.
        """
        if not law.variance and law.mean.is_integer():
            return count * int(law.mean)
        if not law.variance:
            return self.whole(room, count * law.mean)
        shape, scale = count * (law.mean**2 / law.variance), law.variance / law.mean
        return self.whole(room, self.each(room, lambda rng, rows: rng.standard_gamma(shape[rows]) * scale))


def microseconds(seconds: npt.ArrayLike) -> Ints:
    """Round seconds to whole microseconds: sums of these are exact, whatever else is summed beside them."""
    return np.asarray(np.rint(np.asarray(seconds) * MICROSECONDS_PER_SECOND), dtype=np.int64)


def nth_in_group(count: Ints) -> Ints:
    """Return 0, 1, 2 … within each of several groups, laid end to end."""
    return np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)


def running_sums(values: Ints, count: Ints) -> Ints:
    """Return running sums within each of several groups, laid end to end."""
    total = np.cumsum(values)
    before = np.append(0, total)[np.cumsum(count) - count]
    return np.asarray(total - np.repeat(before, count), dtype=np.int64)
