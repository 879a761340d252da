"""What clients say: messages in, from their events, or from the totals of connections."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wscost.fitting.beats import Entry, clockwork, fit_beats
from wscost.fitting.bursts import dispersion, interrupted
from wscost.fitting.seen import Floats, Messages, Seen
from wscost.fitting.sizes import mean_size, sizes_of
from wscost.fitting.written import Line, block, duration, every, listed, mapping, number, told
from wscost.notes import Note
from wscost.trace import UNKNOWN

_EVEN = 1.5
"""Totals that vary more times than this as much as Poisson counts are told to be uneven."""


@dataclass(frozen=True)
class Speech:
    """What clients say, as fitted."""

    lines: tuple[Line, ...]
    """What comes in, to stand under ``messages``; a comment where that is not known."""
    client: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()
    said: Floats | None = None
    """How much each connection said, heartbeats apart; NaN where it is not known."""
    process: str = ""
    messages: Messages | None = None
    """Each message by itself, heartbeats apart, where the trace has events."""


def fit_speech(seen: Seen) -> Speech:
    """Describe what comes from clients."""
    if seen.messages_in is not None:
        return _from_events(seen, seen.messages_in)
    count = seen.counts["messages_in"]
    known = count != UNKNOWN
    if not known.any():
        return Speech((Line("# in: not known, the trace does not tell messages from clients", depth=1),))
    said = np.where(known, count, np.nan)
    total, time = float(count[known].sum()), float(seen.life_s[known].sum())
    if not total:
        return Speech((Line("# in: clients sent nothing", depth=1),), said=said)
    apart = time / total
    entry = {"process": "poisson", **every(apart)}
    sized = known & (seen.counts["bytes_in"] != UNKNOWN)
    if sized.any() and count[sized].sum():
        entry["bytes"] = mean_size(float(seen.counts["bytes_in"][sized].sum()), float(count[sized].sum()))
    mean = seen.life_s[known] / apart
    busy = mean > 0
    uneven = float(
        (np.square(count[known][busy] - mean[busy]) / mean[busy]).sum() / max(int(busy.sum()) - 1, 1)
    )
    why = f"{total:,.0f} messages in {told(time)} of connections; only totals are known, no times."
    notes = []
    if uneven > _EVEN:
        words = f"connections differ {number(uneven, 2)} times as much as that lets them"
        notes.append(
            Note(
                "uneven-speakers",
                f"Messages in are taken to come at random and from all alike, but {words}: some say much, "
                "most little. Events would tell whether they come in bursts.",
                {"dispersion": round(uneven, 2)},
            )
        )
    return Speech(block("in", entry, why, 1), (), tuple(notes), said, "poisson")


def _from_events(seen: Seen, heard: Messages) -> Speech:
    beats = fit_beats(seen, heard)
    spoken = heard.those(~heard.auto & ~beats.those)
    said = np.bincount(spoken.row, minlength=len(seen)).astype(np.float64)
    entries = list(beats.of_some)
    process = ""
    if len(spoken.row):
        entry, why = _spoken(seen, spoken)
        process = entry["process"]
        entries.insert(0, (entry, why))
    lines = listed("in", entries, 1) if entries else (Line("# in: nothing but heartbeats", depth=1),)
    return Speech(lines, beats.lines, (), said, process, spoken)


def _spoken(seen: Seen, spoken: Messages) -> Entry:
    """Describe messages that are no heartbeats: by the clock, at random, or in times of talk."""
    time = float(seen.here_s.sum())
    apart = time / len(spoken.row)
    sizes = sizes_of(spoken.bytes)
    sized = {"bytes": sizes} if sizes else {}
    why = f"{len(spoken.row):,} messages in {told(time)} of connections"
    strikes = clockwork(seen, spoken)
    if strikes is not None and strikes.of_all:
        return {"process": "interval", **every(strikes.usual), **sized}, f"{why}, as a clock strikes."
    found = dispersion(seen, spoken)
    if found.random:
        few = "" if len(found.ratio) else ", too few to tell bursts from chance"
        return {"process": "poisson", **every(apart), **sized}, f"{why}{few}."
    talk = interrupted(1 / apart, found)
    entry = {
        "process": "bursts",
        "on": mapping({"distribution": "exponential", "mean": duration(talk.talk)}),
        "off": mapping({"distribution": "exponential", "mean": duration(talk.silence)}),
        **every(talk.between),
        **sized,
    }
    return entry, (
        f"{why}, {told(apart)} apart on average; counts over {told(float(found.width[-1]))} vary "
        f"{number(float(found.ratio[-1]), 2)} times as much as at random: times of talk and of silence."
    )
