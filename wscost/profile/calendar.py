"""The calendar of a profile: its period, and how much traffic each hour, weekday and event has."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, field_validator, model_validator

from wscost.exact import WHOLE
from wscost.profile.quantities import Number, Seconds, Strict, UncertainPositive, likely
from wscost.units import EARLIEST, LATEST
from wscost.usage import Period, first_of

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DECAY_HALF_LIVES = 10
"""After so many half-lives an event is over: a thousandth of it is left."""


class Dates(Strict):
    """Whole UTC days: a start, and an end that no longer belongs to them or a number of days."""

    start: date
    end: date | None = None
    days: Annotated[int, Field(ge=1, le=3660), WHOLE] | None = None

    @model_validator(mode="after")
    def _one_end(self) -> Dates:
        if (self.end is None) == (self.days is None):
            raise ValueError("a period takes a start, and either an end or a number of days")
        if self.start < EARLIEST.date() or self.start >= LATEST.date() or self.period.end > LATEST.date():
            raise ValueError("the period must lie within the years 2000 to 2199")
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"the period ends ({self.end}) before it has begun ({self.start})")
        return self

    @property
    def period(self) -> Period:
        """The days as a billing period."""
        return Period(self.start, self.end or self.start + timedelta(days=self.days or 0))


def _month(value: Any) -> Any:
    """Read ``2026-11`` as the whole month."""
    if not isinstance(value, str):
        return value
    try:
        first = first_of(value)
    except ValueError as error:
        raise ValueError(f"{error}; or else a mapping with start and days") from None
    return {"start": first, "end": (first + timedelta(days=31)).replace(day=1)}


def _each(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


if TYPE_CHECKING:
    Moments: TypeAlias = tuple[datetime, ...]
    PeriodOrMonth: TypeAlias = Dates
else:
    Moments = Annotated[
        tuple[datetime, ...], BeforeValidator(_each, json_schema_input_type=datetime | tuple[datetime, ...])
    ]
    """One moment or several, in the calendar's time zone."""
    PeriodOrMonth = Annotated[Dates, BeforeValidator(_month, json_schema_input_type=Dates | str)]


class Weekdays(Strict):
    """A weight for each day of the week."""

    mon: Number = 1.0
    tue: Number = 1.0
    wed: Number = 1.0
    thu: Number = 1.0
    fri: Number = 1.0
    sat: Number = 1.0
    sun: Number = 1.0

    @property
    def weights(self) -> list[float]:
        """The weights from Monday to Sunday."""
        return [getattr(self, day) for day in WEEKDAYS]

    @model_validator(mode="after")
    def _some_day_counts(self) -> Weekdays:
        if not sum(self.weights):
            raise ValueError("the weights of the weekdays must not all be 0")
        return self


class Event(Strict):
    """A flash crowd: traffic ramps up to so many times the usual, holds, and decays by halves."""

    name: str = "event"
    at: Moments = ()
    days: tuple[Weekday, ...] = ()
    """Weekdays on which it happens every week, at ``startTime`` after local midnight."""
    start_time: Seconds = Field(default=0.0, alias="startTime")
    ramp: Seconds = 900.0
    peak: UncertainPositive
    hold: Seconds = 0.0
    half_life: Seconds = 600.0

    @model_validator(mode="after")
    def _happens(self) -> Event:
        if bool(self.at) == bool(self.days):
            raise ValueError("an event takes at (moments) or days (weekdays)")
        if any(moment.tzinfo for moment in self.at):
            raise ValueError("an event's moments are in the calendar's time zone: leave out the offset")
        return self

    @property
    def course(self) -> tuple[list[float], list[float]]:
        """Times since it began, and how many times the usual there is then. [s, 1]"""
        peak, over = likely(self.peak), self.ramp + self.hold
        steps = [i / 4 for i in range(1, 4 * DECAY_HALF_LIVES + 1)]
        times = [0.0, self.ramp, over, *(over + self.half_life * step for step in steps)]
        return times, [1.0, peak, peak, *(1 + (peak - 1) * 0.5**step for step in steps)]


class Calendar(Strict):
    """When the profile plays, and the weights of hours, weekdays and events."""

    period: PeriodOrMonth | None = None
    time_zone: str = "UTC"
    hours: Annotated[tuple[Number, ...], Field(min_length=24, max_length=24)] | None = None
    """Weights of the 24 hours of a local day, from midnight."""
    weekdays: Weekdays = Weekdays()
    figures_at: Literal["peak", "mean"] = "peak"
    """Whether the scenarios' figures hold when the weights are highest, or on average."""
    events: tuple[Event, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        known = available_timezones()
        if value not in known:
            close = get_close_matches(value, known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]}?" if close else "Names are such as UTC and Europe/Berlin."
            raise ValueError(f"there is no time zone named {value!r}. {hint}")
        return value

    @field_validator("hours", mode="before")
    @classmethod
    def _a_day_has_24(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)) and len(value) != 24:
            raise ValueError(f"a day has 24 hours, and each needs its weight; here are {len(value)}")
        return value

    @field_validator("hours")
    @classmethod
    def _some_hour_counts(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and not sum(value):
            raise ValueError("the weights of the hours must not all be 0")
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def hour_factors(self) -> list[float]:
        """What each local hour multiplies the figures by."""
        return self._factors(self.hours or (1.0,) * 24)

    @property
    def weekday_factors(self) -> list[float]:
        """What each weekday multiplies the figures by, from Monday."""
        return self._factors(self.weekdays.weights)

    def _factors(self, weights: Any) -> list[float]:
        whole = max(weights) if self.figures_at == "peak" else sum(weights) / len(weights)
        return [weight / whole for weight in weights]
