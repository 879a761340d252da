"""Scenarios in k6's words: how many virtual users, or how many arrivals, over time.

The names are those of https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/ (read 2026-11-23),
with ``repeat`` for what a calendar does to a test, and ``burst`` for what k6 has no word for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from wscost.profile.distributions import Constant, Lengths
from wscost.profile.law import Floats
from wscost.profile.quantities import (
    PositiveSeconds,
    Seconds,
    Strict,
    UncertainNumber,
    UncertainPositive,
    likely,
)

DAY_S = 86_400.0
_PERIOD_S = {"daily": DAY_S, "weekly": 7 * DAY_S}


class Stage(Strict):
    """A ramp: over so long, to this target."""

    duration: Seconds
    target: UncertainNumber


class _Scenario(Strict, ABC):
    start_time: Seconds = Field(default=0.0, alias="startTime")
    """After local midnight: of each day, of Monday where weekly, of the first day where never repeated."""
    repeat: Literal["daily", "weekly", "never"] = "daily"

    @property
    @abstractmethod
    def length_s(self) -> float | None:
        """How long one run lasts; None if it never stops. [s]"""

    @property
    def all_day(self) -> bool:
        """Whether it runs without end, so that the hours of the calendar shape it."""
        return self.length_s is None

    @abstractmethod
    def level(self, since_start: Floats) -> Floats:
        """Return the figure (users, or arrivals a second) at times since a run began. [s]"""

    @property
    @abstractmethod
    def peak(self) -> float:
        """The highest figure of a run."""

    @property
    def breaks(self) -> Sequence[float]:
        """Times since a run began at which its course changes. [s]"""
        return [] if self.length_s is None else [0.0, self.length_s]

    @model_validator(mode="after")
    def _fits_its_period(self) -> _Scenario:
        every = _PERIOD_S.get(self.repeat)
        if self.length_s is not None and every is not None and self.length_s > every:
            longer = {"daily": "a day", "weekly": "a week"}[self.repeat]
            raise ValueError(f"one run lasts longer than {longer}: say repeat: weekly or never")
        return self


class _Constant(_Scenario):
    duration: PositiveSeconds | None = None

    @property
    def length_s(self) -> float | None:
        return self.duration

    def level(self, since_start: Floats) -> Floats:
        length = np.inf if self.duration is None else self.duration
        return np.where((since_start >= 0) & (since_start < length), self.peak, 0.0)


class _Ramping(_Scenario):
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]

    @property
    def length_s(self) -> float | None:
        return sum(stage.duration for stage in self.stages)

    @property
    def breaks(self) -> Sequence[float]:
        return [0.0, *np.cumsum([stage.duration for stage in self.stages]).tolist()]

    @property
    def _levels(self) -> list[float]:
        return [self._start, *(likely(stage.target) * self._unit for stage in self.stages)]

    @property
    @abstractmethod
    def _start(self) -> float:
        """The figure at the beginning of a run."""

    @property
    def _unit(self) -> float:
        return 1.0

    def level(self, since_start: Floats) -> Floats:
        return np.interp(since_start, self.breaks, self._levels, left=0.0, right=0.0)

    @property
    def peak(self) -> float:
        return max(self._levels)


class _Users(Strict):
    pause: Lengths = Constant(value=0.0)
    """Between a session and the next of the same user."""


class ConstantVus(_Users, _Constant):
    """So many users at once, each opening a new session when one ends."""

    executor: Literal["constant-vus"]
    vus: UncertainPositive

    @property
    def peak(self) -> float:  # noqa: D102
        return likely(self.vus)


class RampingVus(_Users, _Ramping):
    """A number of users that follows stages; who must go has ``gracefulRampDown`` to finish."""

    executor: Literal["ramping-vus"]
    start_vus: UncertainNumber = Field(default=1.0, alias="startVUs")
    graceful_ramp_down: Seconds = Field(default=30.0, alias="gracefulRampDown")

    @property
    def _start(self) -> float:
        return likely(self.start_vus)


class _Arrivals(Strict):
    time_unit: PositiveSeconds = Field(default=1.0, alias="timeUnit")
    arrivals: Literal["poisson", "even"] = "poisson"
    """At random as people come, or evenly spaced as k6 starts them."""


class ConstantArrivalRate(_Arrivals, _Constant):
    """So many new sessions per ``timeUnit``, whoever is still there."""

    executor: Literal["constant-arrival-rate"]
    rate: UncertainPositive

    @property
    def peak(self) -> float:  # noqa: D102
        return likely(self.rate) / self.time_unit


class RampingArrivalRate(_Arrivals, _Ramping):
    """A rate of new sessions that follows stages."""

    executor: Literal["ramping-arrival-rate"]
    start_rate: UncertainNumber = Field(default=0.0, alias="startRate")

    @property
    def _start(self) -> float:
        return likely(self.start_rate) * self._unit

    @property
    def _unit(self) -> float:
        return 1.0 / self.time_unit


class Burst(_Scenario):
    """Exactly so many new sessions within a short time."""

    executor: Literal["burst"]
    connections: UncertainPositive
    over: PositiveSeconds = 10.0

    @property
    def length_s(self) -> float | None:  # noqa: D102
        return self.over

    def level(self, since_start: Floats) -> Floats:  # noqa: D102
        return np.where((since_start >= 0) & (since_start < self.over), self.peak, 0.0)

    @property
    def peak(self) -> float:  # noqa: D102
        return likely(self.connections) / self.over


Vus: TypeAlias = ConstantVus | RampingVus
ArrivalRate: TypeAlias = ConstantArrivalRate | RampingArrivalRate
