"""What clients hear: messages out, as what the room passes on, as answers, or by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from wscost.fitting.seen import Floats, Ints, Messages, Seen
from wscost.fitting.sizes import mean_size, sizes_of
from wscost.fitting.speech import Speech
from wscost.fitting.written import Line, block, every, number, told
from wscost.trace import UNKNOWN

_EXPLAINS = 0.5
"""What follows from messages in must leave at most this share of the squares that chance alone leaves."""
_CLEARLY = 0.9
"""A cause that is tried later must leave this much less than one before it: plain ones come first."""
_MOST_SHARE = 1.05


@dataclass(frozen=True)
class Hearing:
    """What clients hear, as fitted."""

    lines: tuple[Line, ...]
    process: str = ""


def fit_hearing(seen: Seen, speech: Speech, rooms: bool) -> Hearing:
    """Describe what goes to clients."""
    count, time = _heard(seen)
    known = ~np.isnan(count)
    if seen.messages_out is None and (known & seen.came).any():
        # Totals of those who were there before tell of rooms whose people left before the window began.
        known &= seen.came
    if not known.any():
        guess = "broadcast" if rooms else "{process: reply}"
        return Hearing(
            (Line(f"# out: {guess}   # a guess: the trace does not tell messages to clients", depth=1),)
        )
    total, whole = float(count[known].sum()), float(time[known].sum())
    if not total:
        return Hearing((Line("# out: clients were sent nothing", depth=1),))
    apart = whole / total
    own = float(np.square(count[known] - time[known] / apart).sum())
    by_itself = f"{total:,.0f} messages in {told(whole)} of connections"
    best = _best(_causes(seen, speech, rooms), np.where(known, count, np.nan), own * _EXPLAINS)
    if best is not None:
        explained = f"{by_itself}{_explained(best.left, own)}"
        if best.name == "reply":
            entry = {"process": "reply", "count": number(best.times, 3), **_sized(seen)}
            why = f"They follow what the client itself sends: {explained}."
            return Hearing(block("out", entry, why, 1), best.name)
        passed = {"share": number(best.times, 3)} if best.times < 0.995 else {}
        echoed = {"echo": "true"} if best.name == "echo" else {}
        entry = {"process": "broadcast", **passed, **echoed}
        return Hearing(block("out", entry, f"Each message in goes to the room: {explained}.", 1), best.name)
    entry = {"process": "poisson", **every(apart), **_sized(seen)}
    why = f"{by_itself}; neither what a client sends nor what its room says explains them."
    return Hearing(block("out", entry, why, 1), "poisson")


class _Cause(NamedTuple):
    """What may explain messages out: so many times what it comes to, by least squares."""

    name: str
    times: float
    left: float
    """The sum of squares that it leaves."""


def _best(causes: Mapping[str, Floats], count: Floats, left: float) -> _Cause | None:
    """Return the cause that explains counts best, if it leaves less than some sum of squares."""
    best = None
    for name, cause in causes.items():
        known = ~np.isnan(cause) & ~np.isnan(count)
        squares = float(cause[known] @ cause[known])
        if not squares:
            continue
        times = float(cause[known] @ count[known]) / squares
        rest = float(np.square(count[known] - times * cause[known]).sum())
        enough = left if best is None else best.left * _CLEARLY
        if rest < enough and (name == "reply" or times <= _MOST_SHARE):
            best = _Cause(name, times, rest)
    return best


def _explained(left: float, own: float) -> str:
    """Say how much of what differs between connections a cause explains."""
    if not own:
        return ""
    share = 1 - left / own
    return f"; explains {'more than 99%' if share > 0.99 else f'{share:.0%}'} of what differs between them"


def _heard(seen: Seen) -> tuple[Floats, Floats]:
    """Return how much each connection heard, and in how long; NaN where that is not known. [1, s]"""
    if seen.messages_out is not None:
        counted = seen.messages_out.those(~seen.messages_out.auto)
        return np.bincount(counted.row, minlength=len(seen)).astype(np.float64), seen.here_s
    count = seen.counts["messages_out"]
    return np.where(count == UNKNOWN, np.nan, count), seen.life_s


def _sized(seen: Seen) -> dict[str, str]:
    if seen.messages_out is not None:
        bytes_ = sizes_of(seen.messages_out.bytes)
        return {"bytes": bytes_} if bytes_ else {}
    messages, size = seen.counts["messages_out"], seen.counts["bytes_out"]
    known = (messages != UNKNOWN) & (size != UNKNOWN)
    if not messages[known].sum():
        return {}
    return {"bytes": mean_size(float(size[known].sum()), float(messages[known].sum()))}


def _causes(seen: Seen, speech: Speech, rooms: bool) -> dict[str, Floats]:
    """Return, by process, how much each connection would hear if all of it were passed on once."""
    if speech.said is None or not np.nansum(speech.said):
        return {}
    causes = {"reply": speech.said}
    if rooms:
        others = _of_others(seen, speech)
        causes = {"broadcast": others, "echo": others + speech.said, **causes}
    return causes


def _of_others(seen: Seen, speech: Speech) -> Floats:
    """Return what others said in each connection's room while it was there."""
    if speech.messages is not None and seen.messages_out is not None:
        return _each_message(seen, speech.messages)
    return _evenly_spread(
        seen, np.nan_to_num(speech.said if speech.said is not None else np.zeros(len(seen)))
    )


def _each_message(seen: Seen, said: Messages) -> Floats:
    start, end = seen.here
    width = seen.end - seen.start + 1

    def place(room: Ints, at: Ints) -> Ints:
        return room * width + (at - seen.start)

    order = np.sort(place(seen.object[said.row], said.at))
    heard = np.searchsorted(order, place(seen.object, end)) - np.searchsorted(
        order, place(seen.object, start)
    )
    heard = heard - np.bincount(said.row, minlength=len(seen))
    return np.where(seen.object >= 0, heard, 0).astype(np.float64)


def _evenly_spread(seen: Seen, said: Floats) -> Floats:
    """Return what others said, if each spreads what it says evenly over its life."""
    heard = np.zeros(len(seen))
    life = np.maximum(seen.closed - seen.opened, 1)
    rate = said / life
    order = np.argsort(seen.object, kind="stable")
    edges = np.flatnonzero(np.diff(seen.object[order], prepend=-2, append=seen.object.max(initial=-1) + 1))
    for first, after_last in pairwise(edges.tolist()):
        rows = order[first:after_last]
        if seen.object[rows[0]] < 0:
            continue
        at = np.concatenate([seen.opened[rows], seen.closed[rows]])
        step = np.concatenate([rate[rows], -rate[rows]])
        by_time = np.argsort(at, kind="stable")
        moments, level = at[by_time], np.cumsum(step[by_time])
        upto = np.append(0.0, np.cumsum(level[:-1] * np.diff(moments)))
        heard[rows] = (
            np.interp(seen.closed[rows], moments, upto)
            - np.interp(seen.opened[rows], moments, upto)
            - rate[rows] * (seen.closed[rows] - seen.opened[rows])
        )
    return np.maximum(heard, 0.0)
