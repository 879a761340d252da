"""Connections to measure with: a month of a service, its objects as unequally popular as rooms are.

Not made by wscost's own simulator, so that peers are not measured on data that one of them has made.

python benchmarks/connections.py FILE ROWS [OBJECTS] [--shuffled] [--one-object-has-half]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

MONTH_S = 30 * 86_400
BEGINS_S = 1_788_220_800  # 2026-09-01 UTC
GROUP_ROWS = 1_000_000
MEDIAN_S, SPREAD = 300, 1.5


def write(path: Path, rows: int, objects: int, *, shuffled: bool = False, hot: bool = False) -> None:
    """Write so many connections, a row group at a time; the same arguments give the same file."""
    rng = np.random.default_rng(7)
    popularity = np.cumsum(rng.pareto(1.2, objects) + 0.1)
    names = pa.array([f"room-{number:07d}" for number in range(objects)])
    schema = pa.schema(
        [
            ("object_id", pa.string()),
            *((name, pa.timestamp("us", "UTC")) for name in ("opened_at", "closed_at")),
            *((name, pa.int64()) for name in ("messages_in", "messages_out", "bytes_in", "bytes_out")),
        ]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        for first in range(0, rows, GROUP_ROWS):
            size = min(GROUP_ROWS, rows - first)
            at = rng.random(size)
            if not shuffled:
                at = (first + size * np.sort(at)) / rows
            opened = ((BEGINS_S + at * MONTH_S) * 1e6).astype(np.int64)
            closed = opened + (rng.lognormal(np.log(MEDIAN_S), SPREAD, size) * 1e6).astype(np.int64)
            chosen = np.searchsorted(popularity, rng.random(size) * popularity[-1]).astype(np.int32)
            if hot:
                chosen[rng.random(size) < 0.5] = 0
            sent, received = rng.poisson(12, size), rng.poisson(30, size)
            columns = [
                pa.DictionaryArray.from_arrays(pa.array(chosen), names).cast(pa.string()),
                *(pa.array(times).cast(pa.timestamp("us", "UTC")) for times in (opened, closed)),
                *map(pa.array, (sent, received)),
                *(pa.array(n * rng.integers(20, 400, size)) for n in (sent, received)),
            ]
            file.write_table(pa.table(columns, schema), row_group_size=GROUP_ROWS)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Write connections to measure with.")
    asked.add_argument("path", type=Path)
    asked.add_argument("rows", type=int)
    asked.add_argument("objects", type=int, nargs="?", default=100_000)
    asked.add_argument("--shuffled", action="store_true")
    asked.add_argument("--one-object-has-half", action="store_true", dest="hot")
    write(**vars(asked.parse_args()))
