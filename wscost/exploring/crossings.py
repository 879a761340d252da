"""Crossings: where two bills cross as one field moves, and who is cheaper from where to where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from wscost.drawable import draw
from wscost.exploring.ranges import Span
from wscost.exploring.words import joined, short_names
from wscost.notes import Note
from wscost.units import money

if TYPE_CHECKING:
    import pandas as pd

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
    """Values from ``start`` to ``end``, both included, over which one side is cheaper, or neither.

    Neither is where ``known`` is false: one bill is a lower bound there, and could be the dearer one.
    """

    start: Decimal
    end: Decimal
    cheaper: Side | None
    totals_at_start: Totals
    totals_at_end: Totals
    known: bool = True


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where another side becomes the cheaper one: the first value at which it is.

    ``last`` is the last value at which the other side still was. Between them the two cost the same, or it
    is ``"not known"`` who is cheaper; ``"not seen"`` are values that the search did not come to.
    """

    at: Decimal
    last: Decimal
    cheaper: Side
    dearer: Side
    totals: Totals
    plateaus: tuple[Plateau, ...] = ()
    between: Literal["same", "not known", "not seen"] = "same"


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
    complete: tuple[bool, bool] = (True, True)
    """Whether a side's totals are all that it comes to: if not, they are the least that it does."""
    notes: tuple[Note, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """What tells the sides apart: their plans, or their deployments."""
        one, other = short_names(self.sides)
        return one, other

    def to_frame(self) -> pd.DataFrame:
        """Return one row a stretch: its ends, who is cheaper, both totals at both ends, and their marks."""
        import pandas as pd

        one, other = self.names
        columns = ["from", "to", "cheaper"]
        columns += [f"{name} at {end}" for end in ("start", "end") for name in (one, other)]
        columns += [f"{name} complete" for name in (one, other)]
        rows = [
            (x.start, x.end, self.winner(x), *x.totals_at_start, *x.totals_at_end, *self.complete)
            for x in self.stretches
        ]
        return pd.DataFrame(rows, columns=columns)

    def curves(self) -> pd.DataFrame:
        """Return one row a value that was looked at: the value under its path, a column a bill."""
        import pandas as pd

        rows = [(value, *totals) for value, totals in self.samples]
        return pd.DataFrame(rows, columns=[self.path, *self.names])

    def name(self, side: Side) -> str:
        """Name a side as tables do."""
        return self.names[self.sides.index(side)]

    def winner(self, stretch: Stretch) -> str:
        """Name who is cheaper over a stretch; neither is ``same``, or ``not known``."""
        if not stretch.known:
            return "not known"
        return "same" if stretch.cheaper is None else self.name(stretch.cheaper)

    def amount(self, side: int, total: Decimal) -> str:
        """Write a total of the first or the second side, marked where it is the least that it comes to."""
        return money(total, self.currency, at_least=not self.complete[side])

    def __str__(self) -> str:
        return "\n".join(self.answers())

    def answers(self) -> Iterator[str]:
        """Say in sentences where the bills cross, or that they do not."""
        if not self.crossings:
            low, high = self.span.text(self.span.low), self.span.text(self.span.high)
            if all(stretch.known for stretch in self.stretches):
                yield f"No crossing for {self.path} from {low} to {high}: {self._throughout()}."
            else:
                yield f"For {self.path} from {low} to {high}, {self._as_far_as_known()}."
        for crossing in self.crossings:
            yield self._crossed(crossing)
            yield from map(self._held, crossing.plateaus)

    def _crossed(self, crossing: Crossing) -> str:
        at, last = self.span.text(crossing.at), self.span.text(crossing.last)
        cheaper, dearer = self.name(crossing.cheaper), self.name(crossing.dearer)
        amounts = ", ".join(self._amounts(crossing.totals))
        if crossing.between == "not seen":
            return (
                f"Somewhere between {self.path} = {last} and {at}, {cheaper} becomes cheaper than {dearer} "
                f"(at {at}: {amounts})."
            )
        words = f"From {self.path} = {at} on, {cheaper} is cheaper ({amounts})"
        if crossing.at - crossing.last > self.step:
            tie = "they cost the same" if crossing.between == "same" else "it is not known which is"
            words += f"; up to {last} {dearer} was, and in between {tie}"
        return f"{words}."

    def _amounts(self, totals: Totals) -> Iterator[str]:
        for side, (name, total) in enumerate(zip(self.names, totals, strict=True)):
            yield f"{name} cannot serve" if total is None else f"{name} {self.amount(side, total)}"

    def _held(self, plateau: Plateau) -> str:
        start, end = self.span.text(plateau.start), self.span.text(plateau.end)
        total = self.amount(self.sides.index(plateau.side), plateau.total)
        names = joined(plateau.because)
        return (
            f"There {self.name(plateau.side)} stays at {total} from {start} to {end}: "
            f"{names} {'is' if len(plateau.because) == 1 else 'are'} charged in whole units."
        )

    def _throughout(self) -> str:
        winners = {stretch.cheaper for stretch in self.stretches} - {None}
        if not winners:
            return "both bills are the same"
        name = " or ".join(map(self.name, filter(None, winners)))
        match self.stretches:
            case [_]:
                return f"{name} is cheaper"
            case [first, then] if first.cheaper is None:
                until, start = self.span.text(first.end), self.span.text(then.start)
                return f"both bills are the same up to {until}, and {name} is cheaper from {start} on"
        return f"{name} is cheaper, or both are the same"

    def _as_far_as_known(self) -> str:
        """Say who is cheaper where that is known; where it is not, that one bill is the least it can be."""
        bounded = [name for name, whole in zip(self.names, self.complete, strict=True) if not whole]
        unknown = "it is not known which is cheaper"
        because = (
            f"what {joined(bounded)} {'comes' if len(bounded) == 1 else 'come'} to is known in part only"
        )
        winners = {stretch.cheaper for stretch in self.stretches} - {None}
        if not winners:
            return f"{unknown}: {because}"
        first, last = self.stretches[0], self.stretches[-1]
        everywhere = " everywhere" if len(self.stretches) > 2 else ""
        if last.cheaper is not None:
            name, start = self.name(last.cheaper), self.span.text(last.start)
            return f"{name} is cheaper from {start} on; before, it is not known{everywhere}, for {because}"
        if first.cheaper is not None:
            name, until = self.name(first.cheaper), self.span.text(first.end)
            return (
                f"{name} is cheaper up to {until}; from there on it is not known{everywhere}, for {because}"
            )
        name = " or ".join(sorted(map(self.name, filter(None, winners))))
        return f"{name} is cheaper in part; elsewhere {unknown}, for {because}"

    def plot(self, *, ax: Any = None) -> Any:
        """Draw both bills and where they cross; return matplotlib axes."""
        return draw(self, ax)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))
