"""ClickHouse in this process (chdb), with a window function over each object's handler runs."""

import json
import sys

import chdb

QUERY = """
with events as (
    select object_id, toUnixTimestamp64Micro(at) as at, kind, direction, bytes, auto_response, wall_ms
    from file('{folder}/events.parquet', Parquet)
), (
    select greatest((select max(at) from events),
                    (select max(toUnixTimestamp64Micro(closed_at))
                     from file('{folder}/connections.parquet', Parquet))) + 1
) as till, reach as (
    select at as began, at + toInt64(coalesce(round(wall_ms * 1000), 2000)) as ended,
           max(ended) over (
               partition by object_id order by began rows between unbounded preceding and 1 preceding
           ) as before
    from events where not auto_response and (kind <> 'message' or direction = 'in')
), clocks as (
    select sum(greatest(least(ended, till) - greatest(began, before), 0)) as active,
           sum(greatest(ended + 10000000 - greatest(began, before + 10000000), 0)) as resident,
           countIf(before is null or began > before + 10000000) as wakeups
    from reach
), counts as (
    select countIf(kind = 'message' and direction = 'in' and not auto_response) as received,
           countIf(kind = 'message' and direction = 'out') as sent,
           sumIf(bytes, kind = 'message' and direction = 'in' and not auto_response) as bytes_in,
           sumIf(bytes, kind = 'message' and direction = 'out') as bytes_out,
           countIf(kind in ('alarm', 'request')) as calls
    from events
)
select received, sent, bytes_in, bytes_out, calls, active, resident, wakeups from counts, clocks
format JSONCompactEachRow
"""

found = json.loads(str(chdb.query(QUERY.format(folder=sys.argv[1]))))
json.dump([int(n) for n in found], sys.stdout)
