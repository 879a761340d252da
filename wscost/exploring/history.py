"""History: the same usage under the prices of every year, and the change that moved each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.drawable import draw
from wscost.errors import ConfigError, NoPriceError
from wscost.estimating import Options
from wscost.exploring.case import Case
from wscost.exploring.words import left_out
from wscost.inputs import Input
from wscost.notes import Note
from wscost.pricebook import PriceBook
from wscost.pricediff import Change, changes
from wscost.units import EARLIEST, LATEST

if TYPE_CHECKING:
    import pandas as pd

SINCE = 2021
"""Workers end WebSockets since April of that year."""
HIBERNATION_SINCE = date(2023, 5, 11)
"""https://github.com/cloudflare/cloudflare-docs/pull/7872 (read 2026-11-23)."""


class Past(NamedTuple):
    """What a plan would have charged for the usage on one date, and what moved it since the date before.

    ``total`` is None where no price is known; ``moved`` says why where there was one before. ``complete`` is
    false where the total may be higher, for not all of it is known.
    """

    as_of: date
    plan: str
    deployment: str
    currency: str
    total: Decimal | None
    feasible: bool
    complete: bool
    moved: str


@dataclass(frozen=True, slots=True)
class History:
    """The same usage under the prices of every year and of every day on which one changed."""

    plans: tuple[str, ...]
    bills: tuple[Past, ...]
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a date and plan: total, and what moved it since the date before."""
        import pandas as pd

        return pd.DataFrame(self.bills, columns=Past._fields)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw a stair a plan; return matplotlib axes."""
        return draw(self, ax)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def history(
    inputs: Input | Iterable[Input],
    *,
    plan: str | Sequence[str] | None = None,
    deployment: str | Path | Deployment | None = None,
    since: int = SINCE,
    **options: Unpack[Options],
) -> History:
    """Price the same usage on the first day of every year, and on every day on which a price changed.

    The billing month stays the same throughout, and so does what is metered: only prices move.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account.
    plan : str or sequence of str, optional
        Plans or globs; every paid Cloudflare plan if absent.
    deployment : str, path or Deployment, optional
        See ``estimate``.
    since : int, optional
        The first year.
    **options
        See ``estimate``; ``as_of`` is the last day.

    Raises
    ------
    WscostError
        If an input cannot be read, no price is known at the end, or the first year is not from 2000 to 2199.
    """
    if not EARLIEST.year <= since < LATEST.year:
        raise ConfigError(f"--since {since}: the first year must be one from 2000 to 2199.")
    case = Case.of(inputs, deployment, options)
    plans, not_sold = case.plans(plan)
    newest = case.bills(plans)
    last = max(bill.as_of for bill in newest)
    if since > last.year:
        raise ConfigError(
            f"--since {since}: the newest prices are of {last}. Begin with {last.year} or before."
        )
    days = {date(year, 1, 1) for year in range(since, last.year + 1)} | {last}
    for one in plans:
        days |= {day for day in _change_days(case, one) if date(since, 1, 1) <= day < last}
    still = _in_month(case, f"{newest[0].period.start:%Y-%m}")
    rows = [past for one in plans for past in _through(still, one, sorted(days))]
    moved = {past.as_of for past in rows if past.moved}
    kept = {day for day in days if day in moved or day == last or (day.month, day.day) == (1, 1)}
    rows = sorted((past for past in rows if past.as_of in kept), key=lambda p: (p.as_of, plans.index(p.plan)))
    return History(plans, tuple(rows), (*case.notes, *not_sold, *_notes(case, since), *left_out(newest)))


def _notes(case: Case, since: int) -> Iterator[Note]:
    if case.deployment.hibernation and since <= HIBERNATION_SINCE.year:
        yield Note(
            "before-hibernation",
            f"Objects can hibernate since {HIBERNATION_SINCE}: before, the same traffic kept them awake, and "
            "these are the prices of what is metered today.",
        )


def _in_month(case: Case, month: str) -> Case:
    """Hold the billing month still while prices move."""
    account = case.account
    return replace(case, account=replace(account, options={**account.options, "month": month}))


def _on(case: Case, day: date) -> Case:
    account = case.account
    return replace(case, account=replace(account, options={**account.options, "as_of": day}))


def _change_days(case: Case, plan: str) -> set[date]:
    """Return the days on which a plan, or what its deployment adds, changed a price or a limit."""
    books = case.account.books.books
    return {
        day for book in (books[plan], *(books[name] for name in books[plan].add_ons)) for day in _days(book)
    }


def _days(book: PriceBook) -> Iterator[date]:
    for entry in (*book.charges, *book.limits):
        yield entry.effective.from_
        if entry.effective.until is not None:
            yield entry.effective.until


def _through(case: Case, plan: str, days: Iterable[date]) -> Iterator[Past]:
    before: Bill | None = None
    for day in days:
        try:
            bill = _on(case, day).bill(plan)
        except NoPriceError as error:
            ended = str(error).partition(". ")[0] if before is not None else ""
            yield Past(day, plan, case.deployment.label, "", None, False, False, ended)
            before = None
        else:
            if before is not None:
                moved = _moved(case, plan, before, bill)
            else:
                moved = "" if _priced(case, plan, day - timedelta(days=1)) else "first known price"
            yield Past(
                day, plan, bill.deployment, bill.currency, bill.total, bill.feasible, not bill.at_least, moved
            )
            before = bill


def _priced(case: Case, plan: str, day: date) -> bool:
    try:
        _on(case, day).account.price_list(plan, case.deployment)
    except NoPriceError:
        return False
    return True


def _moved(case: Case, plan: str, before: Bill, bill: Bill) -> str:
    """Say which changes of the price list moved the total: those of the charges whose cost changed."""
    if before.total == bill.total and before.feasible == bill.feasible:
        return ""
    costs = [{line.sku: line.cost for line in one.lines if line.cost} for one in (before, bill)]
    skus = {sku for sku in costs[0] | costs[1] if costs[0].get(sku) != costs[1].get(sku)}
    skus |= {f"limit {breach.limit}" for one in (before, bill) for breach in one.breaches}
    old = _on(case, before.as_of).account.price_list(plan, case.deployment)
    new = _on(case, bill.as_of).account.price_list(plan, case.deployment)
    names = {line.sku: line.name for one in (before, bill) for line in one.lines}
    names |= {f"limit {breach.limit}": breach.name for one in (before, bill) for breach in one.breaches}
    by_charge: dict[str, list[str]] = {}
    for change in changes(old, new):
        if change.sku in skus and change.field != "name":
            by_charge.setdefault(names.get(change.sku, change.sku), []).append(_in_words(change))
    return "; ".join(f"{name}: {', '.join(told)}" for name, told in by_charge.items())


def _in_words(change: Change) -> str:
    if change.kind != "changed":
        return f"{change.kind} ({change.old or change.new})"
    field = {"consumes": "counts"}.get(change.field, change.field)
    return f"{field} {change.old or 'none'} -> {change.new or 'none'}"
