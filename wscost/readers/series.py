"""Sampled series into usage: areas under gauges, increases of counters, by UTC day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from wscost.errors import InputError
from wscost.notes import Grade, Note
from wscost.readers.options import days_of, format_window
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND, microseconds_of, moment_at, number_of
from wscost.usage import Usage, Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

Role = Literal["connections", "opened", "closed", "messages_in", "messages_out", "bytes_in", "bytes_out"]
ROLES: tuple[Role, ...] = get_args(Role)
METER_OF: Mapping[Role, str] = {
    "opened": "connections_opened",
    "messages_in": "messages_in",
    "messages_out": "messages_out",
    "bytes_in": "bytes_in",
    "bytes_out": "bytes_out",
}
"""What a counter counts; ``closed`` meters nothing."""

GAP = 2.5
"""So many usual steps without a sample are a gap."""
MICROSECOND = Decimal(1).scaleb(-6)

Key = tuple[str, str]
"""A series: its name, and its labels."""


class Sampled:
    """Samples by series; within a part, time only goes forward."""

    def __init__(self) -> None:
        self._times: dict[Key, list[int]] = defaultdict(list)
        self._values: dict[Key, list[float]] = defaultdict(list)
        self._begun: dict[Key, int] = {}

    def add(self, key: Key, time: int, value: float) -> bool:
        """Add a sample; return False, and leave it out, where its time is not after the one before. [µs]"""
        times = self._times[key]
        if len(times) > self._begun.get(key, 0) and time <= times[-1]:
            return False
        times.append(time)
        self._values[key].append(value)
        return True

    def next_part(self) -> None:
        """Let the next samples be of another part, whose time may begin anywhere."""
        self._begun = {key: len(times) for key, times in self._times.items()}

    @property
    def names(self) -> list[str]:
        """The names of all series, in order of appearance."""
        return list(dict.fromkeys(name for name, _ in self._times))

    def series(self, names: Iterable[str]) -> Iterator[tuple[str, Ints, Floats]]:
        """Yield times and values of each series of these names, in order of time. [µs]"""
        import numpy as np

        wanted = set(names)
        for key, times in self._times.items():
            if key[0] in wanted and times:
                at, first = np.unique(np.array(times, dtype=np.int64), return_index=True)
                yield key[0], at, np.array(self._values[key])[first]


def usage_of(
    source: str,
    sampled: Sampled,
    roles: Mapping[str, tuple[Role, bool]],
    window: Window | None,
    notes: tuple[Note, ...] = (),
) -> Usage:
    """Return what series tell of, by UTC day.

    Parameters
    ----------
    source
        What to call it.
    sampled
        The samples.
    roles
        What each named series is, and whether its values count since the one before.
    window
        The observed time; None: from the first sample to the last.

    Raises
    ------
    InputError
        If the samples cover no time, or none lies in the window.
    """
    import numpy as np

    series = [(*roles[name], at, values) for name, at, values in sampled.series(roles)]
    if not series:
        raise InputError(f"{source}: there is no sample in it.")
    first, last = min(int(at[0]) for _, _, at, _ in series), max(int(at[-1]) for _, _, at, _ in series)
    seen = Window(moment_at(first), moment_at(last))
    if first == last:
        raise InputError(f"{source}: one sample covers no time. Ask for a range.")
    window = window or seen
    if window.end <= seen.start or window.start >= seen.end:
        raise InputError(
            f"{source}: no sample lies in the window {format_window(window)}; "
            f"they run over {format_window(seen)}."
        )
    steps = [np.diff(at) for _, _, at, _ in series if len(at) > 1] or [np.array([1])]
    step = int(np.median(np.concatenate(steps)))
    tally = _Tally(window, step)
    for role, delta, at, values in series:
        if role == "connections":
            tally.add_gauge(at, values)
        elif role in METER_OF:
            tally.add_counter(METER_OF[role], at, values, delta)
    return tally.usage(source, with_counter="opened" in {role for role, *_ in series}, notes=notes)


class _Tally:
    """Daily sums of floats, made whole or cut to microseconds at the end."""

    def __init__(self, window: Window, step: int) -> None:
        self.window = window
        self.start, self.end = map(microseconds_of, (window.start, window.end))
        self.step = max(step, 1)
        self.days = list(days_of(window))
        self.first_day = self.start // MICROSECONDS_PER_DAY
        self.sums: dict[str, Floats] = {}
        self.buckets: list[tuple[Ints, Floats]] = []
        self.gap = 0
        self.resets = 0

    def add_gauge(self, at: Ints, values: Floats) -> None:
        """Add the area under a gauge, its rises, and its samples to the peak."""
        import numpy as np

        self._add("rises", at[1:], np.maximum(np.diff(values), 0.0))
        cuts = np.array(
            [self.start, *((d + 1) * MICROSECONDS_PER_DAY for d in self._day_numbers()), self.end]
        )
        cuts = cuts[(cuts > at[0]) & (cuts < at[-1])]
        wide = np.diff(at) > GAP * self.step
        holes = np.stack([at[:-1][wide], at[1:][wide]])
        points = np.union1d(at, cuts)
        level = np.interp(points, at, values)
        left, right = points[:-1], points[1:]
        inside = (left >= self.start) & (right <= self.end)
        hole = np.searchsorted(holes[0], left, side="right") > np.searchsorted(holes[1], left, side="right")
        self.gap += int((right - left)[inside & hole].sum())
        area = np.where(hole, 0.0, (level[:-1] + level[1:]) / 2 * (right - left) / MICROSECONDS_PER_SECOND)
        self._add("connection_seconds", (left + right) // 2, np.where(inside, area, 0.0))
        within = (at >= self.start) & (at <= self.end)
        self.buckets.append((at[within], values[within]))

    def add_counter(self, key: str, at: Ints, values: Floats, delta: bool) -> None:
        """Add what a counter grew by."""
        import numpy as np

        if delta:
            self._add(key, at, values)
            return
        grown = np.diff(values)
        fallen = grown < 0
        self.resets += int(fallen.sum())
        self._add(key, at[1:], np.where(fallen, values[1:], grown))

    def usage(self, source: str, *, with_counter: bool, notes: tuple[Note, ...]) -> Usage:
        """Return what was counted."""
        days: dict[date, dict[str, Decimal]] = {day: {} for day in self.days}
        peaks = self._peaks()
        grades: dict[str, Grade] = {}
        for key, sums in self.sums.items():
            name = key
            if key == "rises":
                if with_counter:
                    continue
                name = "connections_opened"
            seconds = name == "connection_seconds"
            for day, total in zip(self.days, sums, strict=True):
                days[day][name] = (
                    Decimal(round(float(total) * 1e6)) * MICROSECOND if seconds else Decimal(round(total))
                )
            whole = not self.gap if seconds else key != "rises" and not self.resets
            grades[name] = (Grade.ASSUMED if seconds else Grade.MEASURED) if whole else Grade.LOWER_BOUND
        if self.buckets:
            grades["peak_connections"] = Grade.LOWER_BOUND
            for day, peak in zip(self.days, peaks, strict=True):
                days[day]["peak_connections"] = Decimal(round(peak))
        told = (*notes, *self._notes(with_counter))
        return Usage(self.window, days, grades, told, source)

    def _add(self, key: str, at: Ints, amounts: Floats) -> None:
        """Add amounts to the days in which the time before each instant lies."""
        import numpy as np

        sums = self.sums.setdefault(key, np.zeros(len(self.days)))
        within = (at > self.start) & (at <= self.end)
        np.add.at(sums, (at[within] - 1) // MICROSECONDS_PER_DAY - self.first_day, amounts[within])

    def _peaks(self) -> Floats:
        """Return each day's highest sum of all gauges within one step."""
        import numpy as np

        peaks = np.zeros(len(self.days))
        if not self.buckets:
            return peaks
        parts = []
        for at, values in self.buckets:
            bucket, last = np.unique((at // self.step)[::-1], return_index=True)
            parts.append((bucket, values[::-1][last]))
        bucket, where = np.unique(np.concatenate([b for b, _ in parts]), return_inverse=True)
        level = np.bincount(where, np.concatenate([v for _, v in parts]), len(bucket))
        day = np.clip(bucket * self.step // MICROSECONDS_PER_DAY - self.first_day, 0, len(self.days) - 1)
        np.maximum.at(peaks, day, level)
        return peaks

    def _day_numbers(self) -> range:
        return range(self.first_day, self.first_day + len(self.days) - 1)

    def _notes(self, with_counter: bool) -> Iterator[Note]:
        step = self.step / MICROSECONDS_PER_SECOND
        if self.buckets:
            yield Note(
                "sampled-gauge",
                f"Open connections are known every {step:,.3g} s: what comes and goes in between is not "
                "seen, and connection_seconds follow straight lines from sample to sample.",
                {"step_s": step},
            )
            if not with_counter:
                yield Note(
                    "arrivals-from-rises",
                    "No series counts arrivals: connections_opened adds up the rises of the gauge, fewer "
                    "than there were. --series opened=NAME names a counter.",
                )
        if self.gap:
            yield Note(
                "gaps",
                f"Samples are missing for {self.gap / MICROSECONDS_PER_SECOND:,.0f} s; in them nothing is "
                "counted as open.",
                {"seconds": self.gap / MICROSECONDS_PER_SECOND},
            )
        if self.resets:
            yield Note(
                "counter-resets",
                f"Counters began again {number_of(self.resets, 'time', 'times')}; what they "
                "counted between the last sample and that is lost.",
                {"resets": self.resets},
            )
