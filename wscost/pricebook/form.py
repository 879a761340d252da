"""The form of a price book: what its YAML file may say, checked entry by entry."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    field_validator,
    model_validator,
)

from wscost.deployment import Endpoint, Storage
from wscost.errors import UnknownNameError
from wscost.exact import EXACT, WHOLE
from wscost.pricelist import Consume, Included, Model, Price, Rounding, Tier
from wscost.usage import METERS, a_day
from wscost.yamlfile import Document, Location, load, validate

Day = Annotated[date, Strict()]
Amount = Annotated[Decimal, Field(ge=0), EXACT]
Positive = Annotated[Decimal, Field(gt=0), EXACT]
Word = Annotated[str, Field(min_length=1)]
Status = Literal["active", "closed-to-new", "legacy", "shutdown"]
Currency = Annotated[str, AfterValidator(lambda text: _like(r"[A-Z]{3}", "three capitals such as USD", text))]
Address = Annotated[
    str, AfterValidator(lambda text: _like(r"[a-z]+:\S+", "an address such as https://…", text))
]
Conditions = dict[str, tuple[str, ...]]


class Form(BaseModel):
    """A part of the file: no key that is not named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Effective(Form):
    """Days on which an entry holds, half open: ``until`` is the first day on which it does not."""

    from_: Day = Field(alias="from")
    until: Day | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Effective:
        if self.until is not None and self.until <= self.from_:
            raise ValueError(f"from ({self.from_}) must be before until ({self.until})")
        return self

    def __contains__(self, day: date) -> bool:
        return self.from_ <= day and (self.until is None or day < self.until)

    def overlaps(self, other: Effective) -> bool:
        """Whether there is a day in both."""
        return max(self.from_, other.from_) in self and max(self.from_, other.from_) in other


class When(Form):
    """What a deployment must be for an entry to count: one of the listed values, for every property named."""

    endpoint: Annotated[tuple[Endpoint, ...], Field(min_length=1)] | None = None
    hibernation: Annotated[tuple[StrictBool, ...], Field(min_length=1)] | None = None
    storage: Annotated[tuple[Storage, ...], Field(min_length=1)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]

    @property
    def conditions(self) -> Conditions:
        """The conditions in the words of ``Deployment.properties``."""
        named = {name: value for name, value in self if value is not None}
        return {name: tuple(str(v).lower() for v in values) for name, values in named.items()}


class ConsumeForm(Form):
    """One meter's way into a charge."""

    meter: Word
    multiply_by: Positive = Decimal(1)
    divide_by: Positive = Decimal(1)
    step_bytes: Annotated[int, Field(gt=0), WHOLE] | None = None
    cpu_multiple: Annotated[int, Field(gt=0), WHOLE] | None = None

    @field_validator("meter")
    @classmethod
    def _known(cls, meter: str) -> str:
        if meter not in METERS:
            raise ValueError(str(UnknownNameError("meter", meter, METERS)))
        return meter

    @model_validator(mode="after")
    def _parameters_suit_the_meter(self) -> ConsumeForm:
        parameter = METERS[self.meter].parameter
        if parameter == "step_bytes" and self.step_bytes is None:
            raise ValueError(f"the meter {self.meter} needs step_bytes")
        for name in ("step_bytes", "cpu_multiple"):
            if getattr(self, name) is not None and name != parameter:
                raise ValueError(f"the meter {self.meter} takes no {name}")
        return self

    @property
    def consume(self) -> Consume:
        """The meter's way, as the price list has it."""
        return Consume(**dict(self))


class IncludedForm(Form):
    """An allowance; ``offer`` names one that only some customers have, and none from ``until`` on."""

    quantity: Amount
    per: Literal["month", "day"] = "month"
    offer: Word | None = None
    until: Day | None = None

    @model_validator(mode="after")
    def _only_an_offer_ends(self) -> IncludedForm:
        if self.until is not None and self.offer is None:
            raise ValueError("until is the end of an offer: name the offer, or close the charge's effective")
        return self

    @property
    def included(self) -> Included:
        """The allowance, as the price list has it."""
        return Included(self.quantity, self.per, self.offer)


