"""Breaking even: where two bills cross as one field moves, found to its smallest step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, Unpack

from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.drawable import draw
from wscost.errors import ConfigError
from wscost.estimating import Options, deployments_of
from wscost.exploring.case import Case
from wscost.exploring.paths import with_value
from wscost.exploring.ranges import Span, Vary, asked, span_of
from wscost.exploring.sweeping import without_effect
from wscost.exploring.words import cost_of, joined, left_out, short_names
from wscost.inputs import Input
from wscost.notes import Note
from wscost.units import money, plain

if TYPE_CHECKING:
    import pandas as pd

GRID = 64
"""How many parts a range is first cut into; within one, each bill is taken to rise or fall only."""
MOST_POINTS = 5_000
"""Bills that run close together all along are looked at no more often; a note then says so."""
_STEPS = Decimal(10) ** 6
"""Where a field is no count, its smallest step is about this part of the range, a power of ten."""
Totals: TypeAlias = tuple[Decimal | None, Decimal | None]
"""Both bills; None where a plan cannot serve."""


class Side(NamedTuple):
    """One of the two bills."""

    plan: str
    deployment: str


@dataclass(frozen=True, slots=True)
class Plateau:
    """Where one bill stays the same around a crossing, and the charges whose rounding holds it there."""

    side: Side
    total: Decimal
    start: Decimal
    end: Decimal
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values from ``start`` to ``end``, both included, over which one side is cheaper, or neither."""

    start: Decimal
    end: Decimal
    cheaper: Side | None
    totals_at_start: Totals
    totals_at_end: Totals


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where another side becomes the cheaper one: the first value at which it is.

    ``last`` is the last value at which the other side still was; between them the two cost the same.
    """

    at: Decimal
    last: Decimal
    cheaper: Side
    dearer: Side
    totals: Totals
    plateaus: tuple[Plateau, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Two bills as one field moves: who is cheaper from where to where, and every crossing."""

    path: str
    sides: tuple[Side, Side]
    span: Span
    step: Decimal
    currency: str
    stretches: tuple[Stretch, ...]
    crossings: tuple[Crossing, ...]
    samples: tuple[tuple[Decimal, Totals], ...]
    """The values looked at, and both totals there."""
    notes: tuple[Note, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What tells the sides apart: their plans, or their deployments."""
        one, other = short_names(self.sides)
        return one, other

    def to_frame(self) -> pd.DataFrame:
        """Return one row a stretch: its ends, who is cheaper there, and both totals at both ends."""
        import pandas as pd

        one, other = self.names
        columns = ["from", "to", "cheaper"]
        columns += [f"{name} at {end}" for end in ("start", "end") for name in (one, other)]
        rows = [
            (x.start, x.end, self.name(x.cheaper), *x.totals_at_start, *x.totals_at_end)
            for x in self.stretches
        ]
        return pd.DataFrame(rows, columns=columns)

    def curves(self) -> pd.DataFrame:
        """Return one row a value that was looked at: the value under its path, a column a bill."""
        import pandas as pd

        rows = [(value, *totals) for value, totals in self.samples]
        return pd.DataFrame(rows, columns=[self.path, *self.names])

    def name(self, side: Side | None) -> str:
        """Name a side as tables do; neither is ``same``."""
        return "same" if side is None else self.names[self.sides.index(side)]

    def __str__(self) -> str:
        return "\n".join(self.answers())

    def answers(self) -> Iterator[str]:
        """Say in sentences where the bills cross, or that they do not."""
        if not self.crossings:
            low, high = self.span.text(self.span.low), self.span.text(self.span.high)
            yield f"No crossing for {self.path} from {low} to {high}: {self._throughout()}."
        for crossing in self.crossings:
            at, last = self.span.text(crossing.at), self.span.text(crossing.last)
            words = f"From {self.path} = {at} on, {self.name(crossing.cheaper)} is cheaper"
            words += f" ({', '.join(self._amounts(crossing.totals))})"
            if crossing.at - crossing.last > self.step:
                words += f"; up to {last} {self.name(crossing.dearer)} was, and in between they cost the same"
            yield f"{words}."
            yield from map(self._held, crossing.plateaus)

    def _amounts(self, totals: Totals) -> Iterator[str]:
        for name, total in zip(self.names, totals, strict=True):
            yield f"{name} cannot serve" if total is None else f"{name} {money(total, self.currency)}"

    def _held(self, plateau: Plateau) -> str:
        start, end = self.span.text(plateau.start), self.span.text(plateau.end)
        total, names = money(plateau.total, self.currency), joined(plateau.because)
        return (
            f"There {self.name(plateau.side)} stays at {total} from {start} to {end}: "
            f"{names} {'is' if len(plateau.because) == 1 else 'are'} charged in whole units."
        )

    def _throughout(self) -> str:
        winners = {stretch.cheaper for stretch in self.stretches} - {None}
        if not winners:
            return "both bills are the same"
        name = self.name(winners.pop())
        match self.stretches:
            case [_]:
                return f"{name} is cheaper"
            case [first, then] if first.cheaper is None:
                until, start = self.span.text(first.end), self.span.text(then.start)
                return f"both bills are the same up to {until}, and {name} is cheaper from {start} on"
        return f"{name} is cheaper, or both are the same"

    def plot(self, *, ax: Any = None) -> Any:
        """Draw both bills and where they cross; return matplotlib axes."""
        return draw(self, ax)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


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
    grid each bill only rises or only falls. A bill whose plan cannot serve counts as infinitely dear.

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
        self.unsettled = 0

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

    def sign(self, k: int) -> int:
        one, other = self.costs(k)
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
                self.unsettled += 1
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
            notes=(*notes, *self._notes()),
        )

    def _stretches(self, sides: tuple[Side, Side]) -> Iterator[Stretch]:
        for sign, run in groupby(sorted(self.seen), key=self.sign):
            ks = list(run)
            yield Stretch(
                self.value(ks[0]),
                self.value(ks[-1]),
                {-1: sides[0], 0: None, 1: sides[1]}[sign],
                self.totals(ks[0]),
                self.totals(ks[-1]),
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
            )

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
                f"The bills run so close together that after {MOST_POINTS:,} looks {self.unsettled:,} parts "
                "of the range may still hold a crossing. Narrow the range.",
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
