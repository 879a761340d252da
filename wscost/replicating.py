"""Replicating: a profile's month simulated once, and many months that it might have been.

Two things are uncertain. Months differ by chance: replicates draw their days anew among the simulated
days of the same weekday. And the workload is not known: figures given as ranges are drawn, and usage
follows in proportion to the means that queueing theory gives for each draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, NoReturn

import numpy as np

from wscost.deployment import Deployment
from wscost.metering import meter
from wscost.metering.streaming import Question
from wscost.notes import Grade, Note
from wscost.profile.model import Profile
from wscost.profile.quantities import ranged
from wscost.ranging import Replicates
from wscost.simulating import expected, sample_rooms, simulate_days, simulate_streams
from wscost.trace import Trace, TraceStream
from wscost.usage import METERS, MonthlyUsage, Period, Quantities, meter_of, rounded, total

MOST_CONNECTIONS = 8_000_000
"""More than so many in a month are not simulated one by one: a share of the rooms stands for all."""
STREAMED_FROM = 200_000
"""From so many on, loading the compiled kernel takes less time than frames do."""
MOST_EVENTS = 400_000
_FROM_EVENTS = ("messages_in", "bytes_in", "object_requests")
_FROM_EVENTS_ASLEEP = ("object_active_seconds", "object_resident_seconds", "object_wakeups")


class Parameters(NamedTuple):
    """What parametrised meters need beside the traffic."""

    steps: Collection[int] = ()
    cpu_multiples: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class SimulatedMonth:
    """One month of a profile on one deployment, and the means to make others like it."""

    profile: Profile
    deployment: Deployment
    seed: int
    share: float
    """How much of the traffic was simulated."""
    parameters: Parameters
    month: MonthlyUsage

    def replicate(self, replicates: int) -> Replicates[Quantities]:
        """Return the usage of so many months: by chance alone, and with ranges drawn too."""
        chance = _chance(self, replicates)
        drawn_from = tuple(ranged(self.profile))
        if not drawn_from:
            return Replicates(chance, chance)
        ratios = _ratios(self, replicates)
        drawn = [
            {
                key: rounded(key, Decimal(float(q) * ratio.get(meter_of(key).name, 1.0)))
                for key, q in month.items()
            }
            for month, ratio in zip(chance, ratios, strict=True)
        ]
        return Replicates(drawn, chance, drawn=drawn_from)


def simulate_month(
    profile: Profile,
    deployment: Deployment,
    period: Period,
    *,
    seed: int | None = None,
    parameters: Parameters = Parameters(),  # noqa: B008
) -> SimulatedMonth:
    """Simulate and meter a billing month of a profile on one deployment; see ``Simulation``."""
    return Simulation(profile, period, seed).month(deployment, parameters)


class Simulation:
    """A billing month of a profile, every range at its mode, simulated once whoever asks.

    Parameters
    ----------
    profile : Profile
        The load; with more than ``MOST_CONNECTIONS`` a month, a share of its rooms stands for all.
    period : Period
        The billing month.
    seed : int, optional
        The profile's own by default; the same seed gives the same month.
    share : float, optional
        The share of the rooms to simulate at most, above 0 and at most 1.

    Raises
    ------
    InputError
        If the profile makes more than can be simulated, or the share leaves no room.
    """

    def __init__(
        self, profile: Profile, period: Period, seed: int | None = None, share: float | None = None
    ) -> None:
        self.profile, self.period = profile, period
        self.seed = profile.seed if seed is None else seed
        self._middle = profile.midpoint()
        coming = expected(self._middle, period).connections
        self._rooms: Sequence[int] | None = None
        self.share = 1.0
        """How much of the traffic is simulated."""
        part = min(1.0 if share is None else share, MOST_CONNECTIONS / max(coming, 1.0))
        if part < 1:
            self._rooms = _rooms(self._middle, part, self.seed)
            self.share = float(self._middle.shares[self._rooms].sum())
        self._streams = coming * self.share >= STREAMED_FROM
        self._passes: dict[Question, list[TraceStream]] = {}
        self._listed: list[Trace] | None = None

    def month(self, deployment: Deployment, parameters: Parameters = Parameters()) -> SimulatedMonth:  # noqa: B008
        """Return the month as a deployment would be charged for it."""
        days = self._by_day(deployment, parameters)
        notes = list(_notes(self._middle, self.period, self.share, days, self.seed))
        if deployment.in_object:
            days = self._with_events(days, deployment)
            notes.append(
                Note("handler-time-assumed", _handler_sentence(deployment))
                if deployment.hibernation
                else Note("sockets-keep-awake", "Objects are active for as long as a socket is open.")
            )
        days = {day: _with_http(self._middle, quantities) for day, quantities in days.items()}
        grades = dict.fromkeys(METERS, Grade.ASSUMED)
        quantities = {key: rounded(key, Decimal(float(q))) for key, q in total(days.values()).items()}
        month = MonthlyUsage(self.period, quantities, days, grades, tuple(notes))
        return SimulatedMonth(self.profile, deployment, self.seed, self.share, parameters, month)

    def _by_day(self, deployment: Deployment, parameters: Parameters) -> dict[date, Quantities]:
        """Meter connections day by day; of too many, a share of the rooms, scaled up."""
        days: dict[date, Quantities] = {}
        for trace in self._traces(deployment, parameters):
            usage = meter(trace, deployment, **parameters._asdict())
            for day, quantities in usage.days.items():
                days[day] = {key: q / Decimal(self.share) for key, q in quantities.items()}
        return days

    def _traces(self, deployment: Deployment, parameters: Parameters) -> Iterable[Trace | TraceStream]:
        """Yield the days; of a stream that was asked the same already, its answers without its rows."""
        how = {"seed": self.seed, "rooms": self._rooms}
        if not self._streams:
            yield from simulate_days(self._middle, self.period, **how)  # type: ignore[arg-type]
            return
        question = Question.of(deployment, *map(sorted, map(set, parameters)))
        if question in self._passes:
            yield from self._passes[question]
            return
        passed = []
        for stream in simulate_streams(self._middle, self.period, **how):  # type: ignore[arg-type]
            yield stream
            passed.append(replace(stream, read=_read_already))
        self._passes[question] = passed

    def _with_events(self, days: Mapping[date, Quantities], deployment: Deployment) -> dict[date, Quantities]:
        """Replace what only events can tell by a sample of it, scaled by the time that sockets are open."""
        keys = (*_FROM_EVENTS, *(_FROM_EVENTS_ASLEEP if deployment.hibernation else ()))
        if self._listed is None:
            self._listed = self._busiest_day(days)
        seen = total(meter(trace, deployment).totals for trace in self._listed)
        open_seconds = seen["connection_seconds"]
        if not open_seconds:
            return dict(days)
        return {
            day: {
                **quantities,
                **{
                    key: seen[key] * quantities["connection_seconds"] / open_seconds
                    for key in keys
                    if key in seen
                },
            }
            for day, quantities in days.items()
        }

    def _busiest_day(self, days: Mapping[date, Quantities]) -> list[Trace]:
        """Simulate the events of the busiest day, of so many rooms as can be held."""
        busiest = max(days, key=lambda day: days[day].get("connection_seconds", Decimal(0)))
        one_day = Period(busiest, busiest + timedelta(days=1))
        coming = expected(self._middle, one_day)
        listed = max(2 * coming.connections + coming.messages_in + coming.object_requests, 1.0)
        rooms = None if listed <= MOST_EVENTS else _rooms(self._middle, MOST_EVENTS / listed, self.seed)
        return list(simulate_days(self._middle, one_day, seed=self.seed, events="in", rooms=rooms))


def _read_already(sort: bool) -> NoReturn:
    raise AssertionError("a simulated day is read once; what it came to is remembered")


def _rooms(profile: Profile, share: float, seed: int) -> Sequence[int]:
    """Return a share of the rooms, at least one."""
    return [int(n) for n in sample_rooms(profile, max(share, 1.0 / len(profile.shares)), seed)]


def _with_http(profile: Profile, quantities: Quantities) -> Quantities:
    opened = int(quantities["connections_opened"])
    return {**quantities, "http_requests": Decimal(profile.http.requests(opened, 1.0))}


def _notes(
    profile: Profile, period: Period, share: float, days: Mapping[date, Quantities], seed: int
) -> Iterable[Note]:
    yield Note(
        "simulated",
        f"Simulated from the profile {profile.name}, seed {seed}; every figure of it is an assumption.",
        {"profile": profile.name, "seed": seed},
    )
    if share < 1:
        mean = expected(profile, period).connection_seconds
        seen = float(sum((d["connection_seconds"] for d in days.values()), Decimal(0)))
        off = abs(seen / mean - 1) if mean else 0.0
        yield Note(
            "sampled-rooms",
            f"{share:.1%} of the traffic was simulated, room by room, and scaled up; its connection time is "
            f"{off:.1%} off the mean that the profile comes to.",
            {"share": share, "error": off},
        )


def _handler_sentence(deployment: Deployment) -> str:
    return (
        f"A handler is taken to run {deployment.handler_ms.message:f} ms a message; "
        "handler_ms in the deployment sets it."
    )


def _chance(simulated: SimulatedMonth, replicates: int) -> list[Quantities]:
    """Draw every day anew among the simulated days of its weekday; days of their own stay.

    Drawing among so few days makes months too alike, and scaling a share of the rooms too different:
    deviations are widened for the one and narrowed for the other.
    """
    days = simulated.month.days or {}
    dates = sorted(days)
    own = _days_of_their_own(simulated.profile)
    groups: dict[int, list[int]] = {}
    for i, day in enumerate(dates):
        groups.setdefault(day.weekday() if day not in own else 7 + i, []).append(i)
    rng = np.random.default_rng(np.random.SeedSequence(simulated.seed, spawn_key=(1,)))
    chosen = np.empty((replicates, len(dates)), dtype=np.int64)
    widen = np.empty(len(dates))
    for members in groups.values():
        chosen[:, members] = rng.choice(members, size=(replicates, len(members)))
        widen[members] = np.sqrt(simulated.share * len(members) / max(len(members) - 1, 1))
    home = np.empty((len(dates), len(dates)))
    for members in groups.values():
        home[np.ix_(members, range(len(dates)))] = 0
        home[np.ix_(members, members)] = 1 / len(members)
    months: list[dict[str, Decimal]] = [{} for _ in range(replicates)]
    for key in simulated.month.quantities:
        values = np.array([float(days[day].get(key, Decimal(0))) for day in dates])
        if meter_of(key).peak:
            sums = values[chosen].max(axis=1, initial=0.0)
        else:
            usual = home @ values
            sums = np.maximum(usual + (values[chosen] - usual) * widen, 0).sum(axis=1)
        for month, amount in zip(months, sums, strict=True):
            month[key] = rounded(key, Decimal(float(amount)))
    return list(months)


def _days_of_their_own(profile: Profile) -> set[date]:
    """Return the days on which something dated happens: no other day can stand for them."""
    moments = [moment for event in profile.calendar.events for moment in event.at]
    return {moment.date() for moment in (*moments, *profile.deploys.at)}


def _ratios(simulated: SimulatedMonth, replicates: int) -> list[dict[str, float]]:
    """Draw the ranges, and say how each meter's mean compares with that of the modes."""
    period = simulated.month.period
    usual = means(simulated.profile.midpoint(), simulated.deployment, period)
    rng = np.random.default_rng(np.random.SeedSequence(simulated.seed, spawn_key=(2,)))
    drawn = (means(simulated.profile.draw(rng), simulated.deployment, period) for _ in range(replicates))
    return [{key: means[key] / was for key, was in usual.items() if was} for means in drawn]


