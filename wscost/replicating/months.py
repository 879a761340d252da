"""A profile's billing month: simulated and metered once, whatever it is deployed on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from typing import NamedTuple, NoReturn

import numpy as np

from wscost.deployment import Deployment, Pins
from wscost.metering import meter
from wscost.metering.streaming import Question
from wscost.notes import Grade, Note
from wscost.profile.messages import Push
from wscost.profile.model import Profile
from wscost.profile.quantities import likely, ranged
from wscost.ranging import Replicates
from wscost.replicating.drawing import Theory, by_chance, drawn_theories, in_proportion
from wscost.simulating import (
    occupied,
    refuse_too_much,
    sample_rooms,
    simulate_days,
    simulate_streams,
)
from wscost.trace import Trace, TraceStream
from wscost.usage import METERS, MonthlyUsage, Period, Quantities, Window, rounded, total

MOST_CONNECTIONS = 8_000_000
"""More than so many in a month are not simulated one by one: a share of the rooms stands for all."""
STREAMED_FROM = 200_000
"""Below, frames are as quick, and show what was simulated."""
MOST_EVENTS = 400_000
"""About so many are simulated one by one, for what only events can tell."""
_TIMES_OF_A_DAY = 12
_HELD_OPEN = ("object_active_seconds", "object_resident_seconds")


class Parameters(NamedTuple):
    """What parametrised meters need beside the traffic."""

    steps: Collection[int] = ()
    cpu_multiples: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class SimulatedMonth:
    """One month of a profile on one deployment, and the means to make others like it."""

    simulation: Simulation = field(repr=False, compare=False)
    deployment: Deployment
    month: MonthlyUsage

    @property
    def profile(self) -> Profile:
        """What was simulated."""
        return self.simulation.profile

    @property
    def share(self) -> float:
        """How much of the traffic was simulated."""
        return self.simulation.share

    def replicate(self, replicates: int, daily: Collection[str] = ()) -> Replicates:
        """Return the usage of so many months: by chance alone, and with ranges drawn too.

        Of the meters named in ``daily`` their days are kept.
        """
        of, fields = self.simulation, tuple(ranged(self.profile))
        chance = by_chance(self.month, of.profile, of.share, of.seed, replicates, daily=daily)
        if not fields:
            return Replicates(chance, chance)
        drawn = in_proportion(chance, of.theory, of.drawn(replicates), self.deployment)
        return Replicates(drawn, chance, drawn=fields)


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
        self.theory = Theory.of(self._middle, period)
        """What it comes to on average."""
        coming = self.theory.coming.connections
        if share is None:
            refuse_too_much(profile, self.theory.coming)
        self._rooms = self._chosen_rooms(1.0 if share is None else share, MOST_CONNECTIONS / max(coming, 1.0))
        """Those to simulate; None for all."""
        self.share = 1.0
        """How much of the traffic is simulated."""
        if self._rooms is not None:
            self.share = float(self._middle.shares[self._rooms].sum())
        self._drawn: dict[int, list[Theory]] = {}
        self._occupied = 0.0 if self._rooms is None else occupied(self._middle, period, self._rooms)
        self._streams = coming * self.share >= STREAMED_FROM
        self._passes: dict[Question, list[TraceStream]] = {}
        self._listed: list[Trace] | None = None
        self._listed_whole_day = True
        """Else it is not known of every event what came before it, so lives cannot be told apart."""

    def month(self, deployment: Deployment, parameters: Parameters = Parameters()) -> SimulatedMonth:  # noqa: B008
        """Return the month as a deployment would be charged for it."""
        days = self._by_day(deployment, parameters)
        notes = list(self._notes(days))
        if deployment.in_object:
            days = self._with_events(days, deployment)
            notes.append(
                Note("handler-time-assumed", _handler_sentence(deployment))
                if deployment.hibernation
                else Note("sockets-keep-awake", "Objects are active for as long as a socket is open.")
            )
        days = {day: _with_http(self._middle, quantities) for day, quantities in days.items()}
        grades = dict.fromkeys(METERS, Grade.ASSUMED)
        quantities = {key: rounded(key, q) for key, q in total(days.values()).items()}
        month = MonthlyUsage(self.period, quantities, days, grades, tuple(notes))
        return SimulatedMonth(self, deployment, month)

    def drawn(self, replicates: int) -> list[Theory]:
        """Return what theory says of so many draws of the ranges."""
        if replicates not in self._drawn:
            self._drawn[replicates] = drawn_theories(self.profile, self.period, self.seed, replicates)
        return self._drawn[replicates]

    def _chosen_rooms(self, asked: float, most: float) -> Sequence[int] | None:
        """Return as large a share of the rooms as was asked for and can be held; None for all."""
        rooms = sample_rooms(self._middle, asked, self.seed)
        if most < asked:
            rooms = sample_rooms(self._middle, max(most, 1 / len(self._middle.shares)), self.seed)
        return None if len(rooms) == len(self._middle.shares) else [int(n) for n in rooms]

    def _by_day(self, deployment: Deployment, parameters: Parameters) -> dict[date, Quantities]:
        """Meter connections day by day, and pushes; of too many, a share of the rooms, scaled up."""
        days: dict[date, Quantities] = {}
        pushes = _pushes_a_second(self._middle) if deployment.in_object else Decimal(0)
        held_open = deployment.model_copy(update={"hibernation": False, "pins": Pins()})
        for trace in self._traces(deployment, parameters):
            usage = meter(trace, deployment, **parameters._asdict())
            for day, quantities in usage.days.items():
                days[day] = {key: q * self._times(key) for key, q in quantities.items()}
            if not pushes:
                continue
            for day, quantities in meter(trace, held_open, **parameters._asdict()).days.items():
                held = quantities["object_active_seconds"] * self._times("object_active_seconds")
                days[day] = {**days[day], "object_requests": held * pushes}
        return days

    def _times(self, key: str) -> Decimal:
        """Return how many times what the simulated rooms come to all rooms do.

        Most meters follow the traffic. The time for which rooms are held open does not: small rooms are
        empty more often. It follows what theory says of rooms of these sizes.
        """
        if self._rooms is None:
            return Decimal(1)
        if key in _HELD_OPEN and self._occupied:
            return Decimal(self.theory.occupied_s / self._occupied)
        return Decimal(1 / self.share)

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
        """Add what only events can tell, as a sample of them has it beside what connections tell."""
        if self._listed is None:
            self._listed = self._busiest_day(days)
        seen = total(meter(trace, deployment).totals for trace in self._listed)
        if not seen["connection_seconds"]:
            return dict(days)
        beats = self._unanswered(seen, deployment)
        with_beats = {day: _plus(q, beats, q["connection_seconds"]) for day, q in days.items()}
        if not deployment.hibernation:
            return with_beats
        told = total(meter(replace(trace, events=None), deployment).totals for trace in self._listed)
        told = {**_plus(told, beats, told["connection_seconds"]), "object_requests": seen["object_requests"]}
        handled = _handled(told, beats, deployment)
        overlapping = seen["object_active_seconds"] / handled if handled else Decimal(1)
        by = "object_requests" if seen["object_requests"] else "connection_seconds"
        asleep = ("object_resident_seconds", "object_wakeups") if self._listed_whole_day else ()
        return {
            day: {
                **quantities,
                "object_active_seconds": overlapping * _handled(quantities, beats, deployment),
                **{key: seen[key] * quantities[by] / seen[by] for key in asleep},
            }
            for day, quantities in with_beats.items()
        }

    def _unanswered(self, seen: Quantities, deployment: Deployment) -> dict[str, Decimal]:
        """Return the heartbeats that another deployment would answer itself, for each second of a socket."""
        assert self._listed is not None
        answering = deployment.model_copy(update={"hibernation": True, "auto_response": True})
        if answering == deployment or not any(b.auto_response for b in self._middle.client.heartbeats):
            return {}
        answered = total(meter(trace, answering).totals for trace in self._listed)
        return {
            key: (seen[key] - answered[key]) / seen["connection_seconds"]
            for key in ("messages_in", "bytes_in")
            if key in seen and key in answered
        }

    def _busiest_day(self, days: Mapping[date, Quantities]) -> list[Trace]:
        """Simulate the events of the busiest day: of as many rooms as can be held, of one at times only."""
        best = max(days, key=lambda day: days[day].get("connection_seconds", Decimal(0)))
        one_day, coming = Period(best, best + timedelta(days=1)), days[best]
        events = 2 * coming["connections_opened"] + coming["messages_in"] + coming["object_requests"]
        listed = max(float(events), 1.0)
        rooms = self._chosen_rooms(1.0, MOST_EVENTS / listed)
        share = 1.0 if rooms is None else float(self._middle.shares[rooms].sum())
        fewer = ceil(share * listed / (2 * MOST_EVENTS))
        within = _spread_out(one_day, fewer) if fewer > 1 else ()
        self._listed_whole_day = not within
        how = {"seed": self.seed, "rooms": rooms, "within": within, "first_day": self.period.start}
        return list(simulate_days(self._middle, one_day, events="in", **how))  # type: ignore[arg-type]

    def _notes(self, days: Mapping[date, Quantities]) -> Iterable[Note]:
        name, seed = self.profile.name, self.seed
        yield Note(
            "simulated",
            f"Simulated from the profile {name}, seed {seed}; every figure of it is an assumption.",
            {"profile": name, "seed": seed},
        )
        if self._rooms is None:
            return
        mean = self.theory.coming.connection_seconds
        seen = float(sum((d["connection_seconds"] for d in days.values()), Decimal(0)))
        off, error = abs(seen / mean - 1) if mean else 0.0, self._sampling_error
        rooms, of = len(self._rooms), len(self._middle.shares)
        yield Note(
            "sampled-rooms",
            f"{rooms:,} of {of:,} rooms were simulated, {self.share:.1%} of the traffic, and scaled up. The "
            f"sampling error of the time that sockets are open is {error:.1%} (one standard deviation); it "
            f"came out {off:.1%} off the mean that the profile comes to.",
            {"share": self.share, "rooms": rooms, "standard_error": error, "error": off},
        )

    @property
    def _sampling_error(self) -> float:
        """The relative standard deviation of connection seconds that leaving rooms out adds.

        Sessions in different rooms are independent, so n of them that last S each tell their sum to
        sqrt(E[S²] / n) / E[S]; what was simulated is exact.
        """
        law = self._middle.session_law
        sessions = self.theory.coming.sessions * self.share
        if not sessions:
            return 0.0
        return float(np.sqrt((1 - self.share) * (1 + law.variance / law.mean**2) / sessions))


def _spread_out(day: Period, fewer: int) -> list[Window]:
    """Return times of a day, evenly spread, that make up so small a part of it."""
    window = day.window
    every = (window.end - window.start) / _TIMES_OF_A_DAY
    begins = [window.start + n * every for n in range(_TIMES_OF_A_DAY)]
    return [Window(start, start + every / fewer) for start in begins]


def _read_already(sort: bool) -> NoReturn:
    raise AssertionError("a simulated day is read once; what it came to is remembered")


def _pushes_a_second(profile: Profile) -> Decimal:
    """Return how often a room is woken to speak while somebody is in it, however many."""
    pushes = (process for process in profile.messages.outgoing if isinstance(process, Push))
    return Decimal(sum(1 / likely(push.every) for push in pushes))


def _plus(quantities: Quantities, rates: Mapping[str, Decimal], seconds: Decimal) -> Quantities:
    return {key: q + rates.get(key, Decimal(0)) * seconds for key, q in quantities.items()}


def _handled(quantities: Quantities, beats: Mapping[str, Decimal], deployment: Deployment) -> Decimal:
    """Add to the active time that connections tell the handlers of pushes and heartbeats, end to end. [s]"""
    time, beaten = (
        deployment.handler_ms,
        beats.get("messages_in", Decimal(0)) * quantities["connection_seconds"],
    )
    more = (quantities["object_requests"] * time.request + beaten * time.message) / 1000
    return quantities["object_active_seconds"] + more * (1 - deployment.pins.share)


def _with_http(profile: Profile, quantities: Quantities) -> Quantities:
    opened = int(quantities["connections_opened"])
    return {**quantities, "http_requests": Decimal(profile.http.requests(opened, 1.0))}


def _handler_sentence(deployment: Deployment) -> str:
    return (
        f"A handler is taken to run {deployment.handler_ms.message:f} ms a message; "
        "handler_ms in the deployment sets it."
    )
