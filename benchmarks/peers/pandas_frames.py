"""pandas, sorted once, with a running maximum an object."""

import json
import sys

import pandas as pd

rows = pd.read_parquet(sys.argv[1])
opened = rows["opened_at"].astype("int64")
closed = rows["closed_at"].astype("int64")
open_time = closed - opened
ordered = pd.DataFrame({"object": rows["object_id"].astype("category"), "opened": opened, "closed": closed})
ordered = ordered.sort_values("opened", kind="stable")
reach = ordered.groupby("object", observed=True)["closed"].cummax()
before = reach.groupby(ordered["object"], observed=True).shift()
reached = ordered["opened"].where(~(before > ordered["opened"]), before)
active = (ordered["closed"] - reached).clip(lower=0).sum()
changes = pd.concat([pd.Series(1, index=opened), pd.Series(-1, index=closed)])
peak = changes.groupby(level=0).sum().cumsum().max()
totals = [rows[name].sum() for name in ("messages_in", "messages_out", "bytes_in", "bytes_out")]
found = [len(rows), open_time.sum(), ((open_time + 59_999_999) // 60_000_000).sum(), peak, active, *totals]
json.dump([int(n) for n in found], sys.stdout)