class TierForm(Form):
    """A step of a tariff; ``unknown`` where nobody has read the amount."""

    up_to: Positive | None = None
    amount: Amount | Literal["unknown"]


class PriceForm(Form):
    """A price model with its numbers."""

    model: Model
    amount: Amount | None = None
    per: Positive = Decimal(1)
    tiers: tuple[TierForm, ...] = ()
    rounding: Literal["up", "down", "prorate"] | None = None
    round_up: StrictBool | None = None
    """``true`` is short for ``rounding: up``, ``false`` for ``rounding: prorate``."""

    @field_validator("tiers")
    @classmethod
    def _tiers_climb(cls, tiers: tuple[TierForm, ...]) -> tuple[TierForm, ...]:
        bounds = [tier.up_to for tier in tiers]
        if tiers and (bounds[-1] is not None or None in bounds[:-1]):
            raise ValueError("every tier but the last needs up_to, and the last has none")
        for lower, upper in pairwise(bound for bound in bounds if bound is not None):
            if upper <= lower:
                raise ValueError(f"tiers are out of order: up_to {upper} does not follow {lower}")
        return tiers

    @model_validator(mode="after")
    def _numbers_suit_the_model(self) -> PriceForm:
        tiered = self.model in (Model.GRADUATED, Model.VOLUME)
        if tiered and (not self.tiers or self.amount is not None):
            raise ValueError(f"a {self.model} price has tiers, and no amount beside them")
        if not tiered and (self.tiers or self.amount is None):
            raise ValueError(f"a {self.model} price has an amount, and no tiers")
        if self.model is Model.FLAT and (self.per != 1 or self.round_up or self.rounding):
            raise ValueError("a flat price has an amount and nothing else")
        if self.model is Model.PACKAGE and self.rounding == "prorate":
            raise ValueError("a package is sold whole: its rounding is up or down")
        if self.rounding is not None and self.round_up is not None:
            raise ValueError("rounding and round_up say the same: write rounding alone")
        return self

    @property
    def price(self) -> Price:
        """The price, as the price list has it."""
        tiers = tuple(Tier(t.up_to, t.amount if isinstance(t.amount, Decimal) else None) for t in self.tiers)
        rounding = "up" if self.round_up else self.rounding
        return Price(self.model, self.amount, self.per, tiers, Rounding(rounding) if rounding else None)


class Entry(Form):
    """What a charge and a limit have in common: when it holds, for whom, and who says so."""

    name: str = ""
    unit: Word
    consumes: tuple[ConsumeForm, ...] = ()
    effective: Effective
    region: Word | None = None
    when: When = When()
    source: Word
    confidence: Literal["published", "inferred", "unverified"] = "published"
    remark: str = ""

    @model_validator(mode="after")
    def _doubt_is_explained(self) -> Entry:
        if self.confidence != "published" and not self.remark:
            raise ValueError(f"what is {self.confidence} needs a remark: say what is known and what is not")
        return self

    def meets(self, other: Entry) -> bool:
        """Whether both could count on one day for one deployment in one region."""
        mine, theirs = self.when.conditions, other.when.conditions
        return (
            (self.region is None or other.region is None or self.region == other.region)
            and self.effective.overlaps(other.effective)
            and all(set(mine[name]) & set(theirs[name]) for name in mine.keys() & theirs.keys())
        )


class ChargeForm(Entry):
    """One SKU's price in one period."""

    sku: Word
    included: IncludedForm | None = None
    round: Literal["up", "down", "half_up"] | None = None
    price: PriceForm

    @field_validator("included", mode="before")
    @classmethod
    def _a_number_is_per_month(cls, value: object) -> object:
        return value if isinstance(value, dict) or value is None else {"quantity": value}

    @model_validator(mode="after")
    def _something_is_charged(self) -> ChargeForm:
        flat = self.price.model is Model.FLAT
        if flat and (self.consumes or self.included or self.round):
            raise ValueError("a flat price consumes nothing, so it includes and rounds nothing")
        if not flat and not self.consumes:
            raise ValueError(f"a {self.price.model} price needs consumes")
        return self


