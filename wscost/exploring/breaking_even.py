"""Breaking even: where two bills cross as one field moves, found to its smallest step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal, Unpack

from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.errors import ConfigError
from wscost.estimating import Options, deployments_of
from wscost.exploring.case import Case
from wscost.exploring.crossings import BreakEven, Crossing, Plateau, Side, Stretch, Totals
from wscost.exploring.paths import with_value
from wscost.exploring.ranges import Span, Vary, asked, span_of
from wscost.exploring.sweeping import without_effect
from wscost.exploring.words import cost_of, joined, lacking, left_out
from wscost.inputs import Input
from wscost.notes import Note
from wscost.units import number_of, plain

GRID = 64
"""How many parts a range is first cut into; within one, each bill is taken to rise or fall only."""
MOST_POINTS = 5_000
"""Bills that run close together all along are looked at no more often; a note then says so."""
_STEPS = Decimal(10) ** 6
"""Where a field is no count, its smallest step is about this part of the range, a power of ten."""


def break_even(
    inputs: Input | Iterable[Input],
    vary: Vary,
    *,
    plans: str | Sequence[str],
    deployment: str | Path | Deployment | Sequence[str | Path | Deployment] | None = None,
    grid: int = GRID,
    **options: Unpack[Options],
) -> BreakEven:
    """Find where two bills cross as one field moves through a range.

    The range is cut into a grid; each part in which the bills could still cross is halved until a
    crossing lies between two neighbouring values. So none is missed, as long as within one part of the
    grid each bill only rises or only falls. A bill whose plan cannot serve counts as infinitely dear. One
    that lacks what the other has is a lower bound: it can be the dearer one for certain, never the cheaper.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account.
    vary : str or mapping
        ``"rooms.count=50..500"``, or ``{"rooms.count": (50, 500)}``; the ends are included.
    plans : sequence of str
        Two plans, or one plan and two deployments.
    deployment : str, path, Deployment, or two of them, optional
        If absent, as in ``estimate``, and a note says so.
    grid : int, optional
        How many parts the range is first cut into.
    **options
        See ``estimate``.

    Raises
    ------
    WscostError
        If an input cannot be read, no price is known, the path is wrong or has no numbers, the range is
        empty, or there are not two bills to compare.
    """
    said = asked(vary)
    if len(said) != 1:
        raise ConfigError(f"One field can break even at a time, not {len(said)}: {', '.join(said)}.")
    if grid < 1:
        raise ConfigError(f"--grid {grid}: cut the range into at least one part.")
    built = deployments_of(deployment)
    case = Case.of(inputs, built[0] if built else None, options, by_means=True)
    named = case.account.books.match([plans] if isinstance(plans, str) else list(plans))
    cases = [case, *map(case.on, built[1:])]
    if len(cases) * len(named) != 2:
        bills = f"{many} bills" if (many := len(cases) * len(named)) != 1 else "one bill"
        raise ConfigError(f"To break even takes two plans, or one under two deployments, not {bills}.")
    path, values = next(iter(said.items()))
    span = span_of(case, path, values)
    duel = _Duel(path, span, cases, named)
    duel.settle(span.count - 1 if span.count else grid)
    return duel.result((*case.notes, *case.told_by_means(), *without_effect(cases, said)))


class _Duel:
    """Two bills at whole numbers of steps from the low end, each looked at once."""

    def __init__(self, path: str, span: Span, cases: Sequence[Case], plans: Sequence[str]) -> None:
        self.path, self.span, self.cases, self.plans = path, span, cases, plans
        self._priced(cases)  # what does not move is metered here, once for all values
        length = span.high - span.low
        self.step = Decimal(1) if span.whole else Decimal(1).scaleb((length / _STEPS).adjusted())
        self.last = int(-(-length // self.step))
        self.seen: dict[int, tuple[Bill, Bill]] = {}
        self.unsettled: list[tuple[int, int]] = []

    def value(self, k: int) -> Decimal:
        return Decimal(plain(min(self.span.low + k * self.step, self.span.high)))

    def _priced(self, cases: Sequence[Case]) -> tuple[Bill, Bill]:
        one, other = (bill for case in cases for bill in case.bills(self.plans))
        return one, other

    def bills(self, k: int) -> tuple[Bill, Bill]:
        if k not in self.seen:
            value = self.span.setting(self.value(k)).value
            self.seen[k] = self._priced([with_value(case, self.path, value) for case in self.cases])
        return self.seen[k]

    def costs(self, k: int) -> tuple[Decimal, Decimal]:
        one, other = self.bills(k)
        return cost_of(one), cost_of(other)

    def totals(self, k: int) -> Totals:
        one, other = (bill.total if bill.feasible else None for bill in self.bills(k))
        return one, other

    def sign(self, k: int) -> int | None:
        """Return which bill is the dearer one: 1 the first, -1 the other, 0 neither; None if not known."""
        one, other = self.costs(k)
        missing, missing_there = map(lacking, self.bills(k))
        if None in self.totals(k):
            return (one > other) - (one < other)
        if (missing - missing_there and one <= other) or (missing_there - missing and other <= one):
            return None
        return (one > other) - (one < other)

    def settle(self, parts: int) -> None:
        """Look at the grid, then halve every part in which the bills could cross, widest first."""
        parts = min(parts, self.last)
        grid = [round(self._share(i, parts)) for i in range(parts + 1)]
        for k in grid:
            self.bills(k)
        waiting = deque(pairwise(dict.fromkeys(grid)))
        while waiting:
            low, high = waiting.popleft()
            if high - low <= 1 or not self._could_cross(low, high):
                continue
            if len(self.seen) >= MOST_POINTS:
                self.unsettled.append((low, high))
                continue
            middle = (low + high) // 2
            self.bills(middle)
            waiting += [(low, middle), (middle, high)]

    def _share(self, i: int, parts: int) -> float:
        if not self.span.logarithmic:
            return i / parts * self.last
        low, high = float(self.span.low), float(self.span.high)
        return float((low * (high / low) ** (i / parts) - low) / (high - low) * self.last)

    def _could_cross(self, low: int, high: int) -> bool:
        """Whether bills that only rise or only fall could change places between two values."""
        one, other = zip(self.costs(low), self.costs(high), strict=True)
        settled = max(one) < min(other) or max(other) < min(one)
        return not settled and not (one[0] == one[1] == other[0] == other[1])

    def result(self, notes: Iterable[Note]) -> BreakEven:
        sides = tuple(Side(bill.plan, bill.deployment) for bill in self.bills(0))
        found = list(self._stretches((sides[0], sides[1])))
        crossings = tuple(self._crossings(found, (sides[0], sides[1])))
        return BreakEven(
            path=self.path,
            sides=(sides[0], sides[1]),
            span=self.span,
            step=self.step,
            currency=self.bills(0)[0].currency,
            stretches=tuple(found),
            crossings=crossings,
            samples=tuple((self.value(k), self.totals(k)) for k in sorted(self.seen)),
            complete=(self._complete(0), self._complete(1)),
            notes=(*notes, *self._notes()),
        )

    def _complete(self, side: int) -> bool:
        return not any(bills[side].at_least for bills in self.seen.values())

    def _stretches(self, sides: tuple[Side, Side]) -> Iterator[Stretch]:
        for sign, run in groupby(sorted(self.seen), key=self.sign):
            ks = list(run)
            yield Stretch(
                self.value(ks[0]),
                self.value(ks[-1]),
                {-1: sides[0], 1: sides[1]}.get(sign or 0),
                self.totals(ks[0]),
                self.totals(ks[-1]),
                known=sign is not None,
            )

    def _crossings(self, stretches: Sequence[Stretch], sides: tuple[Side, Side]) -> Iterator[Crossing]:
        decided = [stretch for stretch in stretches if stretch.cheaper is not None]
        for before, after in pairwise(decided):
            if after.cheaper is None or before.cheaper is None or after.cheaper == before.cheaper:
                continue
            k = int((after.start - self.span.low) / self.step)
            plateaus = [self._plateau(k, i, side) for i, side in enumerate(sides)]
            yield Crossing(
                after.start,
                before.end,
                after.cheaper,
                before.cheaper,
                after.totals_at_start,
                tuple(plateau for plateau in plateaus if plateau is not None),
                self._between(before, after, stretches),
            )

    def _between(
        self, before: Stretch, after: Stretch, stretches: Iterable[Stretch]
    ) -> Literal["same", "not known", "not seen"]:
        """Tell what is known of the values between two stretches."""
        unseen = ((self.value(low), self.value(high)) for low, high in self.unsettled)
        if any(low < after.start and before.end < high for low, high in unseen):
            return "not seen"
        inside = (stretch for stretch in stretches if before.end < stretch.start < after.start)
        return "same" if all(stretch.known for stretch in inside) else "not known"

    def _plateau(self, k: int, i: int, side: Side) -> Plateau | None:
        """Return how far a bill stays the same around a value, if rounding to whole units holds it."""
        bill = self.bills(k)[i]
        held = tuple(line.name for line in bill.lines if line.in_whole_units and line.billed)
        start, end = self._edge(k, i, -1), self._edge(k, i, 1)
        if not held or not bill.feasible or start == end:
            return None
        return Plateau(side, bill.total, self.value(start), self.value(end), held)

    def _edge(self, k: int, i: int, way: int) -> int:
        """Return the last value in one direction at which a bill is still the same."""
        total = self.bills(k)[i].total
        known = sorted((x for x in self.seen if (x - k) * way > 0), key=lambda x: x * way)
        same, other = k, None
        for x in known:
            if self.bills(x)[i].total != total:
                other = x
                break
            same = x
        while other is not None and abs(other - same) > 1:
            middle = (same + other) // 2
            same, other = (middle, other) if self.bills(middle)[i].total == total else (same, middle)
        return same

    def _notes(self) -> Iterator[Note]:
        yield from left_out(self.bills(0))
        if self.unsettled:
            yield Note(
                "not-settled",
                f"The bills run so close together that after {MOST_POINTS:,} looks "
                f"{number_of(len(self.unsettled), 'part', 'parts')} of the range may still hold a crossing. "
                "Narrow the range.",
            )
        sides = [bill.plan for bill in self.bills(0)]
        broken = [
            plan for i, plan in enumerate(sides) if any(not bills[i].feasible for bills in self.seen.values())
        ]
        if broken:
            yield Note(
                "not-feasible",
                f"Where its limits break, {joined(broken)} counts as dearer than anything.",
            )
