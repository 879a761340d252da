"""Usage files: the totals of a month, written down by hand, as YAML with ``usage:``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, field_validator

from wscost.deployment import PRESETS, Deployment
from wscost.deploymentfile import read_deployment
from wscost.errors import UnknownNameError
from wscost.exact import EXACT
from wscost.notes import Note
from wscost.usage import METERS, Quantities, a_day, a_month, divisible, meter_of
from wscost.yamlfile import Document, Location, validate

_STEP = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class UsageFile:
    """A month's totals, and what else the file says about how to price them."""

    source: str
    usage: Quantities
    deployment: Deployment | None = None
    plans: tuple[str, ...] = ()
    as_of: date | None = None
    month: str | None = None
    notes: tuple[Note, ...] = ()


def _known(key: str) -> str:
    name, _, parameter = key.partition(":")
    if name not in METERS:
        raise ValueError(str(UnknownNameError("meter", name, METERS)))
    if ":" in key and (METERS[name].parameter is None or not _STEP.fullmatch(parameter)):
        wanted = METERS[name].parameter
        raise ValueError(
            f"after {name}: stands {wanted}, a whole number such as 32768"
            if wanted
            else f"write {name} alone"
        )
    return key


Key = Annotated[str, AfterValidator(_known)]
Quantity = Annotated[Decimal, Field(ge=0), EXACT]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    usage: Annotated[dict[Key, Quantity], Field(min_length=1)]
    deployment: str | dict[str, object] | None = None
    plan: tuple[str, ...] = ()
    as_of: Annotated[date, Strict(), AfterValidator(a_day)] | None = None
    month: Annotated[str, AfterValidator(a_month)] | None = None

    @field_validator("plan", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        return value if isinstance(value, list) else [value]


def looks_like(document: Document) -> bool:
    """Whether a document is a usage file: ``usage`` stands at its top level."""
    return isinstance(document.data, dict) and "usage" in document.data


def names(document: Document) -> Iterator[tuple[Location, str]]:
    """Yield the deployment's file if a document names one, and where."""
    named = document.data.get("deployment")
    if isinstance(named, str) and named not in PRESETS:
        yield ("deployment",), named


def usage_of(document: Document) -> UsageFile:
    """Return what a document says as a usage file.

    Raises
    ------
    ConfigError
        With every complaint about the file, each with its line.
    """
    form = validate(_Form, document)
    if found := list(_broken_counts(form.usage)):
        raise document.refusal(found)
    return UsageFile(
        source=document.name,
        usage=form.usage,
        deployment=_deployment(form.deployment, document),
        plans=form.plan,
        as_of=form.as_of,
        month=form.month,
    )


def _broken_counts(usage: Mapping[str, Decimal]) -> Iterator[tuple[Location, str]]:
    for key, quantity in usage.items():
        if not divisible(key) and quantity != quantity.to_integral_value():
            unit = meter_of(key).unit
            yield ("usage", key), f"usage.{key} must be a whole number of {unit}, not {quantity}."


def _deployment(named: str | dict[str, object] | None, document: Document) -> Deployment | None:
    if not isinstance(named, str):
        return None if named is None else validate(Deployment, document, ("deployment",))
    try:
        return read_deployment(named, Path(document.name).parent)
    except UnknownNameError as error:
        raise document.refusal([(("deployment",), str(error))]) from None
