"""A trace as a fit sees it: plain arrays, what the window cuts, and what of it can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from wscost.fitting.written import counted, told
from wscost.metering.columns import microseconds
from wscost.notes import Grade, Note
from wscost.trace import COUNTS, UNKNOWN, Trace
from wscost.units import MICROSECONDS_PER_SECOND
from wscost.usage import Window

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_DOUBTFUL = (Grade.LOWER_BOUND, Grade.UNKNOWN)
_NO_LENGTHS = {"life-unknown", "end-unknown", "ends-unknown", "end-not-logged"}
"""What readers note where rows lack an end, and a length of 0 stands for one that is not known."""
_SHORT_S = 3600.0
"""A month made of a shorter window is a guess. [s]"""
_LAST_PARTS, _TOGETHER = (0.001, 0.0025, 0.005, 0.01, 0.025), 5
"""Parts of the window before its end in which, if five times as many closed as usual, it was its end."""


class Messages(NamedTuple):
    """Messages of one direction in the window: parallel arrays, sorted by connection and time."""

    row: Ints
    """The connection's row."""
    at: Ints
    """[µs since 1970]"""
    bytes: Ints
    """``UNKNOWN`` where the trace does not say."""
    auto: Flags
    """Whether auto-response has to do with it."""

    def those(self, chosen: Flags) -> Messages:
        """Return some of them."""
        return Messages(self.row[chosen], self.at[chosen], self.bytes[chosen], self.auto[chosen])


@dataclass(frozen=True)
class Seen:
    """Parallel arrays, one entry a connection. [µs since 1970]"""

    source: str
    start: int
    end: int
    opened: Ints
    closed: Ints
    """The end of the window for those not seen to close."""
    ended: Flags
    """Whether it was seen to close of its own accord."""
    life_known: Flags
    """Whether it tells anything of how long connections last."""
    object: Ints
    """-1 where the trace names none."""
    counts: dict[str, Ints]
    """By column of the trace; ``UNKNOWN`` where it does not say."""
    messages_in: Messages | None
    """None where the trace has no events in that direction."""
    messages_out: Messages | None
    written_at_close: bool
    """Whether the source only tells of connections that have closed."""
    told_from: int
    """Since when the source tells of what happens; what closed before is not in it."""
    remarks: tuple[Note, ...]
    """What must be said of the trace itself."""

    def __len__(self) -> int:
        return len(self.opened)

    @cached_property
    def window_s(self) -> float:
        """Length of the window. [s]"""
        return (self.end - self.start) / MICROSECONDS_PER_SECOND

    @cached_property
    def came(self) -> Flags:
        """Which connections opened inside the window."""
        return (self.opened >= self.start) & (self.opened < self.end)

    @cached_property
    def life_s(self) -> Floats:
        """How long each was seen to last since it opened, up to the end of the window. [s]"""
        return (self.closed - self.opened) / MICROSECONDS_PER_SECOND

    @cached_property
    def here(self) -> tuple[Ints, Ints]:
        """From when until when each was there inside the window. [µs since 1970]"""
        return np.maximum(self.opened, self.start), np.minimum(self.closed, self.end)

    @cached_property
    def here_s(self) -> Floats:
        """How long each was there inside the window. [s]"""
        return (self.here[1] - self.here[0]) / MICROSECONDS_PER_SECOND

    def at_once(self, at: Ints) -> Ints:
        """Count the connections that were open at some moments."""
        begun = np.searchsorted(np.sort(self.opened), at, side="right")
        return begun - np.searchsorted(np.sort(self.closed), at, side="right")


