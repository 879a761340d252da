"""ClickHouse in this process (chdb), with its aggregates for intervals."""

import json
import sys

import chdb

QUERY = """
with rows as (
    select object_id, toUnixTimestamp64Micro(opened_at) as opened,
           toUnixTimestamp64Micro(closed_at) as closed,
           messages_in, messages_out, bytes_in, bytes_out
    from file('{path}', Parquet)
), objects as (
    select intervalLengthSum(opened, closed) as active, count() as opened_, sum(closed - opened) as open_time,
           sum(intDiv(closed - opened + 59999999, 60000000)) as minutes,
           sum(messages_in) as mi, sum(messages_out) as mo, sum(bytes_in) as bi, sum(bytes_out) as bo
    from rows group by object_id
)
select sum(opened_), sum(open_time), sum(minutes), (select maxIntersections(opened, closed) from rows),
       sum(active), sum(mi), sum(mo), sum(bi), sum(bo)
from objects format JSONCompactEachRow
"""

found = json.loads(str(chdb.query(QUERY.format(path=sys.argv[1]))))
json.dump([int(n) for n in found], sys.stdout)
