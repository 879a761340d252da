"""Sweeping: the bills over a grid of values of any fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.drawable import draw
from wscost.errors import ConfigError
from wscost.estimating import Options, deployments_of
from wscost.exploring.case import Case
from wscost.exploring.paths import value_at, with_value
from wscost.exploring.ranges import Setting, Vary, asked, settings
from wscost.exploring.words import left_out
from wscost.inputs import Input
from wscost.notes import Note
from wscost.usage import Usage
from wscost.usagefile import UsageFile

if TYPE_CHECKING:
    import pandas as pd

MOST_BILLS = 10_000
"""A larger grid is refused unless asked for again: it takes minutes, and nobody reads it."""


METERED_BY = tuple(
    f"deployment.{field}" for field in ("hibernation", "auto_response", "handler_ms", "cpu_ms", "pins")
)
"""Fields that matter to metering alone."""


class Priced(NamedTuple):
    """What one plan and deployment come to at one point; the first of those that cost least is cheapest.

    ``complete`` is false where the total may be higher, for not all of it is known: then it is the cheapest
    only among its like.
    """

    plan: str
    deployment: str
    currency: str
    total: Decimal
    feasible: bool
    complete: bool
    cheapest: bool


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a grid: the fields' values, as a person writes them too, and what they cost."""

    values: tuple[Any, ...]
    texts: tuple[str, ...]
    prices: tuple[Priced, ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Bills over a grid, the last field moving fastest."""

    paths: tuple[str, ...]
    points: tuple[Point, ...]
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a bill: a column a varied field, then plan, deployment, total and its marks."""
        import pandas as pd

        rows = [(*point.values, *priced) for point in self.points for priced in point.prices]
        return pd.DataFrame(rows, columns=[*self.paths, *Priced._fields])

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the totals over the first field; return matplotlib axes."""
        return draw(self, ax)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def sweep(
    inputs: Input | Iterable[Input],
    vary: Vary,
    *,
    plan: str | Sequence[str] | None = None,
    deployment: str | Path | Deployment | Sequence[str | Path | Deployment] | None = None,
    most: int | None = MOST_BILLS,
    by_means: bool = False,
    told: Callable[[int, int], None] | None = None,
    **options: Unpack[Options],
) -> Sweep:
    """Estimate bills over a grid of values of any fields of profile, deployment or usage.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account: they share allowances and the base fee.
    vary : str, sequence of str, or mapping
        ``"rooms.count=50..500x4"``, or values by path: ``{"deployment.hibernation": [True, False]}``.
    plan : str or sequence of str, optional
        Plans or globs; every paid Cloudflare plan if absent.
    deployment : str, path, Deployment, or several, optional
        If absent, as in ``estimate``, and a note says so.
    most : int, optional
        The number of bills past which a grid is refused; None for no bound.
    by_means : bool, optional
        Simulate a profile once, and follow the means of theory from there: fast, and less exact.
    told : callable, optional
        Called with the points done and their number.
    **options
        See ``estimate``.

    Raises
    ------
    WscostError
        If an input cannot be read, no price is known, a path or value is wrong, or the grid is too large.
    """
    built = deployments_of(deployment)
    case = Case.of(inputs, built[0] if built else None, options, by_means=by_means)
    cases = [case, *map(case.on, built[1:])]
    sold = [one.plans(plan) for one in cases]
    said = asked(vary)
    axes = [settings(case, path, values) for path, values in said.items()]
    each = sum(len(plans) for plans, _ in sold)
    bills = prod(map(len, axes)) * each
    if most is not None and bills > most:
        sizes = " x ".join(f"{len(axis):,}" for axis in axes)
        under = f" under {each:,} plans and deployments" if each > 1 else ""
        raise ConfigError(
            f"{sizes} values{under} are {bills:,} bills, more than {most:,}. Vary fewer values, or say --yes."
        )
    points, last = [], prod(map(len, axes))
    if by_means:
        case.bills(sold[0][0])  # simulates what the points are compared with
    notes = [*case.notes, *(note for _, not_sold in sold for note in not_sold)]
    notes += [*case.told_by_means(), *without_effect(cases, said)]
    for done, chosen in enumerate(product(*axes), start=1):
        moved = [_moved(one, said, chosen) for one in cases]
        found = [bill for one, (plans, _) in zip(moved, sold, strict=True) for bill in one.bills(plans)]
        points.append(_point(moved[0], tuple(said), chosen, found))
        notes += [*_multiplied(found), *left_out(found)]
        if told is not None:
            told(done, last)
    return Sweep(tuple(said), tuple(points), tuple({note.message: note for note in notes}.values()))


def _moved(case: Case, paths: Iterable[str], chosen: Sequence[Setting]) -> Case:
    for path, setting in zip(paths, chosen, strict=True):
        case = with_value(case, path, setting.value)
    return case


def _point(case: Case, paths: Sequence[str], chosen: Sequence[Setting], bills: Sequence[Bill]) -> Point:
    least = min((b for b in bills if b.feasible), key=lambda b: b.rank[1:], default=None)
    return Point(
        tuple(value_at(case, path) for path in paths),
        tuple(setting.text for setting in chosen),
        tuple(
            Priced(
                b.plan,
                b.deployment,
                b.currency,
                b.total,
                b.feasible,
                not b.at_least,
                b is least,
            )
            for b in bills
        ),
    )


def given_as_totals(case: Case) -> bool:
    """Whether nothing is metered: every input tells what was."""
    return all(isinstance(workload, (UsageFile, Usage)) for workload in case.account.workloads.values())


def without_effect(cases: Sequence[Case], paths: Iterable[str]) -> Iterator[Note]:
    """Say which fields and deployments cannot matter, where what would be metered is given as totals."""
    if not given_as_totals(cases[0]):
        return
    for path in paths:
        if path.startswith(METERED_BY):
            yield Note(
                "moves-nothing",
                f"{path} moves nothing here: totals tell what was metered already. Vary them, or give a "
                "trace or a profile.",
            )
    if len(cases) > len({case.deployment.endpoint for case in cases}):
        yield Note(
            "deployments-alike",
            "Deployments that end sockets in the same place cost the same here: totals tell what was metered "
            "already. Give a trace or a profile.",
        )


def _multiplied(bills: Iterable[Bill]) -> Iterator[Note]:
    """Say once what multiplying a trace means."""
    if any(note.code == "multiplied" for bill in bills for note in bill.notes):
        yield Note(
            "multiplied",
            "trace.… and traffic.scale multiply usage: more of the same traffic, in as many more rooms.",
        )
