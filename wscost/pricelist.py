"""The price list: one plan's charges in force on one date. No dates are left to choose from in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from wscost.errors import ConfigError
from wscost.notes import Note


class Model(StrEnum):
    """How a billed quantity becomes an amount."""

    FLAT = "flat"
    PER_UNIT = "per_unit"
    PACKAGE = "package"
    GRADUATED = "graduated"
    VOLUME = "volume"


class Rounding(StrEnum):
    """What happens to a started pricing unit of overage."""

    BOOK = "book"
    UP = "up"
    DOWN = "down"
    PRORATE = "prorate"


@dataclass(frozen=True, slots=True)
class Consume:
    """One meter's way into a charge: ``quantity * multiply_by / divide_by``."""

    meter: str
    multiply_by: Decimal = Decimal(1)
    divide_by: Decimal = Decimal(1)
    step_bytes: int | None = None
    cpu_multiple: int | None = None

    @property
    def key(self) -> str:
        """The usage key that holds this meter's quantity."""
        parameter = self.step_bytes if self.step_bytes is not None else self.cpu_multiple
        return self.meter if parameter is None else f"{self.meter}:{parameter}"


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a tariff, whose last unit is ``up_to``; an unknown amount is None."""

    up_to: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Price:
    """A price model with its numbers; ``per`` is the pricing unit of every amount.

    ``rounding`` is that of a started unit of overage, never ``book``; the model's own if None.
    """

    model: Model
    amount: Decimal | None = None
    per: Decimal = Decimal(1)
    tiers: tuple[Tier, ...] = ()
    rounding: Rounding | None = None

    @property
    def overage(self) -> Rounding:
        """What happens to a started pricing unit: a package is sold whole, others in part unless said."""
        return self.rounding or (Rounding.UP if self.model is Model.PACKAGE else Rounding.PRORATE)


@dataclass(frozen=True, slots=True)
class Included:
    """An allowance per month or per UTC day; an ``offer`` must be asked for by name."""

    quantity: Decimal
    per: str = "month"
    offer: str | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a number comes from: the page, since when it holds, when a person last read it."""

    url: str
    since: date
    checked: date
    confidence: str = "published"
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """One SKU as it is priced on the list's date."""

    sku: str
    name: str
    unit: str
    price: Price
    provenance: Provenance
    consumes: tuple[Consume, ...] = ()
    included: Included | None = None
    round: str | None = None
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """A cap that is not a price: past it the service stops, or refuses."""

    id: str
    name: str
    unit: str
    maximum: Decimal
    per: str
    consumes: tuple[Consume, ...]
    provenance: Provenance
    consequence: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Everything one plan charges on one date, in one region."""

    plan: str
    name: str
    currency: str
    as_of: date
    charges: tuple[Charge, ...]
    limits: tuple[Limit, ...] = ()
    minimum: Decimal | None = None
    region: str | None = None
    notes: tuple[Note, ...] = ()

    def for_deployment(self, properties: Mapping[str, str]) -> PriceList:
        """Return the list with only the charges and limits that a deployment's properties call for."""
        return replace(
            self,
            charges=tuple(c for c in self.charges if _applies(c.when, properties)),
            limits=tuple(x for x in self.limits if _applies(x.when, properties)),
        )

    @property
    def meters(self) -> frozenset[Consume]:
        """Every meter, with its parameters, that a charge or a limit of the list consumes."""
        charged = {use for charge in self.charges for use in charge.consumes}
        return frozenset(charged | {use for limit in self.limits for use in limit.consumes})

    @property
    def daily_meters(self) -> frozenset[str]:
        """The names of the meters that an allowance or a limit counts by day."""
        allowed = [c.consumes for c in self.charges if c.included is not None and c.included.per == "day"]
        limited = [limit.consumes for limit in self.limits if limit.per == "day"]
        return frozenset(use.meter for consumes in (*allowed, *limited) for use in consumes)


def _applies(when: Mapping[str, tuple[str, ...]], properties: Mapping[str, str]) -> bool:
    return all(properties.get(name) in allowed for name, allowed in when.items())


def refuse_currencies(lists: Iterable[PriceList]) -> None:
    """Refuse to set amounts of different money side by side.

    Raises
    ------
    ConfigError
        If the lists have more than one currency.
    """
    plans = {prices.currency: prices.plan for prices in lists}
    if len(plans) > 1:
        told = " and ".join(f"{plan} in {currency}" for currency, plan in plans.items())
        raise ConfigError(f"{told}: amounts in different money cannot be compared. Price one at a time.")
