"""The meters again, written in SQL for DuckDB from docs/meters.md alone, and held against both paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests.streams import batches_of, write, write_events
from wscost.deployment import PRESETS
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_input, read_trace
from wscost.trace import Trace, TraceStream
from wscost.usage import Window

START = datetime(2026, 1, 30, 22, tzinfo=UTC)
"""Two hours before the last day of a month."""
Row = dict[str, Any]
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


HIBERNATION = """
with sockets as (
    select connection_id, coalesce(nullif(object_id, ''), 'nameless ' || row_number() over ()) as object,
           epoch_us(opened_at) as o, epoch_us(closed_at) as c
    from rows where epoch_us(opened_at) < $till and not coalesce(epoch_us(closed_at) < $since, false)
), happened as (
    select epoch_us(e."at") as happened_at, kind, coalesce(direction = 'out', false) as sent, bytes,
           coalesce(auto_response, false) as answered, coalesce(round(wall_ms * 1000)::bigint, 2000) as wall,
           coalesce(nullif(e.object_id, ''), s.object, 'alone ' || row_number() over ()) as object,
           epoch_us(e."at") // 86400000000 as day
    from events e left join sockets s on s.connection_id = nullif(e.connection_id, '')
    where epoch_us(e."at") >= $since and epoch_us(e."at") < $till
), runs as (
    select object, happened_at as s, happened_at + wall as e from happened
    where not answered and not (kind = 'message' and sent)
    union all select object, o, o + 2000 from sockets
    where o >= $since and (select count(*) from happened where kind = 'open')
        < greatest(1, (select count(*) from sockets where o >= $since))
    union all select object, c, c + 2000 from sockets
    where c >= $since and c < $till and (select count(*) from happened where kind = 'close')
        < greatest(1, (select count(*) from sockets where c >= $since and c < $till))
), edges as (
    select s, e, max(e) over (
        partition by object order by s, e rows between unbounded preceding and 1 preceding
    ) as reach from runs
), days as (
    select unnest(range($since // 86400000000, ($till - 1) // 86400000000 + 1)) as day
), later as (
    select unnest(range($since // 86400000000, $till // 86400000000 + 3)) as day
), active as (
    select day, greatest(0, least(e, $till, (day + 1) * 86400000000)
                            - greatest(s, coalesce(reach, s), day * 86400000000)) as length
    from edges, later
), resident as (
    select least(day, ($till - 1) // 86400000000) as day,
           greatest(0, least(e + 10000000, (day + 1) * 86400000000)
                       - greatest(s, coalesce(reach + 10000000, s), day * 86400000000)) as length
    from edges, later
)
select day,
    (select count(*) from happened h
     where h.day = days.day and kind = 'message' and not sent and not answered),
    (select count(*) from happened h where h.day = days.day and kind = 'message' and sent and not answered),
    (select coalesce(sum(bytes), 0) from happened h
     where h.day = days.day and kind = 'message' and not sent and not answered),
    (select count(*) from happened h where h.day = days.day and kind in ('alarm', 'request')),
    (select coalesce(sum(length), 0) from active a where a.day = days.day),
    (select coalesce(sum(length), 0) from resident r where r.day = days.day),
    (select count(*) from edges
     where s // 86400000000 = days.day and (reach is null or s > reach + 10000000))
from days order by day
"""
ASLEEP = {
    "messages_in": Decimal(1),
    "messages_out": Decimal(1),
    "bytes_in": Decimal(1),
    "object_requests": Decimal(1),
    "object_active_seconds": Decimal("0.000001"),
    "object_resident_seconds": Decimal("0.000001"),
    "object_wakeups": Decimal(1),
}


@contextmanager
def streaming(rows: int) -> Iterator[None]:
    """Stream every file, so many rows at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "STREAMED_FROM_ROWS", 0)
        batches_of(patch, rows)
        yield


def by_sql(query: str, meters: Mapping[str, Decimal], **tables: Path) -> dict[date, dict[str, Decimal]]:
    since, till = (round(at.timestamp() * 1_000_000) for at in (WINDOW.start, WINDOW.end))
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        for name, path in tables.items():
            db.from_parquet(str(path)).create_view(name)
        found = db.execute(query, {"since": since, "till": till}).fetchall()
    return {
        date(1970, 1, 1) + timedelta(days=day): {
            key: int(value) * unit for (key, unit), value in zip(meters.items(), values, strict=True)
        }
        for day, *values in found
    }


def by_meter(
    trace: Trace | TraceStream, deployment: str, meters: Mapping[str, Decimal]
) -> dict[date, dict[str, Decimal]]:
    days = meter(trace, PRESETS[deployment]).days
    return {day: {key: quantities.get(key, Decimal(0)) for key in meters} for day, quantities in days.items()}


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
    expected = by_sql(ORACLE, METERS, rows=path)

    assert expected == by_meter(read_trace(path, window=WINDOW), "durable-object", METERS)
    with streaming(batch):
        flowing = read_input(path, window=WINDOW, streamed=True)
        assert isinstance(flowing, TraceStream)
        assert expected == by_meter(flowing, "durable-object", METERS)


@st.composite
def hibernating(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Draw sockets, and events that tell of their connects and closes, or do not."""
    sockets: list[Row] = []
    for number, (room, a, b, still) in enumerate([*draw(hostile), ("a", 5, 6, False)]):
        opened, closed = (START + timedelta(microseconds=n) for n in sorted((a, b)))
        row = {"connection_id": f"c{number}", "object_id": room, "opened_at": opened}
        sockets.append({**row, "closed_at": None if still else closed})
    nameless = [] if draw(st.booleans()) else ["", None]
    happened = [
        {
            "kind": draw(st.sampled_from(["message", "error", "alarm", "request"])),
            "at": START + timedelta(microseconds=draw(instants)),
            "object_id": draw(st.sampled_from(["a", "b", "c", *nameless])),
            "connection_id": draw(st.sampled_from([row["connection_id"] for row in sockets])),
            "direction": draw(st.sampled_from(["in", "out"])),
            "bytes": draw(st.none() | st.integers(0, 500)),
            "auto_response": draw(st.sampled_from([True, False, None])),
            "wall_ms": draw(st.sampled_from([None, 0.0, 0.0004, 1.5, 9_999.999, 10_000.0, 90_000_000.0])),
        }
        for _ in range(draw(st.integers(1, 20)))
    ]
    for kind, column in (("open", "opened_at"), ("close", "closed_at")):
        told = sockets[: draw(st.sampled_from([0, 1, len(sockets), len(sockets)]))]
        happened += [
            {"kind": kind, "at": row[column], "object_id": "b", "connection_id": row["connection_id"]}
            for row in told
            if row[column] is not None
        ]
    return sockets, draw(st.permutations(happened))


@settings(max_examples=40, deadline=None)
@given(hibernating(), st.integers(1, 6))
def test_the_database_puts_objects_to_sleep_as_long_and_wakes_them_as_often(
    tmp_path_factory: pytest.TempPathFactory, drawn: tuple[list[Row], list[Row]], batch: int
) -> None:
    folder = tmp_path_factory.mktemp("oracle")
    tables = {
        "rows": write(folder / "connections.parquet", drawn[0], 4),
        "events": write_events(folder / "events.parquet", drawn[1], 4),
    }
    expected = by_sql(HIBERNATION, ASLEEP, **tables)

    assert expected == by_meter(read_trace(folder, window=WINDOW), "durable-object-hibernation", ASLEEP)
    with streaming(batch):
        flowing = read_input(folder, window=WINDOW, streamed=True)
        assert isinstance(flowing, TraceStream | Trace)
        assert expected == by_meter(flowing, "durable-object-hibernation", ASLEEP)
