"""The form of ``wscost.yaml``: scenarios, and the checks that their bills must pass."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StrictBool,
    WithJsonSchema,
    model_validator,
)

from wscost.exact import WHOLE
from wscost.scenario.limits import PERCENT, Kind, Limit, Metric, WrittenLimit, kind_of
from wscost.usage import a_day, a_month


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", text):
        raise ValueError(f"must be a name of letters, digits, dots and dashes, not {text!r:.40}")
    return text


Name = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"}),
]
Word = Annotated[str, Field(min_length=1)]
Day = Annotated[date, Strict(), AfterValidator(a_day)]
Words = Annotated[
    tuple[Word, ...],
    BeforeValidator(_one_or_several),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}},
            ]
        }
    ),
]
Level = Literal["off", "warn", "error"]
Percentile = Literal["p10", "p50", "p90", "mean"]
OnInconclusive = Literal["warn", "fail"]
LIMITS = ("max", "min", "max_increase", "crosses")


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scenario(_Form):
    """A named workload on a deployment under plans; the options are those of ``wscost estimate``."""

    input: Annotated[
        Words, Field(min_length=1, description="A trace, profile or usage file, or several of one account.")
    ]
    deployment: Annotated[
        Word | dict[str, Any] | None,
        Field(description="A preset, a YAML file, or the deployment itself."),
    ] = None
    plans: Annotated[Words, Field(description="provider/plan, or globs.")] = ()
    region: Word | None = None
    as_of: Annotated[
        Day | None, Field(description="Prices in force on that day; the newest known if absent.")
    ] = None
    month: Annotated[str, AfterValidator(a_month)] | None = None
    cycle_start: Annotated[int, Field(ge=1, le=31), WHOLE] = 1
    rounding: Literal["book", "up", "down", "prorate"] = "book"
    offers: Words = ()
    pricing: Annotated[Words, Field(description="Folders of price books of your own.")] = ()
    seed: Annotated[int | None, Field(ge=0, description="Of a profile; its own if absent."), WHOLE] = None
    replicates: Annotated[
        int | None,
        Field(
            ge=0,
            description="Months drawn for the range, of a profile or of a week and more of days; 0 for none.",
        ),
        WHOLE,
    ] = None
    input_format: Word | None = None
    assume_utc: StrictBool = False
    window: Word | None = None
    skip_bad_rows: StrictBool = False


class Check(_Form):
    """One limit on one metric, for one scenario or for all."""

    id: Name
    metric: Annotated[
        Metric,
        Field(
            description="total, line.SKU, coverage.priced, pricebook.age_days, limits.broken or meter.NAME."
        ),
    ]
    scenario: Annotated[str | None, Field(description="All scenarios if absent.")] = None
    plan: Annotated[str | None, Field(description="All plans of the scenario if absent.")] = None
    max: WrittenLimit | None = None
    min: WrittenLimit | None = None
    max_increase: Annotated[WrittenLimit | None, Field(description="Against the baseline.")] = None
    crosses: Annotated[
        WrittenLimit | None,
        Field(description="Breaks when the baseline was not above this and the change is."),
    ] = None
    at: Annotated[
        Percentile | None, Field(description="Which of the replicated months is held to the limit.")
    ] = None
    level: Level = "error"
    until: Annotated[Day | None, Field(description="Last day of a waiver: told, but not counted.")] = None
    on_inconclusive: OnInconclusive | None = None
    message: str = ""

    @property
    def rule(self) -> str:
        """Which kind of limit this is: ``max``, ``min``, ``max_increase`` or ``crosses``."""
        return next(name for name in LIMITS if getattr(self, name) is not None)

    @property
    def limit(self) -> Limit:
        """The limit itself."""
        limit: Limit = getattr(self, self.rule)
        return limit

    @property
    def needs_baseline(self) -> bool:
        """Whether this check compares with what was before."""
        return self.rule in ("max_increase", "crosses")

    @model_validator(mode="after")
    def _one_limit_of_the_right_unit(self) -> Check:
        named = [name for name in LIMITS if getattr(self, name) is not None]
        if len(named) != 1:
            told = " and ".join(named) or "none"
            raise ValueError(f"a check has one limit: max, min, max_increase or crosses; this one has {told}")
        kind, rule, limit = kind_of(self.metric), self.rule, self.limit
        if kind is Kind.MONEY and not limit.money and not (rule == "max_increase" and limit.unit == PERCENT):
            share = ", or a share such as 15%" if rule == "max_increase" else ""
            raise ValueError(
                f"{rule}: {limit} is no amount of money. {self.metric} is money: "
                f"write {limit.amount} USD with its currency{share}"
            )
        if kind is not Kind.MONEY and limit.money:
            raise ValueError(f"{rule}: {limit} is money, but {self.metric} is not. Write a plain number")
        if limit.unit == PERCENT and kind is not Kind.SHARE and rule != "max_increase":
            raise ValueError(f"{rule}: {limit} is a share, but {self.metric} is none. Write a plain number")
        if kind is Kind.SHARE and rule != "max_increase" and limit.share > 1:
            raise ValueError(f"{rule}: {limit} is more than the whole: {self.metric} is 1, or 100%, at most")
        if self.at is not None and kind is not Kind.MONEY:
            raise ValueError(f"at: only money has percentiles; {self.metric} has one value")
        return self


class File(_Form):
    """A scenario file."""

    model_config = ConfigDict(title="wscost scenario file, version 1")

    scenarios: Annotated[dict[Name, Scenario], Field(min_length=1)]
    checks: tuple[Check, ...] = ()
    on_inconclusive: Annotated[
        OnInconclusive | None, Field(description="What an open question counts as; exit code 3 if absent.")
    ] = None


def schema() -> dict[str, Any]:
    """Return the form as JSON Schema, for editors: what ``wscost/schemas/scenario-1.json`` holds."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "wscost.scenario/1"}
    return head | File.model_json_schema()
