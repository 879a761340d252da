"""The story: a trace in, the profile that would make one like it out, and how well it fits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wscost import yamlfile
from wscost.errors import InputError, UnknownNameError
from wscost.fitting.arrivals import Arrivals, fit_arrivals, replaced
from wscost.fitting.goodness import compared
from wscost.fitting.hearing import Hearing, fit_hearing
from wscost.fitting.rooms import Rooms, fit_rooms
from wscost.fitting.seen import seen
from wscost.fitting.speech import Speech, fit_speech
from wscost.fitting.stays import Stays, fit_stays
from wscost.fitting.written import Line, quoted, render
from wscost.notes import Note
from wscost.profile import Profile, read_profile
from wscost.readers import read_trace
from wscost.readers.source import STDIN_NAME
from wscost.trace import Trace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A profile estimated from a trace, and how well it fits.

    Attributes
    ----------
    profile : Profile
        What was estimated.
    text : str
        The same as commented YAML: each figure says how many observations it rests on.
    stays : Stays
        How long connections last: the law that was chosen, and those that it was chosen from.
    arrivals : Arrivals
        How they come.
    rooms : Rooms
        Where they meet.
    speech : Speech
        What comes from clients.
    hearing : Hearing
        What goes to them.
    goodness : DataFrame
        One row a meter: ``meter``, what the ``trace`` shows in its window, what the profile means
        (``expected``), what it made once (``simulated``), and the ``ratio`` of the profile to the trace.
    notes : tuple of Note
        What the fit rests on, and what it cannot know.
    """

    profile: Profile
    text: str
    stays: Stays
    arrivals: Arrivals
    rooms: Rooms
    speech: Speech
    hearing: Hearing
    goodness: pd.DataFrame
    notes: tuple[Note, ...]

    def __str__(self) -> str:
        return self.text


class _Parts(NamedTuple):
    stays: Stays
    arrivals: Arrivals
    rooms: Rooms
    speech: Speech
    hearing: Hearing


def fit(trace: Trace | str | Path, *, name: str | None = None, time_zone: str = "UTC", seed: int = 0) -> Fit:
    """Estimate a profile from a trace.

    Each connection counts as a session, and a reconnect as an arrival: a trace does not tell people apart.
    The window is taken to be like any other time but for the hours and weekdays that it shows.

    Parameters
    ----------
    trace : Trace, or str or Path
        What happened, or where its file is, read as ``read_trace`` does.
    name : str, optional
        The profile's name; that of the trace's source by default.
    time_zone : str
        The zone of the hours and weekdays, such as ``Europe/Berlin``.
    seed : int
        The seed of the replicate that is compared with the trace, and of the profile.

    Raises
    ------
    InputError
        If the trace holds too little: no connection, or hardly one that closed or opened.
    UnknownNameError
        If there is no such time zone.
    """
    _check_zone(time_zone)
    if isinstance(trace, (str, Path)):
        trace = read_trace(trace)
    found = seen(trace)
    if not len(found):
        raise InputError(f"{trace.source}: there is no connection in the window to fit a profile to.")
    constant = replaced(found)
    stays = fit_stays(found, constant)
    law = stays.candidates[0] if stays.candidates else None
    arrivals = fit_arrivals(found, law, constant, time_zone)
    rooms = fit_rooms(found)
    speech = fit_speech(found)
    hearing = fit_hearing(found, speech, rooms.named)
    label = name if name is not None else _stem(trace.source)
    text = render(_blocks(trace, label, seed, _Parts(stays, arrivals, rooms, speech, hearing)))
    profile = read_profile(yamlfile.loads(text, f"{label}.yaml"))
    goodness, remarks = compared(trace, profile, found, arrivals, seed)
    notes = (
        *found.remarks,
        *stays.notes,
        *arrivals.notes,
        *rooms.notes,
        *speech.notes,
        *remarks,
    )
    return Fit(profile, text, stays, arrivals, rooms, speech, hearing, goodness, notes)


def _check_zone(zone: str) -> None:
    from zoneinfo import available_timezones

    if zone not in (known := available_timezones()):
        raise UnknownNameError("time zone", zone, known)


def _stem(source: str) -> str:
    """Return a file's name without what tells its form; of anything else a name for all."""
    return (
        Path(source.removeprefix("profile ").removeprefix(STDIN_NAME)).name.partition(".")[0].strip("-")
        or "fitted"
    )


def _blocks(trace: Trace, name: str, seed: int, parts: _Parts) -> Iterator[tuple[Line, ...]]:
    stays, arrivals, rooms, speech, hearing = parts
    events = "no events" if trace.events is None else f"{len(trace.events):,} events"
    source = "standard input" if trace.source == STDIN_NAME else quoted(Path(trace.source).name)[1:-1]
    about = (
        f"Fitted to {source}: {len(trace.connections):,} connections and {events}, "
        f"{trace.window.start:%Y-%m-%d %H:%M:%S} to {trace.window.end:%Y-%m-%d %H:%M:%S} UTC. Each "
        "connection counts as a session: a reconnect is an arrival here."
    )
    yield (Line(f"profile: {quoted(name)}", about, whole=True),)
    yield arrivals.calendar
    yield arrivals.scenario
    yield stays.lines
    if rooms.named:
        yield rooms.lines
    said = (*speech.lines, *hearing.lines)
    mute = all(line.text.startswith("#") for line in said)
    yield (Line("# messages:" if mute else "messages:"), *said)
    if speech.client:
        yield speech.client
    yield (
        Line("# drops, deploys and http are not known from a trace: see docs/profiles.md."),
        Line(f"seed: {seed}"),
    )
