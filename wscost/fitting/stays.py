"""How long people stay: a law chosen for the lengths of connections, and a cap where its tail needs one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from wscost.errors import InputError
from wscost.fitting.laws import (
    FEWEST_FOR_A_SHAPE,
    Candidate,
    Piece,
    by_chance,
    candidates,
    distance,
)
from wscost.fitting.seen import Seen
from wscost.fitting.spells import Spells, Weighted, product_limit, spells_of
from wscost.fitting.written import Line, block, counted, duration, mapping, number, told
from wscost.notes import Note
from wscost.profile.distributions import WILDEST

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 3
"""Ends without which nothing can be said of how long connections last."""
_ENDLESS_BOUND = 3.0
"""So many ends would have been missed with a probability of e**-3, 5 %: the rule of three."""
_ALIKE = 0.01
"""Lengths within this share of each other are the same."""
_CUT_AT_ONCE, _FEWEST_CUT = 0.05, 5
"""The share of ends, and their number, that an age must gather to be one at which connections are cut."""
_STANDS_OUT = 3
"""So many times as many must end at that age as nearby."""
_AT_ONCE = 0.2
"""Those who stay this share of the others' median leave at once."""
_WORTH_TELLING = 0.01
_UNSEEN_TAIL, _MOST_UNSEEN = 0.1, 0.75
"""The share of the time that may lie in stays longer than any seen: usually, and where many outlast them."""
_OUTLAST = 0.05
"""Many, in this."""


