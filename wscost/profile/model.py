"""The profile: what will happen, as distributions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from wscost.errors import ConfigError, UnknownNameError
from wscost.exact import WHOLE
from wscost.profile.calendar import Calendar, Moments, Weekday
from wscost.profile.clients import CLIENTS, ChosenClient
from wscost.profile.distributions import Counts, Distribution, Lengths
from wscost.profile.executors import (
    ArrivalRate,
    Burst,
    ConstantArrivalRate,
    ConstantVus,
    RampingArrivalRate,
    RampingVus,
    Vus,
)
from wscost.profile.law import Floats, Law
from wscost.profile.messages import Broadcast, Messages, Push, Reply
from wscost.profile.quantities import (
    PositiveSeconds,
    Range,
    Share,
    Strict,
    UncertainNumber,
    UncertainPositive,
    UncertainSeconds,
    UncertainShare,
    highest,
    likely,
    lowest,
    ranges,
    replace,
)

AnyScenario: TypeAlias = ConstantVus | RampingVus | ConstantArrivalRate | RampingArrivalRate | Burst
_EXECUTORS = ("constant-vus", "ramping-vus", "constant-arrival-rate", "ramping-arrival-rate", "burst")


def _known_executor(value: Any) -> Any:
    if isinstance(value, dict) and value.get("executor") not in _EXECUTORS:
        if "executor" not in value:
            raise ValueError(f"'executor' is missing; it is one of {', '.join(_EXECUTORS)}")
        raise ValueError(str(UnknownNameError("executor", str(value["executor"]), _EXECUTORS)))
    return value


if TYPE_CHECKING:
    Scenario: TypeAlias = AnyScenario
else:
    Scenario = Annotated[
        AnyScenario,
        Discriminator("executor"),
        BeforeValidator(_known_executor, json_schema_input_type=AnyScenario),
    ]


MOST_ROOMS = 20_000_000
_LEAST_SHARE = 1e-18
"""Of the traffic: into rooms with less nobody comes."""
Failing = Annotated[Share, Field(le=0.99)]
"""A share of attempts that fail; never all of them, or nobody would come back."""


class Rooms(Strict):
    """Rooms, channels or objects in which connections meet."""

    name: Annotated[str, Field(min_length=1)] = "room"
    count: UncertainPositive | None = None
    """How many rooms there are; where ``size`` is given instead, it follows from the people at the peak."""
    size: UncertainPositive | None = None
    """People in a room at the peak; with ``choice: fill``, places in a room."""
    zipf: UncertainNumber = 0.0
    """Exponent of popularity: the n-th room draws 1/n**zipf times what the first draws; 0 means alike."""
    weights: Counts | None = None
    """A distribution of popularity instead of ``zipf``."""
    max_size: UncertainPositive | None = None
    """A room that would hold more people at the peak is split into several."""
    choice: Literal["popularity", "fill"] = "popularity"
    """By popularity, or like matchmaking: each new room fills up to ``size`` and is then closed to others."""
    lobbies: Annotated[int, Field(ge=1, le=10_000), WHOLE] = 1
    """With ``choice: fill``, how many lobbies fill rooms beside each other."""

    @field_validator("weights")
    @classmethod
    def _some_room_counts(cls, value: Distribution | None) -> Distribution | None:
        if value is not None and not value.law().mean:
            raise ValueError("the weights of rooms must not all be 0")
        return value

    @model_validator(mode="after")
    def _is_one_kind(self) -> Rooms:
        if self.choice == "fill":
            if self.size is None or self.count is not None:
                raise ValueError("choice: fill takes a size and no count: rooms are made as people come")
        elif (self.count is None) == (self.size is None):
            raise ValueError("rooms take either a count or a size")
        if self.weights is not None and likely(self.zipf):
            raise ValueError("rooms take either zipf or weights")
        return self

    def shares(self, population: float) -> Floats:
        """Return each room's share of the traffic (each lobby's, with ``choice: fill``); they sum to 1.

        Rooms into which nobody ever comes are left out.

        Raises
        ------
        ConfigError
            If there are more rooms than can be told apart, or nobody comes into any.
        """
        if self.choice == "fill":
            return np.full(self.lobbies, 1 / self.lobbies)
        count = max(
            round(likely(self.count) if self.count is not None else population / likely(self.size)), 1
        )
        _refuse_too_many(count)
        rank = np.arange(1, count + 1)
        weights = rank ** -likely(self.zipf)
        if self.weights is not None:
            weights = self.weights.law().at((count - rank + 0.5) / count)
        if not weights.any():
            raise ConfigError(
                f"Of {count:,} rooms every weight comes out 0. Take more rooms, or other weights."
            )
        shares = weights / weights.sum()
        shares = shares[shares >= _LEAST_SHARE]
        if self.max_size is not None:
            pieces = np.maximum(np.ceil(shares * population / likely(self.max_size)), 1)
            _refuse_too_many(pieces.sum())
            shares = np.repeat(shares / pieces, pieces.astype(int))
        return np.asarray(shares, dtype=np.float64)


def _refuse_too_many(rooms: float) -> None:
    if rooms > MOST_ROOMS:
        raise ConfigError(
            f"The profile has {rooms:,.0f} rooms, more than the {MOST_ROOMS:,} that are told apart. "
            "Take larger rooms, or fewer people."
        )


class Drops(Strict):
    """Connections that end before their session does; the client comes back."""

    every: UncertainSeconds | None = None
    """Mean time until a connection breaks by accident."""
    after: PositiveSeconds | None = None
    """A proxy or a platform cuts every connection at this age."""
    fails: Failing = 0.0
    """The share of attempts to come back that fail."""


class Deploys(Strict):
    """Deployments that close the open sockets at once; their clients come back together."""

    per_week: UncertainNumber = 0.0
    days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = ("mon", "tue", "wed", "thu", "fri")
    hours: tuple[Annotated[int, Field(ge=0, le=23), WHOLE], Annotated[int, Field(ge=1, le=24), WHOLE]] = (
        9,
        18,
    )
    """The local hours in which they fall, from and until. (assumed)"""
    at: Moments = ()
    """Deployments at known moments, in the calendar's time zone."""
    share: UncertainShare = 1.0
    """The share of sockets that one closes."""
    fails: Failing = 0.0
    """The share of attempts to come back that fail."""

    @model_validator(mode="after")
    def _some_hours(self) -> Deploys:
        if self.hours[0] >= self.hours[1]:
            raise ValueError("the hours of deployments must end after they begin")
        if any(moment.tzinfo for moment in self.at):
            raise ValueError(
                "the moments of deployments are in the calendar's time zone: leave out the offset"
            )
        return self


