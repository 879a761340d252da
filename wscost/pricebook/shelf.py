"""The shelf: every price book at hand, private ones before those that ship with wscost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from wscost.errors import ConfigError, NoPriceError, UnknownNameError
from wscost.notes import Note
from wscost.places import is_folder
from wscost.pricebook.dated import Question, first_day, list_prices
from wscost.pricebook.form import PriceBook, read_book
from wscost.pricelist import PriceList
from wscost.shipped import shipped
from wscost.yamlfile import Document, Location

Shelf = Mapping[str, tuple[PriceBook, Document]]


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """What one can know of a plan without asking for a date."""

    id: str
    name: str
    status: str
    since: date
    """The first day with a known price."""
    checked: date
    regions: tuple[str, ...]
    currency: str
    paid: bool


@dataclass(frozen=True, slots=True)
class PriceBooks:
    """Price books by ``provider/product``."""

    books: Mapping[str, PriceBook]

    @property
    def plans(self) -> tuple[PlanInfo, ...]:
        """Every plan, by name; add-ons are no plans."""
        return tuple(
            PlanInfo(
                id=book.id,
                name=book.name or book.product,
                status=book.status,
                since=first_day(book),
                checked=book.checked,
                regions=book.regions,
                currency=book.currency,
                paid=_costs(book),
            )
            for _, book in sorted(self.books.items())
            if book.kind == "plan"
        )

    def match(self, patterns: Sequence[str]) -> tuple[str, ...]:
        """Return the plans that names or globs such as ``cloudflare/*`` stand for, each once.

        Raises
        ------
        UnknownNameError
            If a pattern matches no plan.
        """
        known = [plan.id for plan in self.plans]
        found: dict[str, None] = {}
        for pattern in patterns:
            matched = [plan for plan in known if fnmatchcase(plan, pattern)]
            if not matched:
                raise UnknownNameError("plan", pattern, known)
            found |= dict.fromkeys(matched)
        return tuple(found)

    def price_list(
        self,
        plan: str,
        *,
        properties: Mapping[str, str],
        as_of: date | None = None,
        region: str | None = None,
        offers: Sequence[str] = (),
    ) -> PriceList:
        """Return what a plan charges a deployment on a date.

        Parameters
        ----------
        plan : str
            ``provider/plan``.
        properties : Mapping[str, str]
            ``Deployment.properties``: they choose the charges, and the add-ons that join.
        as_of : date, optional
            Without it, the day on which the plan's book was last checked.
        region : str, optional
            Needed where the plan has a price for each region; where it has one for all, a note says so.
        offers : Sequence[str]
            Allowances that only some customers have, by name; a note says which the plan has not.

        Raises
        ------
        UnknownNameError
            If the plan, the region or an offer is not known.
        NoPriceError
            If no price is known on that day, or the plan cannot carry the deployment.
        """
        book = self._plan(plan)
        self._check_offers(offers)
        asked = Question(as_of or book.checked, _region(book, region), properties, offers)
        prices = list_prices(book, [self.books[name] for name in book.add_ons], asked)
        return replace(prices, notes=(*prices.notes, *_unused(prices, region, offers)))

    def _plan(self, name: str) -> PriceBook:
        plans = [plan.id for plan in self.plans]
        if name not in plans:
            raise UnknownNameError("plan", name, plans)
        return self.books[name]

    def _check_offers(self, offers: Sequence[str]) -> None:
        included = [charge.included for book in self.books.values() for charge in book.charges]
        known = {allowance.offer for allowance in included if allowance and allowance.offer}
        for offer in offers:
            if offer not in known:
                raise UnknownNameError("offer", offer, known)


def load_books(extra: Sequence[Path] = ()) -> PriceBooks:
    """Read the price books in folders of your own, then those that ship; the first of a name counts.

    Raises
    ------
    ConfigError
        If a folder holds no books, or a book breaks the form.
    """
    shelf: dict[str, tuple[PriceBook, Document]] = {}
    for folder in (*extra, shipped("pricing")):
        for path in _files(folder):
            book, document = read_book(path)
            shelf.setdefault(book.id, (book, document))
    for book, document in shelf.values():
        if found := list(_unfit_add_ons(book, shelf)):
            raise document.refusal(found)
    return PriceBooks({name: book for name, (book, _) in shelf.items()})


def validate_directory(folder: Path) -> list[str]:
    """Return every complaint about the price books in a folder, file by file; none if all is well."""
    complaints: list[str] = []
    own: dict[str, tuple[PriceBook, Document]] = {}
    try:
        paths = _files(folder)
    except ConfigError as error:
        return [str(error)]
    for path in paths:
        try:
            book, document = read_book(path)
        except ConfigError as error:
            complaints += str(error).splitlines()
        else:
            own[book.id] = book, document
    shelf = {book.id: (book, document) for book, document in map(read_book, _files(shipped("pricing")))} | own
    for book, document in own.values():
        if found := list(_unfit_add_ons(book, shelf)):
            complaints += str(document.refusal(found)).splitlines()
    return complaints


def _files(folder: Path) -> list[Path]:
    """Return every YAML file of a folder and of its folders, so that none is passed over in silence."""
    if not is_folder(folder, ConfigError):
        raise ConfigError(f"{folder}: there is no such folder.")
    found = sorted(path for pattern in ("*.y*ml", "*/*.y*ml") for path in folder.glob(pattern))
    if not found:
        raise ConfigError(f"{folder}: holds no price books. They stand in it as provider/product.yaml.")
    return found