def seen(trace: Trace) -> Seen:
    """Return a trace as arrays; connections that do not touch its window are left out."""
    import pandas as pd

    start, end = (int(pd.Timestamp(t).value // 1000) for t in (trace.window.start, trace.window.end))
    opened = microseconds(trace.connections["opened_at"])
    open_still = trace.connections["closed_at"].isna().to_numpy()
    closed = microseconds(trace.connections["closed_at"].fillna(trace.window.end))
    kept = (opened < end) & (closed >= start)
    rows = trace.connections[kept]
    opened, closed, open_still = opened[kept], closed[kept], open_still[kept]
    ended = ~open_still & (closed < end)
    written_at_close = any(note.code == "written-at-close" for note in trace.notes)
    together = np.zeros(len(opened), dtype=bool)
    if not written_at_close:
        together = _closed_together_at_the_end(closed, ended, opened, (start, end))
    age_unknown = (opened < start) & np.array(trace.grades.get("opened_at") in _DOUBTFUL)
    length_unknown = (closed == opened) & np.array(any(note.code in _NO_LENGTHS for note in trace.notes))
    first_line = int(closed[ended].min()) if written_at_close and ended.any() else start
    spoken, unmatched = _messages(trace, rows, (start, end))
    return Seen(
        source=trace.source,
        start=start,
        end=end,
        opened=opened,
        closed=np.where(ended, closed, np.minimum(closed, end)),
        ended=ended & ~together,
        life_known=~age_unknown & ~length_unknown,
        object=pd.factorize(rows["object_id"])[0].astype(np.int64),
        counts={name: np.asarray(rows[name].fillna(UNKNOWN), dtype=np.int64) for name in COUNTS},
        messages_in=spoken.get("in"),
        messages_out=spoken.get("out"),
        written_at_close=written_at_close,
        told_from=max(start, first_line),
        remarks=tuple(
            _remarks(trace, int(age_unknown.sum()), int(length_unknown.sum()), int(together.sum()), unmatched)
        ),
    )


def _closed_together_at_the_end(closed: Ints, ended: Flags, opened: Ints, window: tuple[int, int]) -> Flags:
    """Tell who closed in the last moments of a recording, if far more did than usual and nobody stayed."""
    start, end = window
    found = np.zeros(len(closed), dtype=bool)
    for part in _LAST_PARTS:
        since = end - part * (end - start)
        there = (opened < since) & (closed >= since)
        gone = there & ended
        usual = int(ended.sum()) * part
        if gone.sum() >= max(_TOGETHER, _TOGETHER * usual) and gone.sum() >= 0.9 * there.sum():
            found = ended & (closed >= since)
    return found


def _short(window: Window) -> Iterator[Note]:
    seconds = float(window.seconds)
    if seconds < _SHORT_S:
        yield Note(
            "short-window",
            f"The window is {told(seconds)} long: the profile takes any time of the month to be like it.",
            {"seconds": seconds},
        )


def _remarks(trace: Trace, ages: int, lengths: int, together: int, unmatched: int) -> Iterator[Note]:
    """Yield what must be said of the trace itself."""
    yield from _short(trace.window)
    if ages:
        yield Note(
            "ages-unknown",
            f"Since when {counted(ages, 'connection')} had been open when the window began is not known: "
            "left out of the fit of how long people stay.",
            {"connections": ages},
        )
    if lengths:
        yield Note(
            "lengths-unknown",
            f"How long {counted(lengths, 'connection')} lasted is not known: left out of the fit of how long "
            "people stay.",
            {"connections": lengths},
        )
    if together:
        yield Note(
            "cut-together",
            f"{together:,} connections closed together when the recording ended: that was its end and not "
            "theirs, so they count as still open.",
            {"connections": together},
        )
    if any(note.code == "written-at-close" for note in trace.notes):
        yield Note(
            "written-at-close",
            "The log tells of a connection once it is closed, so long stays near its end are missing from "
            "it: lengths and arrivals are corrected for that, and the profile is compared by what such a log "
            "would tell of it.",
        )
    if unmatched:
        yield Note(
            "messages-of-nobody",
            f"{counted(unmatched, 'message')} of no connection in the trace left out: the profile has so "
            "many less.",
            {"messages": unmatched},
        )
    if trace.grades.get("closed_at") in _DOUBTFUL:
        yield Note(
            "closes-doubtful",
            "Not every close is told by the source (wscost convert --report says more): connections may "
            "last longer than the profile has it.",
        )


def _messages(trace: Trace, rows: pd.DataFrame, window: tuple[int, int]) -> tuple[dict[str, Messages], int]:
    """Return the messages of each direction that has any, and how many are of no connection."""
    import pandas as pd

    if trace.events is None:
        return {}, 0
    events = trace.events[(trace.events["kind"] == "message").to_numpy(dtype=bool)]
    row = pd.Index(rows["connection_id"]).get_indexer(events["connection_id"]).astype(np.int64)
    at = microseconds(events["at"])
    inside = (at >= window[0]) & (at < window[1])
    kept = inside & (row >= 0)
    order = np.lexsort((at[kept], row[kept]))
    messages = Messages(
        row[kept][order],
        at[kept][order],
        np.asarray(events["bytes"].fillna(UNKNOWN), dtype=np.int64)[kept][order],
        events["auto_response"].fillna(False).to_numpy(dtype=bool)[kept][order],
    )
    direction = events["direction"].to_numpy(dtype=object)[kept][order]
    found = {way: messages.those(one) for way in ("in", "out") if (one := np.equal(direction, way)).any()}
    return found, int((inside & (row < 0)).sum())
