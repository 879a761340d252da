"""How connections arrive: at a rate with the shape of days and weeks, or as a constant number of people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wscost.errors import InputError
from wscost.fitting.laws import Candidate
from wscost.fitting.seen import Floats, Ints, Seen
from wscost.fitting.shape import Shape, Steps, fit_shape
from wscost.fitting.written import Line, block, counted, number, rate, told
from wscost.notes import Note
from wscost.profile.law import Law
from wscost.units import MICROSECONDS_PER_SECOND

_STEPS_S = (60.0, 30.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.1)
"""Steps in which arrivals are counted: the longest of which the window holds thirty."""
_FEWEST_PEOPLE = 3
_SETTLING = 0.05
"""The part of the window in which a recording may still be gathering its people."""
_FEWEST_STEPS, _MOST_STEPS, _MOVES_A_STEP = 20, 20_000, 4
_STILL = 0.3
"""A number of people that moves by less than this share of what chance would do stands still."""
_UNEVEN, _ERRORS = 1.3, 4
"""Arrivals that vary so many times as much as Poisson ones, and by so many errors more, are bursty."""
_SHOWS, _HARDLY = 0.02, 0.2
"""Missing people are told if their time is this share of the window, and hardly this share was there."""


@dataclass(frozen=True)
class Arrivals:
    """When people come, as fitted."""

    executor: str
    calendar: tuple[Line, ...]
    scenario: tuple[Line, ...]
    shape: Shape
    notes: tuple[Note, ...] = ()


def replaced(seen: Seen) -> bool:
    """Tell whether a constant number of people is there, each who leaves replaced by another.

    Where arrivals and departures know nothing of each other, the number of people moves from moment to
    moment: over a short while, its change squared is on average the number of both. Virtual users stay as
    many. So do people of whom hardly one comes or goes; then their number is all that is known.
    """
    begin = seen.start + round(_SETTLING * (seen.end - seen.start))
    came = int(((seen.opened >= begin) & (seen.opened < seen.end)).sum())
    moves = came + int((seen.ended & (seen.closed >= begin)).sum())
    many = min(max(moves // _MOVES_A_STEP, _FEWEST_STEPS), _MOST_STEPS)
    people = seen.at_once(np.linspace(begin, seen.end, many + 1)[:-1].astype(np.int64))
    mean = float(people.mean())
    if mean < _FEWEST_PEOPLE or people.std() > 0.1 * mean:
        return False
    if moves < mean:
        return True
    return bool(np.square(np.diff(people)).sum() < _STILL * moves and people.var() < _STILL * mean)


def fit_arrivals(seen: Seen, stay: Candidate | None, constant: bool, zone: str) -> Arrivals:
    """Describe how people come.

    Parameters
    ----------
    seen : Seen
        The trace.
    stay : Candidate or None
        The law of stays; a log written at close shows late arrivals only as far as they have left.
    constant : bool
        Whether a constant number of people is there (see ``replaced``).
    zone : str
        The time zone of the hours and weekdays.

    Raises
    ------
    InputError
        If nobody came inside the window.
    """
    month = np.datetime64(seen.start, "us").astype("datetime64[M]")
    calendar = [Line("calendar:"), Line(f"period: {month}", depth=1)]
    if zone != "UTC":
        calendar.append(Line(f"time_zone: {zone}", depth=1))
    if constant:
        return _people(seen, calendar, zone)
    came = np.sort(seen.opened[seen.came & (seen.opened >= seen.told_from)])
    if not len(came):
        since = "after the log's first line" if seen.written_at_close else "inside the window"
        raise InputError(
            f"{seen.source}: no connection opened {since}, so nothing tells how often that happens. Give a "
            "longer trace."
        )
    step_s = next((step for step in _STEPS_S if step <= seen.window_s / 30), _STEPS_S[-1])
    steps = Steps.between(seen.told_from, seen.end, step_s)
    exposure = steps.lengths
    if seen.written_at_close and stay is not None:
        exposure = exposure * stay.reached((seen.end - steps.middles) / MICROSECONDS_PER_SECOND)
    counts = np.histogram(came, steps.edges)[0]
    shape = fit_shape(counts, exposure, steps, zone)
    weight = exposure * shape.factor(steps)
    per_second = float(counts.sum() / weight.sum())
    burst, noted = _burstiness(counts, per_second * weight, step_s)
    empty = () if stay is None else _began_empty(seen, per_second, stay.law())
    time = told((seen.end - seen.told_from) / MICROSECONDS_PER_SECOND)
    why = f"{len(came):,} connections opened in {time}{burst}."
    entry = {"executor": "constant-arrival-rate", **rate(per_second)}
    return Arrivals(
        "constant-arrival-rate",
        (*calendar, *shape.lines),
        (Line("scenarios:"), *block("arrivals", entry, why, 1)),
        shape,
        (*noted, *empty),
    )


def _people(seen: Seen, calendar: list[Line], zone: str) -> Arrivals:
    begin = seen.start + round(_SETTLING * (seen.end - seen.start))
    edges = np.linspace(begin, seen.end, 201)[:-1].astype(np.int64)
    people = float(seen.at_once(edges).mean())
    came = int((seen.came & (seen.opened >= begin)).sum())
    why = (
        f"About {people:,.0f} people at once throughout {told(seen.window_s)}, whoever came and went "
        f"({came:,} came after its first twentieth): users who are replaced fit better than arrivals."
    )
    users = {"executor": "constant-vus", "vus": str(max(round(people), 1))}
    calendar.append(Line("# hours and weekdays: the number of people is constant in the window", depth=1))
    early = int((seen.came & (seen.opened < begin)).sum())
    note = Note(
        "there-from-the-start",
        f"{counted(early, 'connection')} opened in the window's first twentieth: taken as people who are "
        "there all the time, not as connections that open over and over.",
        {"connections": early},
    )
    return Arrivals(
        "constant-vus",
        tuple(calendar),
        (Line("scenarios:"), *block("people", users, why, 1)),
        Shape(zone),
        (note,) if early else (),
    )


def _burstiness(counts: Ints, mean: Floats, step_s: float) -> tuple[str, Iterator[Note]]:
    """Tell how much more counts vary than a Poisson process lets them."""
    busy = mean > 0
    steps = max(int(busy.sum()) - 1, 1)
    dispersion = float((np.square(counts[busy] - mean[busy]) / mean[busy]).sum() / steps)
    error = float(((2 + 1 / mean[busy].mean()) / steps) ** 0.5)
    if dispersion < _UNEVEN or dispersion < 1 + _ERRORS * error:
        return "", iter(())
    words = (
        f"counts in steps of {told(step_s)} vary {number(dispersion, 2)} times as much as Poisson arrivals"
    )
    note = Note(
        "bursty-arrivals",
        f"Arrivals are less even than the profile makes them: {words} would around the fitted rate. "
        "Simulated months then differ less than real ones.",
        {"dispersion": round(dispersion, 2), "step_s": step_s},
    )
    return f"; {words}", iter((note,))


def _began_empty(seen: Seen, per_second: float, stay: Law) -> Iterator[Note]:
    """Say that a window begins without the people whom the profile has at any time, if that shows in it."""
    there = int(seen.at_once(np.array([seen.start - 1]))[0])
    usual = per_second * stay.mean
    left_s = (stay.variance + stay.mean**2) / (2 * stay.mean)
    shows = left_s > _SHOWS * seen.window_s and not seen.written_at_close
    if shows and usual >= _FEWEST_PEOPLE and there < _HARDLY * usual < np.inf:
        who = f"{there:,} people were" if there else "Nobody was"
        yield Note(
            "began-empty",
            f"{who} there when the window began, where the profile has about {usual:,.0f} at any time: a "
            "recording that begins with a service shows less time open than a month has.",
            {"people": there, "usual": round(usual, 1)},
        )
