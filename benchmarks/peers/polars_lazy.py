"""Polars, lazy, with window expressions over objects; it may take the rows to be in order of opening."""

import json
import sys

import polars as pl

opened, closed = pl.col("opened_at").dt.epoch("us"), pl.col("closed_at").dt.epoch("us")
rows = pl.scan_parquet(sys.argv[1]).select(
    "object_id", "messages_in", "messages_out", "bytes_in", "bytes_out", opened=opened, closed=closed
)
open_time = pl.col("closed") - pl.col("opened")
before = pl.col("closed").cum_max().shift(1).over("object_id")
reached = pl.max_horizontal("opened", before)
sums = rows.select(
    rows=pl.len(),
    open_time=open_time.sum(),
    minutes=((open_time + 59_999_999) // 60_000_000).sum(),
    active=(pl.col("closed") - reached).clip(lower_bound=0).sum(),
    messages_in=pl.col("messages_in").sum(),
    messages_out=pl.col("messages_out").sum(),
    bytes_in=pl.col("bytes_in").sum(),
    bytes_out=pl.col("bytes_out").sum(),
)
changes = pl.concat(
    [
        rows.select(at="opened", change=pl.lit(1, pl.Int32)),
        rows.select(at="closed", change=pl.lit(-1, pl.Int32)),
    ]
)
peak = changes.sort("at", "change").select(pl.col("change").cum_sum().max())
sums, peak = pl.collect_all([sums, peak])
n, open_us, minutes, active, *counts = sums.row(0)
json.dump([n, open_us, minutes, peak.item(), active, *counts], sys.stdout)