class Http(Strict):
    """Other Worker requests of the same account, which share its allowances."""

    per_day: UncertainNumber = 0.0
    per_connection: UncertainNumber = 0.0
    """Such as the page and the token that come before each upgrade."""

    def requests(self, connections: int, days: float) -> int:
        """Return the requests that come with so many connections in so many days."""
        return round(likely(self.per_day) * days + likely(self.per_connection) * connections)


class Profile(Strict):
    """A load profile: arrivals, sessions, rooms and messages over a calendar."""

    profile: Annotated[str, Field(min_length=1)]
    """Its name."""
    about: str = ""
    """What it describes, and where its figures come from."""
    calendar: Calendar = Calendar()
    scenarios: Annotated[dict[str, Scenario], Field(min_length=1)]
    session: Lengths
    """How long one person stays, whatever happens to the sockets in between."""
    rooms: Rooms | None = None
    """None where sockets end in a plain Worker."""
    messages: Messages = Messages()
    client: ChosenClient = CLIENTS["plain"]
    drops: Drops = Drops()
    deploys: Deploys = Deploys()
    http: Http = Http()
    seed: Annotated[int, Field(ge=0, le=2**63 - 1), WHOLE] = 0

    @property
    def name(self) -> str:
        """The name of the profile."""
        return self.profile

    def midpoint(self) -> Profile:
        """Return the profile in which every range is its mode."""
        return self._with(likely)

    def draws(self, rng: np.random.Generator, count: int) -> list[Profile]:
        """Return profiles that might be the true one, every range drawn by Latin hypercube.

        Each range is cut into as many slices of equal probability as there are profiles, and each slice is
        drawn from once: what so few draws come to then hardly hangs on chance.
        """
        from scipy.stats import qmc

        places = qmc.LatinHypercube(len(ranges(self)), rng=rng).random(count)
        return [self._at(row) for row in places.tolist()]

    def _at(self, probabilities: Iterable[float]) -> Profile:
        """Return the profile in which every range is at a quantile, in the order of the fields."""
        places = iter(probabilities)
        return self._with(lambda range_: range_.at(next(places)))

    def _with(self, figure: Any) -> Profile:
        drawn: Profile = replace(self, Range, figure)
        return drawn

    @property
    def session_law(self) -> Law:
        """What the session's distribution comes to. [s]"""
        return self.session.law()

    @property
    def population(self) -> float:
        """People at once where the weights are highest, without events. [people]"""
        return _population(self.calendar, self.scenarios, self.session)

    @property
    def shares(self) -> Floats:
        """Each room's share of the traffic; without rooms, that of a hundred equal parts."""
        return np.full(100, 0.01) if self.rooms is None else self.rooms.shares(self.population)

    @field_validator("session")
    @classmethod
    def _sessions_last(cls, value: Distribution) -> Distribution:
        if not value.law().mean:
            raise ValueError("sessions of no length open no sockets")
        return value

    @field_validator("rooms")
    @classmethod
    def _enough_people_for_a_room(cls, value: Rooms | None, info: ValidationInfo) -> Rooms | None:
        if value is None or value.size is None or not {"calendar", "scenarios", "session"} <= set(info.data):
            return value
        calendar: Calendar = info.data["calendar"]
        busiest = max([1.0, *(highest(event.peak) for event in calendar.events)])
        people = ceil(_population(calendar, info.data["scenarios"], info.data["session"]) * busiest)
        if lowest(value.size) > people:
            raise ValueError(
                f"rooms of {lowest(value.size):,.0f} are larger than the {people:,} people that the "
                "scenarios bring together at the peak"
            )
        return value

    @field_validator("messages")
    @classmethod
    def _somebody_to_speak_and_to_hear(cls, value: Messages, info: ValidationInfo) -> Messages:
        for process in value.outgoing:
            if isinstance(process, (Broadcast, Push)) and info.data.get("rooms", "unread") is None:
                raise ValueError(f"{process.process} needs rooms: say how many there are, or how large")
            if isinstance(process, (Broadcast, Reply)) and not value.incoming:
                raise ValueError(f"{process.process} needs messages in")
        return value


def _population(calendar: Calendar, scenarios: Mapping[str, AnyScenario], session: Distribution) -> float:
    """Return the people at once where the weights are highest."""
    stay, people = session.law().mean, 0.0
    for scenario in scenarios.values():
        factor = max(calendar.weekday_factors) * (max(calendar.hour_factors) if scenario.all_day else 1.0)
        if isinstance(scenario, Vus):
            people += factor * scenario.peak * stay / (stay + scenario.pause.law().mean)
        elif isinstance(scenario, ArrivalRate):
            people += factor * scenario.peak * stay
        else:
            people += likely(scenario.connections)
    return people
