"""Studying: a comparison and all that a report tells beside it, from one reading of the inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from wscost.bill import Bill, Comparison
from wscost.comparing import compare
from wscost.deployment import Deployment
from wscost.drawable import draw
from wscost.errors import InputError
from wscost.estimating import DEFAULT_PLAN, Account, Options, deployments_of
from wscost.exploring.breaking_even import break_even
from wscost.exploring.crossings import BreakEven
from wscost.exploring.paths import GROWTH
from wscost.exploring.sensitivity import Sensitivity, sensitivity
from wscost.inputs import Input, Workload
from wscost.intervals import peak_by_step
from wscost.metering.columns import microseconds
from wscost.profile import is_profile
from wscost.readers import read_trace
from wscost.readers.holding import held
from wscost.trace import Trace, TraceStream
from wscost.units import microseconds_of, moment_at
from wscost.usage import Period

if TYPE_CHECKING:
    import pandas as pd

    from wscost.profile import Profile

_MOST_STEPS = 240
_MOST_CONNECTIONS = 1_000_000
"""Of a profile's busiest day, so many are simulated one by one."""
_STEPS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 86_400, 7 * 86_400)
"""Lengths of a step that a person can name. [s]"""
AHEAD = "1..1000log"
"""How far a report looks ahead: a thousand times the traffic."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The most sockets open at one instant, in each of equal steps of a trace's window.

    ``simulated`` where it is the busiest day of a profile that was observed.
    """

    source: str
    start: datetime
    step: timedelta
    peaks: tuple[int, ...]
    simulated: bool = False

    @property
    def at(self) -> list[datetime]:
        """Where each step begins."""
        return [self.start + i * self.step for i in range(len(self.peaks))]

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the sockets open over time; return matplotlib axes."""
        return draw(self, ax)


@dataclass(frozen=True, slots=True)
class Study(Comparison):
    """A comparison, and what a report tells beside it as far as the inputs allow."""

    concurrency: tuple[Concurrency, ...] = ()
    sensitivity: Sensitivity | None = None
    break_even: BreakEven | None = None


def study(
    inputs: Input | Iterable[Input],
    *,
    plan: str | Sequence[str] | None = None,
    deployment: str | Path | Deployment | Sequence[str | Path | Deployment] | None = None,
    **options: Unpack[Options],
) -> Study:
    """Compare plans and deployments, and find what moves the best bill and where another overtakes it.

    Parameters and errors are those of ``compare``.
    """
    account = Account.of(inputs, options)
    opened, options = list(account.workloads.values()), account.options
    plan, deployment = plan or account.scenario_plans, deployment or account.scenario_deployment
    compared = compare(opened, plan=plan, deployment=deployment, **options)
    best = compared.cheapest or compared.bills[0]
    built = {one.label: one for one in deployments_of(deployment) or account.deployments}
    rival = _rival(best, compared.bills)
    return Study(
        compared.bills,
        compared.decides,
        compared.notes,
        concurrency=tuple(_concurrencies(opened, best.period, options.get("seed"))),
        sensitivity=sensitivity(opened, plan=best.plan, deployment=built[best.deployment], **options),
        break_even=_overtaken(opened, (best, rival), built, options) if rival else None,
    )


def _rival(best: Bill, bills: Iterable[Bill]) -> Bill | None:
    """Return the bill that comes nearest: the same deployment on another plan, or the other way round."""
    near = [b for b in bills if (b.plan == best.plan) != (b.deployment == best.deployment)]
    return min(near, key=lambda b: (b.legacy, not b.feasible, b.total), default=None)


def _overtaken(
    opened: Sequence[Workload], pair: tuple[Bill, Bill], built: Mapping[str, Deployment], options: Options
) -> BreakEven:
    """Find whether the rival becomes the cheaper one as the traffic grows."""
    plans = list(dict.fromkeys(bill.plan for bill in pair))
    deployments = [built[label] for label in dict.fromkeys(bill.deployment for bill in pair)]
    return break_even(opened, f"{GROWTH}={AHEAD}", plans=plans, deployment=deployments, **options)


def _concurrencies(opened: Iterable[Workload], period: Period, seed: int | None) -> Iterator[Concurrency]:
    for workload in opened:
        if isinstance(workload, Trace) or (isinstance(workload, TraceStream) and workload.parts):
            yield concurrency(workload)
        elif is_profile(workload):
            yield busiest_day(workload, period, seed)


def one_concurrency(inputs: Input | Iterable[Input], options: Options) -> Concurrency:
    """Count the sockets of the one trace among the inputs, or of the one profile on its busiest day.

    Raises
    ------
    InputError
        If there is neither, or there are several.
    """
    account = Account.of(inputs, options)
    opened = list(account.workloads.values())
    if len(opened) == 1 and is_profile(opened[0]):
        priced_on = account.price_list(DEFAULT_PLAN, account.deployments[0]).as_of
        return busiest_day(opened[0], account.period(priced_on), account.options.get("seed"))
    if len(opened) == 1 and isinstance(opened[0], TraceStream) and opened[0].parts:
        return concurrency(opened[0])
    return concurrency(one_trace(opened, account.options))


def busiest_day(profile: Profile, period: Period, seed: int | None = None) -> Concurrency:
    """Simulate the day of a billing month on which most sockets are open, and count them over it.

    Of more than a million connections a share of the rooms is simulated, and scaled up.
    """
    from wscost.simulating import expected, sample_rooms, simulate_days

    middle = profile.midpoint()
    days = [Period(day, day + timedelta(days=1)) for day in period.dates]
    until = [expected(middle, Period(period.start, day.end)) for day in days]
    seconds = np.diff([0.0, *(coming.connection_seconds for coming in until)])
    busiest = int(np.rint(seconds).argmax())
    day = days[busiest]
    coming = np.diff([0.0, *(coming.connections for coming in until)])[busiest]
    share, rooms = 1.0, None
    if coming > _MOST_CONNECTIONS:
        least = 1 / len(middle.shares)
        rooms = [int(room) for room in sample_rooms(middle, max(_MOST_CONNECTIONS / coming, least), seed)]
        share = float(middle.shares[rooms].sum())
    seen = concurrency(next(simulate_days(middle, day, seed=seed, rooms=rooms, first_day=period.start)))
    peaks = tuple(round(peak / share) for peak in seen.peaks)
    return replace(seen, peaks=peaks, simulated=True)


def one_trace(inputs: Input | Iterable[Input], options: Options) -> Trace:
    """Read the one trace that some pictures are of.

    Raises
    ------
    InputError
        If there is none, or there are several.
    """
    account = Account.of(inputs, options)
    workloads, options = account.workloads, account.options
    name, one = next(iter(workloads.items()))
    if len(workloads) > 1 or not isinstance(one, (Trace, TraceStream)):
        raise InputError(f"{', '.join(workloads)}: this picture is drawn from one trace.")
    if isinstance(one, Trace):
        return one
    if one.parts is not None:
        return held(one)
    how = ("input_format", "assume_utc", "window", "skip_bad_rows", "progress")
    reading = {key: options[key] for key in how if key in options}  # type: ignore[literal-required]
    return read_trace(name, **reading, **options.get("format_options", {}))  # type: ignore[arg-type]


def concurrency(trace: Trace | TraceStream) -> Concurrency:
    """Count the sockets that are open at once over a trace's window, in at most a few hundred steps.

    Raises
    ------
    ValueError
        If it is a stream that keeps no rows.
    """
    start, end = (microseconds_of(moment) for moment in (trace.window.start, trace.window.end))
    seconds = max((end - start) / 1e6, 1)
    step = next((s for s in _STEPS if seconds / s <= _MOST_STEPS), None) or int(seconds / _MOST_STEPS) + 1
    lives = [
        (microseconds(rows["opened_at"]), microseconds(rows["closed_at"].fillna(trace.window.end)))
        for rows in _connections(trace)
    ]
    opened, closed = (np.concatenate(several) for several in zip(*lives, strict=True))
    first = start // (step * 1_000_000) * step * 1_000_000
    steps = -(-(end - first) // (step * 1_000_000)) or 1
    peaks = peak_by_step(
        np.clip(opened, start, end), np.clip(closed, start, end), first, step * 1_000_000, steps
    )
    return Concurrency(trace.source, moment_at(first), timedelta(seconds=step), tuple(map(int, peaks)))


def _connections(trace: Trace | TraceStream) -> Iterator[pd.DataFrame]:
    """Yield the connections of a trace, those of a stream some at a time."""
    if isinstance(trace, Trace):
        yield trace.connections
        return
    if trace.parts is None:
        raise ValueError(f"{trace.source}: this stream keeps no rows")
    for part in trace.parts():
        yield part.connections
        if part.events is not None:  # all that follows is events
            return
