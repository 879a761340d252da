"""Rooms: how many there are, and how unevenly people choose them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wscost.fitting.seen import Flags, Floats, Seen
from wscost.fitting.written import Line, block, mapping, number
from wscost.notes import Note

_BY_CHANCE = 0.01
"""Rooms are alike if chance alone would make them differ as much more often than this."""
_MISPLACED = 0.1
"""A Zipf law that puts more than this share of the connections into other rooms does not fit."""
_MOST_VALUES = 200
"""More shares than this are thinned out, evenly by rank."""
_FEWEST_ANEW, _ANEW = 20, 0.3
"""Rooms that lasted would be seen in both halves of the window; of so many, less than this share was."""


@dataclass(frozen=True)
class Rooms:
    """Where connections meet, as fitted; no lines where the trace names no objects."""

    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()
    exponent: float | None = None
    """Of a Zipf law, where one fits."""

    @property
    def named(self) -> bool:
        """Whether there are rooms at all."""
        return bool(self.lines)


def fit_rooms(seen: Seen) -> Rooms:
    """Describe the rooms of a trace."""
    named = seen.object >= 0
    if not named.any():
        return Rooms()
    count = np.sort(np.bincount(seen.object[named]))[::-1].astype(np.float64)
    count = count[count > 0]
    notes = list(_notes(named))
    connections = int(count.sum())
    if _made_anew(seen, count):
        size = max(round(float(np.median(count))), 1)
        why = (
            f"{len(count):,} rooms came and went, most with {size:,} of {connections:,} connections: new "
            "ones are made as people come."
        )
        return Rooms(block("rooms", {"choice": "fill", "size": str(size)}, why), tuple(notes))
    why = (
        f"From {connections:,} connections in {len(count):,} rooms; the largest had "
        f"{largest_at_once(seen):,} at once."
    )
    notes += _unseen(count)
    rooms = {"count": str(len(count))}
    exponent = None
    if len(count) > 1 and not _alike(count):
        exponent = zipf_exponent(count)
        astray = _misplaced(count, exponent)
        if astray <= max(_MISPLACED, 2 * _by_chance(count)):
            rooms["zipf"] = number(exponent, 3)
        else:
            why += (
                f" No Zipf law fits (the best, of exponent {number(exponent, 2)}, misplaces {astray:.0%} of "
                "them): these are the rooms' own shares."
            )
            values = ", ".join(number(value, 3) for value in _values(count))
            rooms["weights"] = mapping({"distribution": "empirical", "values": f"[{values}]"})
            exponent = None
    elif len(count) > 1:
        why += " They do not differ by more than chance."
    return Rooms(block("rooms", rooms, why), tuple(notes), exponent)


def zipf_exponent(count: Floats) -> float:
    """Return the exponent of popularity that makes the counts of ranked rooms likeliest."""
    from scipy.optimize import minimize_scalar

    log_rank = np.log(np.arange(1, len(count) + 1))

    def unlikely(exponent: float) -> float:
        return float(exponent * (count @ log_rank) + count.sum() * np.log(np.exp(-exponent * log_rank).sum()))

    return float(minimize_scalar(unlikely, bounds=(0.0, 6.0), method="bounded").x)


def largest_at_once(seen: Seen) -> int:
    """Return the most connections that one room held at one instant."""
    start, end = seen.here
    named = (seen.object >= 0) & (end > start)
    room = np.concatenate([seen.object[named]] * 2)
    at = np.concatenate([start[named], end[named]])
    step = np.repeat([1, -1], int(named.sum()))
    order = np.lexsort((step, at, room))
    return int(np.cumsum(step[order]).max(initial=0))


def _made_anew(seen: Seen, count: Floats) -> bool:
    """Tell whether rooms are made for those who come and then left behind, as in matchmaking.

    A lasting room with c connections would have had some in both halves of the window with a probability
    of 1 - 2**(1 - c).
    """
    if len(count) < _FEWEST_ANEW:
        return False
    if count[0] == 1:
        return True
    named = seen.came & (seen.object >= 0)
    middle = np.median(seen.opened[named]) if named.any() else seen.start
    halves = [
        np.bincount(seen.object[named & half], minlength=int(seen.object.max()) + 1)
        for half in (seen.opened < middle, seen.opened >= middle)
    ]
    in_all = halves[0] + halves[1]
    lasting = float((1 - 0.5 ** (in_all[in_all > 1] - 1)).sum())
    both = int(((halves[0] > 0) & (halves[1] > 0)).sum())
    return lasting >= _FEWEST_ANEW and both < _ANEW * lasting


def _notes(named: Flags) -> Iterator[Note]:
    if nameless := int((~named).sum()):
        yield Note(
            "objects-unnamed",
            f"{nameless:,} of {len(named):,} connections name no object: rooms are fitted to the others, and "
            "the profile sends everybody into one.",
            {"connections": nameless},
        )


def _unseen(count: Floats) -> Iterator[Note]:
    alone = float((count == 1).sum() / count.sum())
    if alone > 0.05:
        yield Note(
            "rooms-unseen",
            f"About {alone:.0%} of further connections would open rooms that this trace has not seen (Good "
            "and Turing): a longer trace has more rooms, and so has a month.",
            {"share": round(alone, 4)},
        )


def _alike(count: Floats) -> bool:
    from scipy import stats

    return bool(stats.chisquare(count).pvalue > _BY_CHANCE)


def _misplaced(count: Floats, exponent: float) -> float:
    """Return the share of connections that a Zipf law puts into other rooms than these."""
    law = np.arange(1, len(count) + 1) ** -exponent
    return float(np.abs(count / count.sum() - law / law.sum()).sum() / 2)


def _by_chance(count: Floats) -> float:
    """Return the share that so few connections misplace by chance, about."""
    share = count / count.sum()
    return float(np.sqrt(2 / np.pi * share * (1 - share) / count.sum()).sum() / 2)


def _values(count: Floats) -> Floats:
    """Return weights of the rooms; of very many, those of evenly spread ranks."""
    if len(count) <= _MOST_VALUES:
        return count
    rank = ((np.arange(_MOST_VALUES) + 0.5) / _MOST_VALUES * len(count)).astype(int)
    return np.asarray(count[rank])
