"""DuckDB, with window functions as its documentation writes gaps and islands."""

import json
import sys

import duckdb

QUERY = """
with rows as (
    select object_id, epoch_us(opened_at) as opened, epoch_us(closed_at) as closed,
           messages_in, messages_out, bytes_in, bytes_out
    from read_parquet($path)
), reach as (
    select opened, closed, max(closed) over (
        partition by object_id order by opened rows between unbounded preceding and 1 preceding
    ) as before
    from rows
), changes as (
    select opened as "at", 1 as change from rows union all select closed, -1 from rows
), climbing as (
    select sum(change) over (order by "at", change rows unbounded preceding) as open_now from changes
)
select (select sum(greatest(closed - greatest(opened, coalesce(before, opened)), 0)) from reach),
       (select max(open_now) from climbing),
       count(*), sum(closed - opened), sum((closed - opened + 59999999) // 60000000),
       sum(messages_in), sum(messages_out), sum(bytes_in), sum(bytes_out)
from rows
"""

active, peak, opened, open_time, minutes, *counts = duckdb.execute(QUERY, {"path": sys.argv[1]}).fetchone()
json.dump([int(n) for n in (opened, open_time, minutes, peak, active, *counts)], sys.stdout)
