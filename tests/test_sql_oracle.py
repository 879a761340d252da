"""The meters again, written in SQL for DuckDB from docs/meters.md alone, and held against both paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_input, read_trace
from wscost.readers.bulk import stream
from wscost.trace import Trace, TraceStream
from wscost.usage import Window

START = datetime(2026, 1, 30, 22, tzinfo=UTC)
"""Two hours before the last day of a month."""
WINDOW = Window(START, START + timedelta(days=3))
TICKS = 3 * 86_400_000_000

ORACLE = """
with given as (
    select coalesce(nullif(object_id, ''), 'nameless ' || row_number() over ()) as object,
           epoch_us(opened_at) as o, coalesce(epoch_us(closed_at), $till) as c,
           closed_at is null or epoch_us(closed_at) > $till as outlasts
    from rows
), seen as (
    select *, greatest(o, $since) as s, least(c, $till) as e from given where o < $till and c >= $since
), days as (
    select unnest(range($since // 86400000000, ($till - 1) // 86400000000 + 1)) as day
), cut as (
    select day, object, o, c, greatest(s, day * 86400000000) as s, least(e, (day + 1) * 86400000000) as e
    from seen join days on s < (day + 1) * 86400000000 and e > day * 86400000000
), instants as (
    select day, s as at from cut where e > s
), peaks as (
    select day, max((select count(*) from cut x where x.day = i.day and x.s <= i.at and i.at < x.e)) as peak
    from instants i group by day
), active_edges as (
    select day, object, s, e, max(e) over (
        partition by day, object order by s, e rows between unbounded preceding and 1 preceding
    ) as reach from cut
), lives as (
    select object, o as s, case when outlasts then $till else c + 10000000 end as e from seen
), life_edges as (
    select *, max(e) over (
        partition by object order by s, e rows between unbounded preceding and 1 preceding
    ) as reach from lives
), resident as (
    select least(d, ($till - 1) // 86400000000) as day,
           greatest(0, least(e, (d + 1) * 86400000000)
                       - greatest(s, coalesce(reach, s), $since, d * 86400000000)) as length
    from life_edges, (select unnest(range($since // 86400000000, $till // 86400000000 + 2)) as d)
)
select day,
    (select count(*) from seen where o >= $since and o // 86400000000 = day),
    (select coalesce(sum(e - s), 0) from cut where cut.day = days.day),
    (select coalesce(sum((e - o + 59999999) // 60000000 - (s - o + 59999999) // 60000000), 0)
     from cut where cut.day = days.day),
    coalesce((select peak from peaks where peaks.day = days.day), 0),
    (select coalesce(sum(greatest(0, e - greatest(s, coalesce(reach, s)))), 0)
     from active_edges a where a.day = days.day),
    (select coalesce(sum(length), 0) from resident r where r.day = days.day),
    (select count(*) from life_edges
     where s >= $since and s // 86400000000 = days.day and (reach is null or s > reach))
from days order by day
"""
METERS = {
    "connections_opened": Decimal(1),
    "connection_seconds": Decimal("0.000001"),
    "connection_minutes": Decimal(1),
    "peak_connections": Decimal(1),
    "object_active_seconds": Decimal("0.000001"),
    "object_resident_seconds": Decimal("0.000001"),
    "object_wakeups": Decimal(1),
}


@contextmanager
def streaming(rows: int) -> Iterator[None]:
    """Stream every file, so many rows at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "STREAMED_FROM_ROWS", 0)
        patch.setattr(stream, "BATCH_ROWS", rows)
        yield


def by_sql(path: Path) -> dict[date, dict[str, Decimal]]:
    since, till = (round(at.timestamp() * 1_000_000) for at in (WINDOW.start, WINDOW.end))
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.from_parquet(str(path)).create_view("rows")
        found = db.execute(ORACLE, {"since": since, "till": till}).fetchall()
    return {
        date(1970, 1, 1) + timedelta(days=day): {
            key: int(value) * unit for (key, unit), value in zip(METERS.items(), values, strict=True)
        }
        for day, *values in found
    }


def by_meter(trace: Trace | TraceStream) -> dict[date, dict[str, Decimal]]:
    days = meter(trace, PRESETS["durable-object"]).days
    return {day: {key: quantities[key] for key in METERS} for day, quantities in days.items()}


MIDNIGHTS = (7_200_000_000, 7_200_000_000 + 86_400_000_000)
instants = st.one_of(
    st.integers(-20_000_000, 60_000_000),
    st.sampled_from(
        [0, TICKS - 1, TICKS, *(m + d for m in MIDNIGHTS for d in (-10_000_000, -1, 0, 1, 10_000_000))]
    ),
    st.integers(-(10**11), TICKS + 10**10),
)
hostile = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "", None]), instants, instants, st.booleans()),
    min_size=1,
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(hostile, st.integers(1, 6))
def test_a_database_that_knows_only_the_definitions_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[str | None, int, int, bool]],
    batch: int,
) -> None:
    base = round(START.timestamp() * 1_000_000)
    kept = [(room, min(a, b), None if still else max(a, b)) for room, a, b, still in drawn]
    kept.append(("a", 5, 6))
    clock = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "object_id": pa.array([room for room, _, _ in kept], pa.string()),
            "opened_at": pa.array([base + o for _, o, _ in kept]).cast(clock),
            "closed_at": pa.array([None if c is None else base + c for _, _, c in kept], pa.int64()).cast(
                clock
            ),
        }
    )
    path = tmp_path_factory.mktemp("oracle") / "trace.parquet"
    parquet.write_table(table, path, row_group_size=4)
    expected = by_sql(path)

    assert expected == by_meter(read_trace(path, window=WINDOW))
    with streaming(batch):
        flowing = read_input(path, window=WINDOW, streamed=True)
        assert isinstance(flowing, TraceStream)
        assert expected == by_meter(flowing)
