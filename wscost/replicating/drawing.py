"""Drawing months anew: by chance among simulated days, and with figures that are given as ranges.

Months differ by chance: replicates draw their days among the simulated days of the same weekday. And the
workload is not known: figures given as ranges are drawn, and usage follows in proportion to the means that
queueing theory gives for each draw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from wscost.deployment import Deployment
from wscost.profile.model import Profile
from wscost.projecting import days_drawn
from wscost.simulating import Expected, days_alike, expected, occupied
from wscost.usage import MonthlyUsage, Period, Quantities, meter_of, rounded


def by_chance(
    simulated: MonthlyUsage,
    profile: Profile,
    share: float,
    seed: int,
    replicates: int,
    *,
    daily: Collection[str] = (),
) -> list[MonthlyUsage]:
    """Draw every day anew among those simulated days that are like it; days of their own stay.

    Drawing among so few days makes months too alike, and scaling a share of the rooms too different:
    deviations are widened for the one and narrowed for the other. Of the meters named in ``daily`` the
    days are kept.
    """
    days = simulated.days or {}
    dates = sorted(days)
    place = {day: i for i, day in enumerate(dates)}
    groups = [[place[day] for day in days] for days in days_alike(profile, simulated.period)]
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    chosen = np.empty((replicates, len(dates)), dtype=np.int64)
    widen = np.empty(len(dates))
    for members in groups:
        chosen[:, members] = rng.choice(members, size=(replicates, len(members)))
        widen[members] = np.sqrt(share * len(members) / max(len(members) - 1, 1))
    home = np.empty((len(dates), len(dates)))
    for members in groups:
        home[np.ix_(members, range(len(dates)))] = 0
        home[np.ix_(members, members)] = 1 / len(members)
    months: list[dict[str, Decimal]] = [{} for _ in range(replicates)]
    by_day: dict[str, npt.NDArray[np.float64]] = {}
    for key in sorted({key for held in days.values() for key in held}):
        values = np.array([float(days[day].get(key, Decimal(0))) for day in dates])
        if meter_of(key).peak:
            drawn = values[chosen]
            sums = drawn.max(axis=1, initial=0.0)
        else:
            usual = home @ values
            drawn = np.maximum(usual + (values[chosen] - usual) * widen, 0)
            sums = drawn.sum(axis=1)
        if meter_of(key).name in daily:
            by_day[key] = drawn
        for month, amount in zip(months, sums, strict=True):
            month[key] = rounded(key, Decimal(float(amount)))
    return [
        MonthlyUsage(simulated.period, month, days_of_month)
        for month, days_of_month in zip(months, days_drawn(dates, by_day, replicates), strict=True)
    ]


class Theory(NamedTuple):
    """What theory says of a profile's period, whatever it is deployed on."""

    profile: Profile
    period: Period
    coming: Expected
    occupied_s: float
    """For how long somebody is in a room, summed over rooms. [s]"""

    @classmethod
    def of(cls, profile: Profile, period: Period) -> Theory:
        """Return the theory of a profile without ranges."""
        return cls(profile, period, expected(profile, period), occupied(profile, period))


def drawn_theories(profile: Profile, period: Period, seed: int, replicates: int) -> list[Theory]:
    """Draw every range so many times, and return what theory says of each draw."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    return [Theory.of(drawn, period) for drawn in profile.draws(rng, replicates)]


def in_proportion(
    months: Sequence[MonthlyUsage], usual: Theory, drawn: Sequence[Theory], deployment: Deployment
) -> list[MonthlyUsage]:
    """Return months as a drawn workload would have made them: each meter by the ratio of its means."""
    steps = {step for month in months[:1] for key in month.quantities if (step := _step_of(key))}
    was = means(usual, deployment, steps)
    out = []
    for month, theory in zip(months, drawn, strict=True):
        now = means(theory, deployment, steps)
        ratios = {name: now[name] / mean if mean else 1.0 for name, mean in was.items()}
        days = month.days
        if days is not None:
            days = {day: _times(quantities, ratios) for day, quantities in days.items()}
        quantities = {key: rounded(key, q) for key, q in _times(month.quantities, ratios).items()}
        out.append(replace(month, quantities=quantities, days=days))
    return out


def _times(quantities: Quantities, ratios: Mapping[str, float]) -> dict[str, Decimal]:
    by_key = {key: ratios[key if _step_of(key) else meter_of(key).name] for key in quantities}
    return {key: Decimal(float(q) * by_key[key]) for key, q in quantities.items()}


def _step_of(key: str) -> int | None:
    """Return the step of a key such as ``message_units_in:32768``. [bytes]"""
    return int(key.partition(":")[2]) if meter_of(key).parameter == "step_bytes" else None


def means(theory: Theory, deployment: Deployment, steps: Collection[int] = ()) -> dict[str, float]:
    """Return the mean of each meter as theory has it, of message units in each of some steps.

    Message units are those of totals: as many as messages, or as few as the bytes allow.
    """
    profile, period, mean, occupied_s = theory
    handler = {kind: float(ms) / 1000 for kind, ms in deployment.handler_ms}
    handled = mean.connections * (handler["open"] + handler["close"]) + mean.messages_in * handler["message"]
    handled += mean.object_requests * handler["request"]
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
        "bytes_in": mean.bytes_in,
        "messages_out": mean.messages_out,
        "bytes_out": mean.bytes_out,
        "object_requests": mean.object_requests,
        "worker_cpu_ms": cpu,
        "object_active_seconds": handled if deployment.hibernation else occupied_s,
        "object_resident_seconds": occupied_s,
        "object_wakeups": mean.messages_in,
        **{f"message_units_in:{step}": max(mean.messages_in, mean.bytes_in / step) for step in steps},
        **{f"message_units_out:{step}": max(mean.messages_out, mean.bytes_out / step) for step in steps},
    }