def _unfit_add_ons(book: PriceBook, shelf: Shelf) -> Iterator[tuple[Location, str]]:
    for number, name in enumerate(book.add_ons):
        at = ("adds", number)
        if name not in shelf or shelf[name][0].kind != "add-on":
            known = [other.id for other, _ in shelf.values() if other.kind == "add-on"]
            yield at, str(UnknownNameError("add-on", name, known))
        elif shelf[name][0].currency != book.currency:
            yield at, f"{name} is priced in {shelf[name][0].currency}, but {book.id} in {book.currency}."
        elif (theirs := shelf[name][0].regions) and not (book.regions and set(book.regions) <= set(theirs)):
            ours = f"in {', '.join(book.regions)}" if book.regions else "in no region of its own"
            yield at, f"{name} is sold only in {', '.join(theirs)}, but {book.id} {ours}."


def _region(book: PriceBook, region: str | None) -> str | None:
    if not book.regions:
        return None
    if region is None:
        known = ", ".join(book.regions)
        raise NoPriceError(
            f"{book.id} has a price for each region: name one of {known} (--region or region:)."
        )
    if region not in book.regions:
        raise UnknownNameError(f"region of {book.id}", region, book.regions)
    return region


def _unused(prices: PriceList, region: str | None, offers: Sequence[str]) -> Iterator[Note]:
    """Tell what was asked for and changes no price."""
    if region is not None and prices.region is None:
        yield Note(
            "region-unused",
            f"{prices.name} has one price for all regions, so {region} changes nothing in it.",
            {"plan": prices.plan, "region": region},
        )
    had = {charge.included.offer for charge in prices.charges if charge.included}
    had |= {note.data["offer"] for note in prices.notes if note.code == "offer-ended"}
    for offer in offers:
        if offer not in had:
            yield Note(
                "offer-unused",
                f"{prices.name} has no allowance named {offer}, so it changes nothing in it.",
                {"plan": prices.plan, "offer": offer},
            )


def _costs(book: PriceBook) -> bool:
    """Tell whether any charge of a book was ever more than nothing."""
    prices = [charge.price for charge in book.charges]
    return any(p.amount or any(t.amount == "unknown" or t.amount for t in p.tiers) for p in prices)
