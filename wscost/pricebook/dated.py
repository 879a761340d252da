"""From prices through time to prices on a date: which entries hold, and what is doubtful about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from wscost.errors import NotSoldError
from wscost.notes import Note
from wscost.pricebook.form import ChargeForm, Entry, IncludedForm, LimitForm, PriceBook
from wscost.pricelist import Charge, Limit, PriceList, Provenance

E = TypeVar("E", bound=Entry)

_DOUBTS = {"inferred": "is inferred in part", "unverified": "is not verified"}
_STATUS_NOTES = {
    "legacy": ("legacy-plan", "is a legacy plan{since}: priced with its last published rates"),
    "closed-to-new": ("closed-plan", "is closed to new customers{since}: who has it keeps it"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a price list is asked for."""

    day: date
    region: str | None
    properties: Mapping[str, str]
    offers: Collection[str] = ()


def list_prices(plan: PriceBook, add_ons: Iterable[PriceBook], asked: Question) -> PriceList:
    """Return what a plan charges, with the add-ons that the deployment calls for.

    Raises
    ------
    NotSoldError
        If the plan cannot carry the deployment, or a book knows no price on that day.
    """
    _check_support(plan, asked)
    books = [plan, *(book for book in add_ons if _calls_for(asked.properties, book))]
    for book in books:
        _check_day(book, asked)
    prices = PriceList(
        plan=plan.id,
        name=plan.name or plan.product,
        currency=plan.currency,
        as_of=asked.day,
        charges=tuple(_charge(book, c, asked) for book in books for c in _in_force(book.charges, asked)),
        limits=tuple(_limit(book, x) for book in books for x in _in_force(book.limits, asked)),
        minimum=plan.minimum,
        region=asked.region,
    ).for_deployment(asked.properties)
    notes = [note for book in books for note in _notes_on_book(book, asked.day)]
    entries: list[Charge | Limit] = [*prices.charges, *prices.limits]
    notes += [note for entry in entries for note in _notes_on_entry(entry)]
    notes += _notes_on_offers([c for book in books for c in _in_force(book.charges, asked)], asked)
    return replace(prices, notes=tuple(notes))


def first_day(book: PriceBook, region: str | None = None) -> date:
    """Return the first day on which a book knows a price, in a region where one is given."""
    days = [c.effective.from_ for c in book.charges if region is None or c.region in (None, region)]
    return min(days, default=date.max)


def _calls_for(properties: Mapping[str, str], book: PriceBook) -> bool:
    return all(properties.get(name) in allowed for name, allowed in book.when.conditions.items())


def _in_force(entries: Sequence[E], asked: Question) -> list[E]:
    return [e for e in entries if asked.day in e.effective and e.region in (None, asked.region)]


def _check_day(book: PriceBook, asked: Question) -> None:
    first = first_day(book, asked.region)
    place = f" in {asked.region}" if asked.region else ""
    if asked.day < first:
        raise NotSoldError(
            f"No price of {book.id}{place} is known before {first}, so none for {asked.day}. "
            f"Ask for {first} or later."
        )
    closed = book.status == "shutdown" and (book.status_since or date.min) <= asked.day
    if closed or not _in_force(book.charges, asked):
        since = f" since {book.status_since}" if closed and book.status_since else ""
        raise NotSoldError(
            f"{book.id}{place} is no longer sold{since}, so there is no price for {asked.day}."
        )


def _check_support(plan: PriceBook, asked: Question) -> None:
    if not plan.supports:
        return
    endpoint, storage = asked.properties.get("endpoint"), asked.properties.get("storage")
    carried = [s for s in plan.supports if s.endpoint == endpoint]
    suited = [s for s in carried if not s.storage or storage in s.storage]
    if not carried:
        others = ", ".join(s.endpoint for s in plan.supports)
        raise NotSoldError(f"{plan.id} carries no deployment with endpoint {endpoint}, only {others}.")
    if not suited:
        others = ", ".join(word for s in carried for word in s.storage)
        raise NotSoldError(f"{plan.id} carries no {endpoint} with storage {storage}, only with {others}.")
    since = min(s.from_ for s in suited)
    if asked.day < since:
        raise NotSoldError(
            f"{plan.id} carries endpoint {endpoint} only since {since}: no price for {asked.day}. "
            f"Ask for {since} or later."
        )


def _charge(book: PriceBook, entry: ChargeForm, asked: Question) -> Charge:
    included = entry.included
    granted = included is not None and (included.offer is None or included.offer in asked.offers)
    return Charge(
        sku=entry.sku,
        name=entry.name or entry.sku,
        unit=entry.unit,
        price=entry.price.price,
        provenance=_provenance(book, entry),
        consumes=tuple(use.consume for use in entry.consumes),
        included=included.included if included and granted and not _ended(included, asked.day) else None,
        round=entry.round,
        when=book.when.conditions | entry.when.conditions,
    )


def _ended(included: IncludedForm, day: date) -> bool:
    return included.until is not None and included.until <= day


def _limit(book: PriceBook, entry: LimitForm) -> Limit:
    return Limit(
        id=entry.id,
        name=entry.name or entry.id,
        unit=entry.unit,
        maximum=entry.maximum,
        per=entry.per,
        consumes=tuple(use.consume for use in entry.consumes),
        provenance=_provenance(book, entry),
        consequence=entry.consequence,
        when=book.when.conditions | entry.when.conditions,
    )


def _provenance(book: PriceBook, entry: Entry) -> Provenance:
    return Provenance(
        url=book.sources[entry.source],
        since=entry.effective.from_,
        checked=book.checked,
        confidence=entry.confidence,
        remark=" ".join(entry.remark.split()),
    )


def _notes_on_book(book: PriceBook, day: date) -> Iterator[Note]:
    if book.status in _STATUS_NOTES and (book.status_since or date.min) <= day:
        code, words = _STATUS_NOTES[book.status]
        since = f" since {book.status_since}" if book.status_since else ""
        yield Note(code, f"{book.name or book.product} {words.format(since=since)}.", {"plan": book.id})
    if book.on_top:
        yield Note(
            "on-top",
            f"Not in this estimate, and billed on top: {'; '.join(book.on_top)}.",
            {"product": book.id, "on_top": list(book.on_top)},
        )
    if book.checked < day:
        yield Note(
            "checked-earlier",
            f"The prices of {book.id} were last checked on {book.checked}; they are taken to hold on {day}.",
            {"product": book.id, "checked": book.checked.isoformat()},
        )


def _notes_on_offers(charges: Iterable[ChargeForm], asked: Question) -> list[Note]:
    """Say of each offer that was asked for, and that has ended, that its allowances are left out."""
    allowances = [charge.included for charge in charges if charge.included is not None]
    ended = {
        allowance.offer: allowance.until
        for allowance in allowances
        if allowance.offer in asked.offers and _ended(allowance, asked.day)
    }
    return [
        Note(
            "offer-ended",
            f"Nobody has the offer {offer} since {until}: its allowances are left out.",
            {"offer": offer, "until": f"{until}"},
        )
        for offer, until in ended.items()
    ]


def _notes_on_entry(entry: Charge | Limit) -> Iterator[Note]:
    doubt = entry.provenance.confidence
    if doubt in _DOUBTS:
        what, key = ("price", "sku") if isinstance(entry, Charge) else ("limit", "limit")
        yield Note(
            f"{doubt}-{what}",
            f"{entry.name} {_DOUBTS[doubt]}: {entry.provenance.remark}",
            {key: entry.sku if isinstance(entry, Charge) else entry.id},
        )