class LimitForm(Entry):
    """A cap in one period."""

    id: Word
    maximum: Amount
    per: Literal["day", "month"]
    consequence: str = ""
    consumes: Annotated[tuple[ConsumeForm, ...], Field(min_length=1)]


class Support(Form):
    """A place where sockets may end under a plan, since when, and with which storage."""

    endpoint: Endpoint
    from_: Day = Field(default=date.min, alias="from")
    storage: tuple[Storage, ...] = ()


class PriceBook(Form):
    """One product's prices through time."""

    provider: Word
    product: Word
    name: str = ""
    kind: Literal["plan", "add-on"] = "plan"
    currency: Currency
    checked: Annotated[Day, AfterValidator(a_day)]
    sources: dict[str, Address]
    status: Status = "active"
    status_since: Day | None = None
    adds: tuple[str, ...] = ()
    supports: tuple[Support, ...] = ()
    regions: tuple[str, ...] = ()
    when: When = When()
    minimum: Amount | None = None
    on_top: tuple[Word, ...] = ()
    """What the service causes that is billed elsewhere, and that no charge here counts."""
    charges: Annotated[tuple[ChargeForm, ...], Field(min_length=1)]
    limits: tuple[LimitForm, ...] = ()

    @property
    def id(self) -> str:
        """The product's full name, ``provider/product``."""
        return f"{self.provider}/{self.product}"

    @property
    def add_ons(self) -> tuple[str, ...]:
        """Full names of the products that join when a deployment calls for them."""
        return tuple(f"{self.provider}/{product}" for product in self.adds)


def read_book(path: Path) -> tuple[PriceBook, Document]:
    """Read one price book.

    Raises
    ------
    ConfigError
        With every complaint about the file, each with its line.
    """
    document = load(path)
    book = validate(PriceBook, document)
    found = [
        *_misplaced(book, path),
        *_not_of_add_ons(book),
        *_unexplained(book),
        *_priced_twice(book, document),
    ]
    if found:
        raise document.refusal(found)
    return book, document


def _misplaced(book: PriceBook, path: Path) -> list[tuple[Location, str]]:
    here = path.absolute()
    if (here.parent.name, here.name) == (book.provider, f"{book.product}.yaml"):
        return []
    return [(("product",), f"the book of {book.id} must stand in {book.id}.yaml.")]


def _not_of_add_ons(book: PriceBook) -> list[tuple[Location, str]]:
    keys = [key for key in ("adds", "supports", "minimum") if getattr(book, key)]
    told = "is of plans; the plan that adds this add-on says it."
    return [((key,), f"{key} {told}") for key in keys if book.kind == "add-on"]


def _unexplained(book: PriceBook) -> list[tuple[Location, str]]:
    found: list[tuple[Location, str]] = []
    for at, entry in _entries(book):
        if entry.source not in book.sources:
            told = UnknownNameError("source", entry.source, book.sources)
            found.append(((*at, "source"), f"{told}"))
        if entry.region is not None and entry.region not in book.regions:
            told = UnknownNameError("region in the book's regions", entry.region, book.regions)
            found.append(((*at, "region"), f"{told}"))
    return found


def _priced_twice(book: PriceBook, document: Document) -> list[tuple[Location, str]]:
    found: list[tuple[Location, str]] = []
    entries = _entries(book)
    for number, (at, entry) in enumerate(entries):
        for earlier_at, earlier in entries[:number]:
            if _key(earlier) == _key(entry) and earlier.meets(entry):
                day = max(earlier.effective.from_, entry.effective.from_)
                line = document.line(earlier_at)
                told = f"{_key(entry)[1]} stands twice for {day}: its period overlaps that of line {line}."
                found.append((at, told))
    return found


def _key(entry: ChargeForm | LimitForm) -> tuple[type[Entry], str]:
    return type(entry), entry.sku if isinstance(entry, ChargeForm) else entry.id


def _entries(book: PriceBook) -> list[tuple[Location, ChargeForm | LimitForm]]:
    return [
        *((("charges", number), charge) for number, charge in enumerate(book.charges)),
        *((("limits", number), limit) for number, limit in enumerate(book.limits)),
    ]


def _like(pattern: str, wanted: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"must be {wanted}, not {text!r}")
    return text
