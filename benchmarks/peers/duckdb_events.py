"""DuckDB, with window functions as its documentation writes gaps and islands: objects that hibernate."""

import json
import sys

import duckdb

QUERY = """
with sockets as (
    select max(epoch_us(closed_at)) as last from read_parquet($folder || '/connections.parquet')
), events as (
    select object_id, epoch_us("at") as "at", kind, direction, bytes, auto_response, wall_ms
    from read_parquet($folder || '/events.parquet')
), ends as (
    select greatest((select max("at") from events), (select last from sockets)) + 1 as till
), runs as (
    select object_id, "at" as began, "at" + coalesce(round(wall_ms * 1000)::bigint, 2000) as ended
    from events where not auto_response and (kind <> 'message' or direction = 'in')
), reach as (
    select began, ended, max(ended) over (
        partition by object_id order by began rows between unbounded preceding and 1 preceding
    ) as before
    from runs
), clocks as (
    select sum(greatest(least(ended, till) - greatest(began, before), 0)) as active,
           sum(greatest(ended + 10000000 - greatest(began, before + 10000000), 0)) as resident,
           count(*) filter (before is null or began > before + 10000000) as wakeups
    from reach, ends
), counts as (
    select count(*) filter (kind = 'message' and direction = 'in' and not auto_response) as received,
           count(*) filter (kind = 'message' and direction = 'out') as sent,
           sum(bytes) filter (kind = 'message' and direction = 'in' and not auto_response) as bytes_in,
           sum(bytes) filter (kind = 'message' and direction = 'out') as bytes_out,
           count(*) filter (kind in ('alarm', 'request')) as calls
    from events
)
select received, sent, bytes_in, bytes_out, calls, active, resident, wakeups from counts, clocks
"""

found = duckdb.execute(QUERY, {"folder": sys.argv[1]}).fetchone()
json.dump([int(n) for n in found], sys.stdout)
