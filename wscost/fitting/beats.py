"""Heartbeats: messages that a platform answers itself, or that clients send as a clock strikes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from wscost.fitting.bursts import gaps_of
from wscost.fitting.seen import Flags, Floats, Ints, Messages, Seen
from wscost.fitting.written import Line, duration, every, mapping, size
from wscost.trace import UNKNOWN

_SMALL_BYTES, _SIZES = 64, 5
"""Heartbeats are at most so large, and are looked for among so many sizes that are most common."""
_STEADY, _MOSTLY, _FEWEST_GAPS = 0.05, 0.8, 2
"""A connection strikes like a clock if most of its gaps, two or more, are within this of their median."""
_NEARLY_ALL, _SOME = 0.9, 0.2
"""The share of connections that makes a heartbeat one of all clients, or of some."""
_FOR_EVER_S = 60 * 86_400.0
"""Longer than connections live. [s]"""


Entry: TypeAlias = tuple[dict[str, str], str]
"""What a profile says, and why."""


class Clockwork(NamedTuple):
    """Connections whose messages strike like a clock."""

    who: Ints
    period: Floats
    """How far apart those of each are. [s]"""
    share: float
    """Of the connections that last long enough to tell."""

    @property
    def usual(self) -> float:
        """The period in the middle. [s]"""
        return float(np.median(self.period))

    @property
    def of_all(self) -> bool:
        """Whether nearly all connections strike, and alike."""
        alike = float((np.abs(self.period - self.usual) <= _STEADY * self.usual).mean())
        return alike >= _NEARLY_ALL and self.share >= _NEARLY_ALL


@dataclass(frozen=True)
class Beats:
    """Heartbeats, as fitted, and which messages they are."""

    those: Flags
    """Which messages in are heartbeats that count as messages."""
    of_all: tuple[Entry, ...]
    """Those of every client."""
    of_some: tuple[Entry, ...]
    """Those of some clients alone, as processes of messages in."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the profile says of the client; nothing where it says nothing."""
        if not self.of_all:
            return ()
        beats = (Line(f"- {mapping(entry)}", why, depth=2) for entry, why in self.of_all)
        return (Line("client:"), Line("heartbeats:", depth=1), *beats)


def fit_beats(seen: Seen, messages: Messages) -> Beats:
    """Find the heartbeats among messages in."""
    of_all, of_some = [], []
    if messages.auto.any():
        of_all.append(_answered(seen, messages.those(messages.auto)))
    those = np.zeros(len(messages.row), dtype=bool)
    for of_bytes in _common_sizes(messages):
        chosen = ~messages.auto & (messages.bytes == of_bytes)
        some = messages.those(chosen)
        found = clockwork(seen, some)
        if found is None:
            continue
        if found.of_all:
            those |= chosen
            why = f"{len(some.row):,} messages of {of_bytes} bytes, as a clock strikes."
            of_all.append(({**every(found.usual), "bytes_in": str(of_bytes)}, why))
        else:
            theirs = np.isin(messages.row, found.who) & chosen
            those |= theirs
            of_some.append(_of_some(seen, found, int(theirs.sum()), of_bytes))
    return Beats(those, tuple(of_all), tuple(of_some))


def _of_some(seen: Seen, found: Clockwork, sent: int, of_bytes: int) -> Entry:
    """Describe what some clients send and others do not: the states outlast any connection."""
    time = float(seen.here_s[found.who].sum())
    share = time / float(seen.here_s.sum())
    apart = _usual(found.period)
    why = (
        f"{sent:,} messages of {of_bytes} bytes from {len(found.who):,} connections, each {apart} after the "
        "last. A profile has one kind of client: here each either beats, at random, for as long as it "
        "lives, or never."
    )
    entry = {
        "process": "bursts",
        "on": mapping({"distribution": "exponential", "mean": duration(share * _FOR_EVER_S)}),
        "off": mapping({"distribution": "exponential", "mean": duration((1 - share) * _FOR_EVER_S)}),
        **every(time / sent),
        "bytes": str(of_bytes),
    }
    return entry, why


def _answered(seen: Seen, beats: Messages) -> Entry:
    """Describe what auto-response answers; where not all beat alike, as often as they do on average."""
    found = clockwork(seen, beats)
    who = len(np.unique(beats.row))
    why = f"{len(beats.row):,} messages of {who:,} connections were answered by auto-response"
    if found is not None and found.of_all:
        period = found.usual
    else:
        period = float(seen.here_s.sum()) / len(beats.row)
        _, gaps = gaps_of(beats)
        apart = f", mostly {_usual(gaps)} apart" if len(gaps) >= _FEWEST_GAPS else ""
        why += f"{apart}. A profile's clients are all alike: here all of them beat, and as often in sum"
    known = beats.bytes[beats.bytes != UNKNOWN]
    sized = {"bytes_in": size(float(known.mean()))} if len(known) else {}
    return {**every(period), **sized, "auto_response": "true"}, f"{why}."


def _common_sizes(messages: Messages) -> list[int]:
    known = (messages.bytes != UNKNOWN) & ~messages.auto & (messages.bytes <= _SMALL_BYTES)
    sizes, many = np.unique(messages.bytes[known], return_counts=True)
    return [int(one) for one in sizes[np.argsort(-many, kind="stable")[:_SIZES]]]


def clockwork(seen: Seen, some: Messages) -> Clockwork | None:
    """Return whose messages strike like a clock, if those of a good part do."""
    rows, gaps = gaps_of(some)
    if len(gaps) < _FEWEST_GAPS:
        return None
    who, period = _steady(rows, gaps)
    if not len(who):
        return None
    able = int((seen.here_s >= (_FEWEST_GAPS + 1) * float(np.median(period))).sum())
    share = len(who) / max(able, 1)
    return Clockwork(who, period, share) if share >= _SOME else None


def _usual(gaps: Floats) -> str:
    """Name the two lengths that are most common. [s]"""
    lengths, many = np.unique(np.round(gaps, int(np.median(gaps) < 3)), return_counts=True)
    common = np.sort(lengths[np.argsort(-many, kind="stable")[:2]])
    return " or ".join(duration(float(gap)) for gap in common if gap > 0) or duration(float(np.median(gaps)))


def _steady(rows: Ints, gaps: Floats) -> tuple[Ints, Floats]:
    """Return the connections whose gaps are mostly one length, and that length. [s]"""
    import pandas as pd

    frame = pd.DataFrame({"row": rows, "gap": gaps})
    median = frame.groupby("row")["gap"].transform("median")
    frame["alike"] = (frame["gap"] - median).abs() <= _STEADY * median
    each = frame.groupby("row").agg(many=("gap", "size"), alike=("alike", "mean"), median=("gap", "median"))
    each = each[(each["many"] >= _FEWEST_GAPS) & (each["alike"] >= _MOSTLY) & (each["median"] > 0)]
    return each.index.to_numpy(dtype=np.int64), each["median"].to_numpy(dtype=np.float64)
