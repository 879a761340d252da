"""Polars, lazy, with window expressions over objects; the events are in order of time, as the file is."""

import json
import sys

import polars as pl

TAIL = 10_000_000
folder = sys.argv[1]
events = pl.scan_parquet(f"{folder}/events.parquet").with_columns(at=pl.col("at").dt.epoch("us"))
sockets = pl.scan_parquet(f"{folder}/connections.parquet")
message = pl.col("kind") == "message"
received = message & (pl.col("direction") == "in") & ~pl.col("auto_response")
sent = message & (pl.col("direction") == "out")
counts = events.select(
    received=received.sum(),
    sent=sent.sum(),
    bytes_in=pl.col("bytes").filter(received).sum(),
    bytes_out=pl.col("bytes").filter(sent).sum(),
    calls=pl.col("kind").is_in(["alarm", "request"]).sum(),
    last=pl.col("at").max(),
)
wall = (pl.col("wall_ms") * 1000).round().cast(pl.Int64).fill_null(2000)
began, ended = pl.col("at"), pl.col("ended")
before = pl.col("ended").cum_max().shift(1).over("object_id")
runs = (
    events.filter(~pl.col("auto_response") & (~message | (pl.col("direction") == "in")))
    .select("object_id", "at", ended=began + wall)
    .with_columns(before=before)
)
last_close = sockets.select(pl.col("closed_at").dt.epoch("us").max())
counted, closes = pl.collect_all([counts, last_close])
*numbers, last = counted.row(0)
till = max(last, closes.item()) + 1
clocks = runs.select(
    active=(pl.min_horizontal(ended, till) - pl.max_horizontal(began, "before")).clip(lower_bound=0).sum(),
    resident=(ended + TAIL - pl.max_horizontal(began, pl.col("before") + TAIL)).clip(lower_bound=0).sum(),
    wakeups=(pl.col("before").is_null() | (began > pl.col("before") + TAIL)).sum(),
).collect()
json.dump([*numbers, *clocks.row(0)], sys.stdout)
