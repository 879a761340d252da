"""Events to measure with: rooms that chat, connections beside them, as a folder of two Parquet files.

Not made by wscost's own simulator, so that peers are not measured on data that one of them has made.

python benchmarks/events.py FOLDER EVENTS [OBJECTS] [--one-object-has-half]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
from connections import BEGINS_S, GROUP_ROWS, MONTH_S
from pyarrow import parquet

KINDS = ("open", "message", "close", "alarm", "request")
MESSAGES_A_CONNECTION = 40
ONE_IN, ONE_CALL = 4, 500
"""Of so many messages one is from the client; of so many events one is a call."""
CLOCK = pa.timestamp("us", "UTC")


def write(folder: Path, events: int, objects: int, *, hot: bool = False) -> None:
    """Write so many events in order of time; the same arguments give the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    popularity = np.cumsum(rng.pareto(1.2, objects) + 0.1)
    names = pa.array([f"room-{number:07d}" for number in range(objects)])
    connections = max(events // (MESSAGES_A_CONNECTION + 2), 1)
    opened = np.sort(rng.random(connections)) * (MONTH_S - 3600)
    closed = opened + np.minimum(rng.lognormal(np.log(300), 1, connections), 3600)
    rooms = np.searchsorted(popularity, rng.random(connections) * popularity[-1]).astype(np.int32)
    if hot:
        rooms[rng.random(connections) < 0.5] = 0
    opened, closed = (((BEGINS_S + at) * 1e6).astype(np.int64) for at in (opened, closed))
    ids = pa.array(np.arange(connections)).cast(pa.string())
    columns = {
        "connection_id": ids,
        "object_id": names.take(pa.array(rooms)),
        "opened_at": pa.array(opened).cast(CLOCK),
        "closed_at": pa.array(closed).cast(CLOCK),
    }
    parquet.write_table(
        pa.table(columns), folder / "connections.parquet", compression="zstd", row_group_size=GROUP_ROWS
    )
    schema = pa.schema(
        [
            ("object_id", pa.string()),
            ("connection_id", pa.string()),
            ("at", CLOCK),
            ("kind", pa.string()),
            ("direction", pa.string()),
            ("bytes", pa.int64()),
            ("auto_response", pa.bool_()),
            ("wall_ms", pa.float64()),
        ]
    )
    with parquet.ParquetWriter(folder / "events.parquet", schema, compression="zstd") as file:
        each = max(GROUP_ROWS // (MESSAGES_A_CONNECTION + 2), 1)
        waiting: list[tuple[np.ndarray, ...]] = []
        for first in range(0, connections, each):
            some = slice(first, min(first + each, connections))
            waiting.append(_happening(rng, opened[some], closed[some], first))
            until = opened[some.stop] if some.stop < connections else np.iinfo(np.int64).max
            waiting = [_written(file, schema, waiting, (ids, names, rooms), until)]


def _happening(
    rng: np.random.Generator, opened: np.ndarray, closed: np.ndarray, first: int
) -> tuple[np.ndarray, ...]:
    """Return the events of some connections: when, whose, of what kind."""
    size = len(opened)
    whose = np.repeat(np.arange(size), MESSAGES_A_CONNECTION)
    at = opened[whose] + (rng.random(len(whose)) * (closed - opened)[whose]).astype(np.int64)
    kind = np.where(rng.random(len(whose)) < 1 / ONE_CALL, 3, 1)
    ends = np.arange(size)
    return (
        np.concatenate([opened, at, closed]),
        np.concatenate([ends, whose, ends]) + first,
        np.concatenate([np.zeros(size, int), kind, np.full(size, 2)]),
        rng.integers(0, 1 << 30, size * (MESSAGES_A_CONNECTION + 2)),
    )


def _written(
    file: parquet.ParquetWriter,
    schema: pa.Schema,
    waiting: list[tuple[np.ndarray, ...]],
    of: tuple[pa.Array, pa.Array, np.ndarray],
    until: int,
) -> tuple[np.ndarray, ...]:
    """Write what happened before an instant; return the rest."""
    ids, names, rooms = of
    columns = [np.concatenate(pieces) for pieces in zip(*waiting, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    at, whose, kind, chance = (column[order] for column in columns)
    due = int(np.searchsorted(at, until))
    now = slice(0, due)
    message = kind[now] == 1
    received = message & (chance[now] % ONE_IN == 0)
    direction = np.where(received, 0, 1).astype(np.int8)
    table = [
        names.take(pa.array(rooms[whose[now]])),
        ids.take(pa.array(whose[now])),
        pa.array(at[now]).cast(CLOCK),
        pa.DictionaryArray.from_arrays(pa.array(kind[now].astype(np.int8)), pa.array(KINDS)).cast(
            pa.string()
        ),
        pa.DictionaryArray.from_arrays(pa.array(direction, mask=~message), pa.array(["in", "out"])).cast(
            pa.string()
        ),
        pa.array(20 + chance[now] % 380, mask=~message),
        pa.array(received & (chance[now] % 40 == 0)),
        pa.array(chance[now] % 50 / 10 + 0.1, mask=message & ~received),
    ]
    file.write_table(pa.table(table, schema), row_group_size=GROUP_ROWS)
    return at[due:], whose[due:], kind[due:], chance[due:]


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Write events to measure with.")
    asked.add_argument("folder", type=Path)
    asked.add_argument("events", type=int)
    asked.add_argument("objects", type=int, nargs="?", default=100_000)
    asked.add_argument("--one-object-has-half", action="store_true", dest="hot")
    write(**vars(asked.parse_args()))
