"""A trace metered in parts, by whoever and in whatever order, comes out as if one had read it all."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests import loops
from tests.engines import Disorderly
from tests.streams import batches_of
from tests.traces import DAY, at
from wscost.deployment import PRESETS, Pins
from wscost.engines import work
from wscost.errors import InputError
from wscost.inputs import open_input
from wscost.loops import NONE
from wscost.loops.spans import coalesce
from wscost.metering import meter
from wscost.metering.partials import QUARTER, QUARTERS_A_DAY
from wscost.metering.streaming import Question
from wscost.readers import parquet as reader
from wscost.readers import read_input
from wscost.readers.bulk import partitions
from wscost.readers.bulk.numbering import Numbers
from wscost.trace import OPEN, Trace, TraceStream
from wscost.units import MICROSECONDS_PER_SECOND
from wscost.usage import Usage, Window

ACCEPT = PRESETS["durable-object"]
DEPLOYMENTS = (
    *PRESETS.values(),
    ACCEPT.model_copy(update={"name": "pinned", "pins": Pins(timer="always")}),
)
CLOCK = pa.timestamp("us", "UTC")
Connection = tuple[str | None, float, float | None, int | None]
"""Object, opened and closed (seconds after a midnight), messages."""


def written(folder: Path, files: list[list[Connection]], group: int = 4) -> Path:
    folder.mkdir(exist_ok=True)
    for number, rows in enumerate(files):
        rooms, opened, closed, messages = ([one[i] for one in rows] for i in range(4))
        table = {
            "object_id": pa.array(rooms, pa.string()),
            "opened_at": pa.array([at(s) for s in opened], CLOCK),
            "closed_at": pa.array([None if s is None else at(s) for s in closed], CLOCK),
            "messages_in": pa.array(messages, pa.int64()),
            "bytes_in": pa.array([None if n is None else n * 70 for n in messages], pa.int64()),
        }
        if number % 2:
            del table["bytes_in"]
        parquet.write_table(pa.table(table), folder / f"{number}.parquet", row_group_size=group)
    return folder


def metered(trace: Any, deployment: Any) -> Usage:
    return meter(trace, deployment, steps=[100], cpu_multiples=[8])


def refusal(attempt: Any) -> str | None:
    try:
        attempt()
    except InputError as complaint:
        return str(complaint)
    return None


QUARTER_S = QUARTER // MICROSECONDS_PER_SECOND
instants = st.one_of(
    st.integers(0, 30),
    st.integers(DAY - 15, DAY + 15),
    st.sampled_from(
        [0, DAY, 29 * DAY, QUARTER_S, QUARTER_S - 1e-6, QUARTER_S + 1e-6, 29 * DAY - 10, 29 * DAY + 1e-6]
    ),
)
# Mostly short, so that few connections hide what the others do.
lengths = st.one_of(st.sampled_from([1, 2, 3, 10]), st.sampled_from([0, 1e-6, 95, 105, QUARTER_S, DAY]))
connections = st.builds(
    lambda since, length, still, room, sent: (room, since, None if still else since + length, sent),
    st.one_of(st.integers(0, 60), instants),
    lengths,
    st.sampled_from([*[False] * 9, True]),
    st.sampled_from(["a", "a", "b", "c", "", None]),
    st.one_of(st.none(), st.integers(0, 1000)),
)
traces = st.lists(st.lists(connections, max_size=12), min_size=1, max_size=3).filter(any)
windows = st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 3 * DAY))


@settings(max_examples=25, deadline=None)
@given(
    files=traces,
    between=windows,
    rows=st.integers(1, 9),
    shares=st.integers(1, 5),
    random=st.randoms(use_true_random=False),
)
def test_parts_in_any_number_and_order_come_to_what_one_pass_and_one_memory_come_to(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    files: list[list[Connection]],
    between: tuple[int, int] | None,
    rows: int,
    shares: int,
    random: Random,
) -> None:
    path = written(tmp_path_factory.mktemp("parts") / "trace", files, 3)
    window = None if between is None else Window(at(between[0]), at(between[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "PARTITION_ROWS", rows)
        batches_of(patch, 2)
        held = refusal(lambda: open_input(path, {"window": window}))
        engine = Disorderly(random, shares)
        in_parts = read_input(path, window=window, streamed=True, engine=engine)
        assert isinstance(in_parts, TraceStream)
        assert held == refusal(lambda: metered(in_parts, ACCEPT))
        if held is not None:
            return
        patch.setattr(reader, "STREAMED_FROM_ROWS", 0)
        in_one_pass = read_input(path, window=window, streamed=True)
        patch.setattr(reader, "STREAMED_FROM_ROWS", 10**9)
        in_memory = open_input(path, {"window": window})
        assert isinstance(in_memory, Trace)

        for deployment in DEPLOYMENTS:
            expected = metered(in_memory, deployment)
            assert expected == metered(in_one_pass, deployment)
            assert expected == metered(in_parts, deployment)


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_hour_of_few_objects_comes_to_the_same(tmp_path: Path, seed: int) -> None:
    """Visits and what lies between them are about as long as objects outlast their sockets."""
    rng = np.random.default_rng(seed)
    opened = np.cumsum(rng.exponential(9, 300)).round(1) + 23 * 3600
    lengths = rng.choice([0.0, 1.0, 4.5, 30.0], 300)
    rows: list[Connection] = [
        (f"room-{rng.integers(7)}", float(o), float(o + n) if rng.random() < 0.99 else None, None)
        for o, n in zip(opened, lengths, strict=True)
    ]
    Random(seed).shuffle(rows)
    path = written(tmp_path / "trace", [rows[:100], rows[100:150], rows[150:]], 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "PARTITION_ROWS", 60)
        batches_of(patch, 20)
        in_parts = read_input(path, streamed=True, engine=Disorderly(Random(seed)))
        in_memory = open_input(path, {})

        for deployment in DEPLOYMENTS:
            assert metered(in_memory, deployment) == metered(in_parts, deployment)


@pytest.mark.parametrize(
    ("pinned", "first", "second", "kept"),
    [
        pytest.param(0, (0, 5), (5, 9), [(0, 9)], id="touching"),
        pytest.param(0, (0, 5), (6, 9), [(0, 5), (6, 9)], id="apart"),
        pytest.param(0, (5, 9), (0, 5), [(0, 9)], id="touching, the later one first"),
        pytest.param(0, (6, 9), (0, 5), [(6, 9), (0, 5)], id="apart, the later one first"),
        pytest.param(3, (0, 5), (8, 9), [(0, 9)], id="touching what the pin adds"),
        pytest.param(3, (0, 5), (9, 9), [(0, 5), (9, 9)], id="past what the pin adds"),
        pytest.param(0, (0, 9), (3, 4), [(0, 9)], id="within"),
        pytest.param(0, (3, 101), (1, OPEN), [(1, 101)], id="both outlast the window"),
        pytest.param(0, (0, 100), (1, 101), [(0, 100), (1, 101)], id="one closes as the window ends"),
    ],
)
def test_connections_become_one_where_their_object_knows_no_moment_between_them(
    pinned: int, first: tuple[int, int], second: tuple[int, int], kept: list[tuple[int, int]]
) -> None:
    opened, closed = np.array([first, second]).T.copy()
    room = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int32)
    latest = np.array([NONE]), np.array([NONE])
    count = coalesce(opened, closed, np.zeros(2, dtype=np.int32), 100, pinned, *latest, *room, 0)

    assert kept == list(zip(room[0][:count].tolist(), room[1][:count].tolist(), strict=True))


@pytest.mark.parametrize("cut", [False, True], ids=["window from rows", "window given"])
@pytest.mark.parametrize("skip", [False, True], ids=["refused", "skipped"])
def test_bad_rows_of_several_files_are_told_in_the_same_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skip: bool, cut: bool
) -> None:
    monkeypatch.setattr(partitions, "PARTITION_ROWS", 8)
    bad: list[Connection] = [("a", s + 9, s, 1) for s in range(7)]
    good: list[Connection] = [("a", s, s + 9, 1) for s in range(40, 47)]
    path = written(tmp_path / "trace", [[*good, *bad], bad + good, good, bad * 2])
    options: dict[str, Any] = {"skip_bad_rows": skip, "window": Window(at(-10), at(DAY)) if cut else None}

    def in_parts() -> Usage:
        engine = Disorderly(Random(4))
        return metered(read_input(path, streamed=True, engine=engine, **options), ACCEPT)

    def in_memory() -> Usage:
        return metered(open_input(path, options), ACCEPT)  # type: ignore[arg-type]

    assert refusal(in_memory) == refusal(in_parts)
    if skip:
        assert in_memory() == in_parts()


def test_what_a_part_keeps_of_an_object_is_the_times_it_lived_not_its_sockets(tmp_path: Path) -> None:
    crowd: list[Connection] = [("room", s, s + 50, None) for s in range(500)]
    apart: list[Connection] = [("room", 9_000 + 100 * s, 9_001 + 100 * s, None) for s in range(5)]
    path = written(tmp_path / "trace", [crowd + apart], 1000)
    engine = Disorderly(Random(1))
    flowing = read_input(path, streamed=True, engine=engine)
    assert isinstance(flowing, TraceStream)
    question = Question.of(ACCEPT, (), ())
    task = work.task_of(flowing, question, cores=1)
    (partition,) = work.cut(flowing).partitions
    share = work.share(work.reduced(partition, task), 0, task)

    assert ["room"] == share.names.to_pylist()
    assert 1 + len(apart) == len(share.lives.visits.gaps)


def test_a_part_is_searched_once_for_all_that_is_shared_out_however_long_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "trace", [[("a", 0, 5, 1), ("a", 29 * DAY, 29 * DAY + 5, 1)]])
    flowing = read_input(path, streamed=True, engine=Disorderly(Random(1)))
    assert isinstance(flowing, TraceStream)
    task = work.task_of(flowing, Question.of(ACCEPT, (), ()), cores=1)
    (partition,) = work.cut(flowing).partitions
    reduced = work.reduced(partition, task)
    searched: list[Any] = []
    search = np.searchsorted
    monkeypatch.setattr(np, "searchsorted", lambda *given: (searched.append(given), search(*given))[1])

    assert [0, 29 * QUARTERS_A_DAY] == list(work.share(reduced, 0, task).quarters)
    assert len(("openings", "closings")) == len(searched)


def test_parts_come_to_the_same_with_loops_run_as_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(8)
    rows: list[Connection] = [
        (f"room-{n % 7}", int(o), int(o + n) if n % 9 else None, int(n))
        for o, n in zip(rng.integers(0, 3 * DAY, 300), rng.integers(0, DAY, 300), strict=True)
    ]
    path = written(tmp_path / "trace", [rows[:200], rows[200:]], 50)

    def in_parts() -> Usage:
        return metered(read_input(path, streamed=True, engine=Disorderly(Random(2))), ACCEPT)

    expected = in_parts()
    loops.run_plain(monkeypatch)

    assert expected == in_parts()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=4), max_size=12), st.integers(1, 7), st.data())
def test_the_bucket_of_an_object_depends_on_its_name_alone(
    names: list[str], count: int, data: st.DataObject
) -> None:
    def buckets(of: list[str]) -> dict[str, int]:
        numbers = Numbers()
        numbers.of(pa.array(of, pa.string()))
        return dict(zip(numbers.names.to_pylist(), numbers.buckets(count).tolist(), strict=True))

    everywhere = buckets(names)
    elsewhere = buckets(data.draw(st.permutations([*names, "other"])))

    assert set(names) == set(everywhere)
    assert everywhere == {name: elsewhere[name] for name in everywhere}
    assert all(0 <= bucket < count for bucket in everywhere.values())


def test_a_worker_that_sees_other_files_counts_nothing(tmp_path: Path) -> None:
    path = written(tmp_path / "trace", [[("a", s, s + 5, 1) for s in range(9)]])
    flowing = read_input(path, streamed=True, engine=Disorderly(Random(3)))
    written(path, [[("a", 0, 5, 1)]])
    with pytest.raises(InputError, match="a worker found other rows under this name"):
        metered(flowing, ACCEPT)
    (path / "0.parquet").unlink()

    with pytest.raises(InputError, match=r"0\.parquet: where a worker runs, there is no such file"):
        metered(flowing, ACCEPT)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trace.csv", "opened_at,closed_at\n2026-11-02T00:00:00Z,2026-11-02T00:01:00Z\n"),
        ("trace.ndjson", '{"opened_at": "2026-11-02T00:00:00Z"}\n'),
    ],
)
def test_what_cannot_be_cut_is_refused_with_the_way_out(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)

    with pytest.raises(InputError, match=f"wscost convert {path} -o trace/"):
        read_input(path, streamed=True, engine=Disorderly(Random(6)))