@dataclass(frozen=True)
class Stays:
    """How long connections last, as fitted."""

    spells: Spells
    candidates: tuple[Candidate, ...]
    """Best first; none where all lengths are alike, or none has ended."""
    cap: float | None
    """[s]"""
    distance: float | None
    """Kolmogorov's distance of the best from the product-limit curve."""
    lines: tuple[Line, ...]
    notes: tuple[Note, ...] = ()

    @property
    def ended(self) -> int:
        """How many connections tell a complete length."""
        return round(self.spells.ended.total)

    @property
    def cut(self) -> int:
        """How many tell only that they lasted at least so long."""
        return round(self.spells.cut.total)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a candidate, best first.

        ``law``, ``parameters`` (how many), ``aic``, ``distance`` from what was seen [share], ``median_s``.
        """
        import pandas as pd

        rows = [
            (one.name, one.parameters, one.aic, distance(one, self.spells), one.law().quantile(0.5))
            for one in self.candidates
        ]
        return pd.DataFrame(rows, columns=["law", "parameters", "aic", "distance", "median_s"])

    @property
    def chance(self) -> float:
        """The distance that chance alone keeps below nineteen times in twenty, about."""
        return by_chance(self.spells)


def fit_stays(seen: Seen, replaced: bool) -> Stays:
    """Choose the law of how long connections last.

    Parameters
    ----------
    seen : Seen
        The trace.
    replaced : bool
        Whether a constant number of people is taken to be there: then even a trace in which nobody left
        says something, namely how rarely people leave.

    Raises
    ------
    InputError
        If too few connections closed.
    """
    spells = spells_of(seen)
    ended = round(spells.ended.total)
    if ended < FEWEST and not replaced:
        raise InputError(
            f"{seen.source}: {_closed(ended)} within the window, too few to tell how long connections last. "
            "Give a longer trace, or begin with a profile of wscost init."
        )
    if ended < FEWEST:
        return _hardly_any_end(spells, ended)
    if float(spells.ended.value.max()) < spells.resolution:
        raise InputError(
            f"{seen.source}: every connection closed in the instant in which it opened, by the trace's "
            "clock: nothing tells how long they last."
        )
    alike = _alike(spells)
    if alike is not None:
        why = f"Of {ended:,} connections that closed, nearly all lasted as long."
        return Stays(spells, (), None, None, (Line(f"session: {duration(alike)}", why),))
    cap, spells = _cut_at_an_age(spells)
    outlast = product_limit(spells).share.min(initial=1.0) > 0.5
    half_unseen = bool(outlast) and spells.bounds is None and ended >= FEWEST_FOR_A_SHAPE
    found = candidates(spells, shapes=not half_unseen)
    best = found[0]
    notes = list(_notes(seen, spells, ended, half_unseen))
    reason = ""
    if cap is not None:
        reason = f"Many close at {duration(cap)} and none lasts longer: a proxy or the service cuts them."
    else:
        cap, reason = _tail(best, spells)
    away = distance(best, spells)
    why = f"{_named(best)}, from {ended:,} connections that closed{_and_cut(spells)}. {reason}".strip()
    return Stays(spells, tuple(found), cap, away, _lines(best, cap, why), tuple(notes))


def _hardly_any_end(spells: Spells, ended: int) -> Stays:
    mean = spells.exposure / (ended or _ENDLESS_BOUND)
    why = (
        f"{_closed(ended)} in {told(spells.exposure)} of connections: a rough mean"
        if ended
        else f"Nobody left in {told(spells.exposure)} of connections: the shortest mean that is likely (95 %)"
    )
    lines = block("session", {"distribution": "exponential", "mean": duration(mean)}, f"{why}.")
    note = Note(
        "few-ends",
        f"{_closed(ended)} within the window: how long connections last is hardly known, and so is how "
        "often they open.",
        {"ended": ended},
    )
    return Stays(spells, (), None, None, lines, (note,))


def _closed(ended: int) -> str:
    return f"{counted(ended, 'connection') if ended else 'No connection'} closed"


def _notes(seen: Seen, spells: Spells, ended: int, half_unseen: bool) -> Iterator[Note]:
    if half_unseen:
        yield Note(
            "long-stays-unseen",
            "More than half of the connections outlast what the window shows of them. The shape of their "
            "lengths cannot be told from it, so it is taken as exponential: give a longer trace.",
            {"ended": ended, "cut": round(spells.cut.total)},
        )
    elif ended < FEWEST_FOR_A_SHAPE:
        yield Note(
            "few-ends",
            f"Only {ended} connections closed: enough for a mean, not for a shape, so lengths are taken as "
            "exponential.",
            {"ended": ended},
        )
    instant = round(float(spells.ended.weight[spells.ended.value < spells.resolution].sum()))
    if instant > _WORTH_TELLING * ended:
        yield Note(
            "no-length",
            f"{counted(instant, 'connection')} closed in the instant of opening, by the trace's clock: each "
            f"is taken to have lasted less than {duration(spells.resolution)}.",
            {"connections": instant},
        )


def _alike(spells: Spells) -> float | None:
    """Return the length that all connections have, if they do."""
    value, weight = spells.ended
    upto = np.cumsum(weight) / spells.ended.total
    low, middle, high = (float(value[np.searchsorted(upto, p)]) for p in (0.05, 0.5, 0.95))
    longer = float(spells.cut.weight[spells.cut.value > high * (1 + _ALIKE)].sum())
    alike = middle > 0 and high - low <= _ALIKE * middle and longer <= 0.05 * spells.ended.total
    return middle if alike else None


def _cut_at_an_age(spells: Spells) -> tuple[float | None, Spells]:
    """Find an age at which many connections are closed and past which none lasts; there they are cut."""
    value, weight = spells.ended
    oldest = float(value.max())
    many = value >= oldest * (1 - _ALIKE)
    least = max(_FEWEST_CUT, _CUT_AT_ONCE * spells.ended.total)
    if spells.bounds is not None or weight[many].sum() < least:
        return None, spells
    if spells.longest > oldest * (1 + _ALIKE):
        return None, spells
    before = value < oldest * (1 - 2 * _ALIKE)
    nearby = float(weight[before & (value >= oldest * 0.8)].sum()) * _ALIKE / (0.2 - 2 * _ALIKE)
    if not before.any() or weight[many].sum() < _STANDS_OUT * nearby:
        return None, spells
    cap = float(value[many] @ weight[many] / weight[many].sum())
    cut = Weighted(np.append(spells.cut.value, cap), np.append(spells.cut.weight, weight[many].sum()))
    order = np.argsort(cut.value, kind="stable")
    return cap, Spells(
        Weighted(value[~many], weight[~many]),
        Weighted(cut.value[order], cut.weight[order]),
        spells.entered,
        spells.resolution,
    )


def _tail(best: Candidate, spells: Spells) -> tuple[float | None, str]:
    """Return where to cut a law whose tail nobody has seen, and why.

    A part of the time may well lie in stays longer than any seen, where the window is short: up to three
    quarters of it is left to the family. A law without a shape has no tail to speak of.
    """
    if all(piece.shape is None for piece in best.pieces):
        return None, ""
    law, longest = best.law(), spells.longest
    endless = not law.mean < inf or law.deviation > WILDEST * law.mean
    beyond = 1.0 if endless else 1 - best.law(longest).mean / law.mean
    outlast = float(law.survival(longest)) > _OUTLAST
    if beyond <= (_MOST_UNSEEN if outlast else _UNSEEN_TAIL):
        remark = (
            f"{beyond:.0%} of the time lies in stays longer than any seen." if beyond > _UNSEEN_TAIL else ""
        )
        return None, remark
    tail = "has no end" if endless else f"would make up {beyond:.0%} of the time"
    return longest, f"Capped at the longest that was seen; what lies beyond {tail}."


def _and_cut(spells: Spells) -> str:
    late = round(float(spells.entered.weight[spells.entered.value > 0].sum()))
    cut = round(spells.cut.total)
    more = f" and {cut:,} that were still open or were cut" if cut else ""
    return f"{more}; {late:,} were open before the window began" if late else more


def _named(candidate: Candidate) -> str:
    if len(candidate.pieces) > 1:
        short, long = candidate.pieces
        leaving = short.frozen.mean() < _AT_ONCE * long.frozen.median()
        kinds = "Those who leave at once beside those who stay" if leaving else "Two kinds of stay"
        return f"{kinds} ({candidate.name})"
    return candidate.name.capitalize()


def _lines(candidate: Candidate, cap: float | None, why: str) -> tuple[Line, ...]:
    """Write a law by what people know of it: its median and shape, median and p90, or mean."""
    most = {} if cap is None else {"max": duration(cap)}
    if len(candidate.pieces) == 1:
        return block("session", {**_figures(candidate.pieces[0]), **most}, why)
    parts = (
        Line(f"- {mapping({'weight': number(piece.weight), 'law': mapping(_figures(piece))})}", depth=2)
        for piece in candidate.pieces
    )
    capped = (Line(f"max: {duration(cap)}", depth=1),) if cap is not None else ()
    return (Line("session:", why), Line("parts:", depth=1), *parts, *capped)


def _figures(piece: Piece) -> dict[str, str]:
    if piece.shape is None:
        return {"distribution": "exponential", "mean": duration(piece.scale)}
    median = duration(float(piece.frozen.median()))
    if piece.family == "weibull":
        return {"median": median, "shape": number(piece.shape)}
    p90 = duration(float(piece.frozen.ppf(0.9)))
    return {"distribution": piece.family, "median": median, "p90": p90}