def means(profile: Profile, deployment: Deployment, period: Period) -> dict[str, float]:
    """Return the mean of each meter as theory has it.

    A room with people who come at random and stay is held open as an M/G/infinity queue is busy:
    P(active) = 1 - exp(-people in it on average).
    """
    mean = expected(profile, period)
    seconds = period.days * 86_400.0
    people = mean.connection_seconds / seconds
    handler = {kind: float(ms) / 1000 for kind, ms in deployment.handler_ms}
    handled = mean.connections * (handler["open"] + handler["close"]) + mean.messages_in * handler["message"]
    handled += mean.object_requests * handler["request"]
    occupied = float(-np.expm1(-profile.shares * people).sum()) * seconds
    cpu = mean.connections * float(deployment.cpu_ms.connect)
    if deployment.endpoint == "worker":
        cpu += mean.messages_in * float(deployment.cpu_ms.message)
    open_seconds = dict.fromkeys(
        (
            "connection_seconds",
            "connection_minutes",
            "worker_wall_seconds",
            "worker_passthrough_seconds",
            "peak_connections",
        ),
        mean.connection_seconds,
    )
    return {
        **open_seconds,
        "connections_opened": mean.connections,
        "http_requests": float(profile.http.requests(round(mean.connections), period.days)),
        "messages_in": mean.messages_in,
        "bytes_in": mean.messages_in,
        "messages_out": mean.messages_out,
        "bytes_out": mean.messages_out,
        "object_requests": mean.object_requests,
        "worker_cpu_ms": cpu,
        "object_active_seconds": handled if deployment.hibernation else occupied,
        "object_resident_seconds": occupied,
        "object_wakeups": mean.messages_in,
    }
