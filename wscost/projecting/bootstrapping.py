"""Bootstrapping: months that an observed service might have had, its days drawn again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from wscost.projecting.month import WEEK, covers, days_seen
from wscost.usage import MonthlyUsage, Period, Quantities, Usage, meter_of, rounded

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ObservedMonth:
    """A billing month projected from observed usage, and the means to make others like it."""

    usage: Usage
    period: Period
    seed: int = 0

    @property
    def has_basis(self) -> bool:
        """Whether a range can be told: of a week and more, where some of the month was not observed."""
        return self.usage.window.seconds >= WEEK and not covers(self.usage.window, self.period)

    def bootstrap(self, replicates: int, daily: Collection[str] = ()) -> list[MonthlyUsage]:
        """Return the usage of so many months, each day of which is one of those observed.

        Weekdays are kept apart where each was observed twice, else working days and weekends. The days
        to draw from are themselves drawn anew for each month: a few days tell the mean only roughly, and
        a month is no surer than that. Days of the month that were observed whole stay as they are, and
        peaks are the highest drawn. Of the meters named in ``daily`` the days are kept.

        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 6 and 8.
        """
        seen = days_seen(self.usage)
        dates = sorted(seen)
        kept = [i for i, day in enumerate(dates) if self.period.start <= day < self.period.end]
        drawn = [day for day in self.period.dates if day not in seen]
        chosen = self._draw(dates, drawn, replicates)
        chosen = np.hstack([chosen, np.tile(np.array(kept, dtype=np.int64), (replicates, 1))])
        months: list[dict[str, Decimal]] = [{} for _ in range(replicates)]
        by_day: dict[str, Floats] = {}
        for key in sorted({key for day in dates for key in seen[day]}):
            values = np.array([float(seen[day].get(key, Decimal(0))) for day in dates])[chosen]
            amounts = values.max(axis=1) if meter_of(key).peak else values.sum(axis=1)
            if meter_of(key).name in daily:
                by_day[key] = values
            for month, amount in zip(months, amounts, strict=True):
                month[key] = rounded(key, Decimal(float(amount)))
        days = days_drawn([*drawn, *(dates[i] for i in kept)], by_day, replicates)
        return [MonthlyUsage(self.period, month, held) for month, held in zip(months, days, strict=True)]

    def _draw(self, dates: Sequence[date], drawn: Sequence[date], replicates: int) -> Ints:
        """Return which observed day stands for each day to draw, one row a month."""
        rng = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(3,)))
        out = np.zeros((replicates, len(drawn)), dtype=np.int64)
        for members, wanted in _groups(dates, drawn).values():
            anew = rng.choice(members, size=(replicates, len(members)))
            which = rng.integers(len(members), size=(replicates, len(wanted)))
            out[:, wanted] = np.take_along_axis(anew, which, axis=1)
        return out


def days_drawn(
    dates: Sequence[date], by_day: Mapping[str, Floats], replicates: int
) -> Iterator[Mapping[date, Quantities] | None]:
    """Yield the days of so many months: by meter, one row a month and one column a day; None without any."""
    if not by_day:
        yield from [None] * replicates
        return
    for month in zip(*(amounts.tolist() for amounts in by_day.values()), strict=True):
        yield {
            day: dict(zip(by_day, map(Decimal, quantities), strict=True))
            for day, *quantities in zip(dates, *month, strict=True)
        }


def _groups(dates: Sequence[date], drawn: Sequence[date]) -> Mapping[int, tuple[list[int], list[int]]]:
    """Return by kind of day which of the observed days are of it, and which of those to draw."""
    kinds = (
        lambda day: day.weekday(),
        lambda day: int(day.weekday() >= 5),
        lambda day: 0,
    )
    for kind in kinds:
        groups: dict[int, tuple[list[int], list[int]]] = {kind(day): ([], []) for day in drawn}
        for i, day in enumerate(dates):
            if kind(day) in groups:
                groups[kind(day)][0].append(i)
        for i, day in enumerate(drawn):
            groups[kind(day)][1].append(i)
        if all(len(members) >= 2 for members, _ in groups.values()):
            break
    return groups
