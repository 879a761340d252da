"""Limits and metrics of checks: what is looked at, and how far it may go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, PlainValidator, WithJsonSchema

from wscost.errors import UnknownNameError
from wscost.units import plain
from wscost.usage import meter_of

PERCENT = "%"
_WRITTEN = re.compile(r"(\d[\d_]*(?:\.\d+)?)\s*(%|[A-Z]{3})")


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of money (its unit a currency), a share (``%``), or a plain number (no unit)."""

    amount: Decimal
    unit: str = ""

    @property
    def money(self) -> bool:
        """Whether this is an amount of money."""
        return self.unit not in ("", PERCENT)

    @property
    def share(self) -> Decimal:
        """The limit as a part of the whole: 0.15 of ``15%``."""
        return self.amount / 100 if self.unit == PERCENT else self.amount

    def __str__(self) -> str:
        space = " " if self.money else ""
        return f"{plain(self.amount)}{space}{self.unit}"


def read_limit(written: object) -> Limit:
    """Read a limit: ``120 USD``, ``15%`` or a number.

    Raises
    ------
    ValueError
        If it is none of these, or negative.
    """
    if isinstance(written, Limit):
        return written
    if isinstance(written, (int, Decimal)) and not isinstance(written, bool):
        amount = Decimal(written)
        if amount.is_finite() and amount >= 0:
            return Limit(amount)
    if isinstance(written, str) and (found := _WRITTEN.fullmatch(written.strip())):
        return Limit(Decimal(found[1].replace("_", "")), found[2])
    raise ValueError(
        f"must be an amount such as 120 USD, a share such as 15%, or a number, not {written!s:.40}"
    )


class Kind(StrEnum):
    """What a metric's value is, and so which limits suit it."""

    MONEY = "money"
    SHARE = "share"
    DAYS = "days"
    COUNT = "count"


METRICS = {
    "total": Kind.MONEY,
    "coverage.priced": Kind.SHARE,
    "pricebook.age_days": Kind.DAYS,
    "limits.broken": Kind.COUNT,
}
LINE, METER = "line.", "meter."


def kind_of(metric: str) -> Kind:
    """Return what a metric's value is."""
    if metric.startswith(LINE):
        return Kind.MONEY
    return Kind.COUNT if metric.startswith(METER) else METRICS[metric]


def unit_of(metric: str) -> str:
    """Return the unit of a metric that is no money: ``days``, a meter's unit, or none."""
    if metric.startswith(METER):
        return meter_of(metric.removeprefix(METER)).unit
    return {Kind.DAYS: "days", Kind.COUNT: "limits"}.get(kind_of(metric), "")


def counted(metric: str, amount: Decimal) -> str:
    """Return the unit that stands after an amount of such a metric: ``1 day``, ``2 days``."""
    unit = unit_of(metric)
    one = unit.endswith("s") and unit not in ("s", "ms")
    return unit[:-1] if one and amount == 1 else unit


def _known(metric: str) -> str:
    if metric.startswith(LINE) and metric != LINE:
        return metric
    if metric.startswith(METER):
        try:
            meter_of(metric.removeprefix(METER))
        except UnknownNameError as error:
            raise ValueError(str(error)) from None
    elif metric not in METRICS:
        raise ValueError(str(UnknownNameError("metric", metric, [*METRICS, "line.SKU", "meter.NAME"])))
    return metric


Metric = Annotated[str, AfterValidator(_known)]
WrittenLimit = Annotated[
    Limit,
    PlainValidator(read_limit),
    WithJsonSchema(
        {
            "description": "Money such as 120 USD, a share such as 15%, or a plain number.",
            "oneOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^\d[\d_]*(\.\d+)?\s*(%|[A-Z]{3})$"},
            ],
        }
    ),
]
