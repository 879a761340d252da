"""Logs read as if they were too long to hold, against the same held."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wscost.deployment import PRESETS
from wscost.errors import WscostError
from wscost.inputs import ReadOptions, open_input
from wscost.metering import meter
from wscost.readers import batching, intake, mapped, ndjson
from wscost.readers.spooling import collected, doubles, pieces, queue, runs, slices, spool
from wscost.readers.spooling.spool import Spool
from wscost.trace import Trace, TraceStream
from wscost.usage import Usage

SPOOLED = 1
HELD = 10**9


def bound(patch: pytest.MonkeyPatch, rows: int, *, shares: int = 4) -> None:
    """Let so many connections be held, and work on disk in tiny pieces and so many slices, a power of two."""
    patch.setattr(intake, "HELD_ROWS", rows)
    for module in (spool, doubles):
        patch.setattr(module, "RUN_ROWS", 4)
    for module in (slices, doubles):
        patch.setattr(module, "SLICES", shares)
    shift = 65 - shares.bit_length()
    patch.setattr(slices, "SHIFT", shift)
    patch.setattr(doubles, "EDGES", np.arange(1, shares, dtype=np.uint64) << np.uint64(shift))
    patch.setattr(queue, "RUN_ROWS", 4)
    for module in (spool, pieces):
        patch.setattr(module, "SLICED_ROWS", 5)
    patch.setattr(spool, "BLOCK_ROWS", 3)
    patch.setattr(runs, "BLOCK_ROWS", 2)
    for reader in (batching, mapped, ndjson, collected):
        patch.setattr(reader, "BATCH_ROWS", 3)


def came_to(path: str | Path, rows: int, **options: Any) -> str | list[Usage]:
    """Return what an input meters as, or what it is refused with, where so many rows may be held."""
    with pytest.MonkeyPatch.context() as patch:
        bound(patch, rows)
        try:
            found = open_input(path, ReadOptions(**options))
            if isinstance(found, (Trace, TraceStream)):
                assert rows == SPOOLED or not isinstance(found, TraceStream)
                return [meter(found, deployment, steps=[100]) for deployment in PRESETS.values()]
            return [found] if isinstance(found, Usage) else []
        except WscostError as complaint:
            return f"{type(complaint).__name__}: {complaint}"


def same(path: str | Path, **options: Any) -> str | list[Usage]:
    """Hold an input set aside against the same held: each day, grade and note, or the complaint."""
    expected = came_to(path, HELD, **options)

    assert expected == came_to(path, SPOOLED, **options)
    return expected


def most_held(work: Callable[[], object]) -> int:
    """Return how many bytes some work holds at once: of Python's, and of Arrow's while rows are set aside."""
    arrow = [0]
    add = Spool.add

    def watched(self: Spool, batch: pa.Table) -> None:
        arrow.append(pa.total_allocated_bytes())
        add(self, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Spool, "add", watched)
        gc.collect()
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1] + max(arrow)
        finally:
            tracemalloc.stop()
