"""A trace too big to be held at once comes out as if it had been: same days, grades, notes and complaints."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tests import loops
from tests.streams import Passes, batches_of, held, held_by, refusal, streamed, tiny, write, write_events
from tests.traces import DAY, MIDNIGHT, at
from wscost.cli import main
from wscost.comparing import compare
from wscost.deployment import PRESETS, Pins
from wscost.errors import InputError
from wscost.metering import meter
from wscost.readers import parquet as reader
from wscost.readers import read_trace
from wscost.readers.bulk import groups, numbering, ordering
from wscost.readers.bulk import rows as rows_module
from wscost.readers.bulk.groups import File
from wscost.readers.bulk.identity import Identity
from wscost.readers.bulk.numbering import Numbers
from wscost.readers.source import Part
from wscost.trace import LARGEST, Batch
from wscost.tracefile import write_trace
from wscost.usage import Window

WORKER, ACCEPT, HIBERNATING = PRESETS.values()
PINNED = ACCEPT.model_copy(update={"name": "pinned", "pins": Pins(timer="always")})
DEPLOYMENTS = (WORKER, ACCEPT, HIBERNATING, PINNED)
Row = dict[str, Any]


@pytest.fixture(autouse=True)
def _everything_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch)


def row(opened: float, closed: float | None, room: str | None = "room", **counts: int | None) -> Row:
    closes = None if closed is None else at(closed)
    return {"object_id": room, "opened_at": at(opened), "closed_at": closes, **counts}


def same(path: Path, **options: Any) -> None:
    """Hold the stream of a file against its frames, for every deployment."""
    whole, flowing = held(path, **options), streamed(path, **options)
    for deployment in DEPLOYMENTS:
        expected = meter(whole, deployment, steps=[100], cpu_multiples=[8])
        found = meter(flowing, deployment, steps=[100], cpu_multiples=[8])

        assert expected.days == found.days
        assert expected.grades == found.grades
        assert expected.notes == found.notes
        assert expected.window == found.window
    # Of rows that stand twice, a stream knows only at its end which are left out.
    assert whole.names_objects == flowing.names_objects or whole.refused


# Seconds around two midnights and a turn of the month: crossing, touching, nesting, and the same instants.
instants = st.one_of(
    st.integers(0, 30),
    st.integers(DAY - 15, DAY + 15),
    st.sampled_from([0, DAY, 2 * DAY, 29 * DAY, 29 * DAY - 0.000001, 29 * DAY + 0.000001]),
)
counts = st.one_of(st.none(), st.integers(0, 1000))
hostile = st.lists(
    st.builds(
        lambda a, b, still, room, sent, size: row(
            min(a, b), None if still else max(a, b), room, messages_in=sent, bytes_in=size, messages_out=sent
        ),
        instants,
        instants,
        st.booleans(),
        st.sampled_from(["a", "b", "c", "", None]),
        counts,
        counts,
    ),
    min_size=1,
    max_size=25,
)
windows = st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 3 * DAY))


@settings(max_examples=40, deadline=None)
@given(hostile, windows, st.integers(1, 9))
def test_any_trace_in_any_order_meters_the_same_as_a_stream(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], window: tuple[int, int] | None, group: int
) -> None:
    path = write(tmp_path_factory.mktemp("any") / "trace.parquet", rows, group)
    given_window = None if window is None else Window(at(window[0]), at(window[1]))
    complaint = refusal(lambda: read_trace(path, window=given_window))

    assert complaint == refusal(lambda: meter(streamed(path, window=given_window), ACCEPT))
    if complaint is None:
        same(path, window=given_window)


@settings(max_examples=20, deadline=None)
@given(hostile, st.randoms(use_true_random=False))
def test_partial_sums_come_to_the_same_whatever_order_the_rows_and_batches_have(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], random: Any
) -> None:
    folder = tmp_path_factory.mktemp("order")
    window = Window(at(-10), at(40 * DAY))
    shuffled = random.sample(rows, len(rows))
    one = meter(streamed(write(folder / "a.parquet", rows, 4), window=window), ACCEPT)
    other = meter(streamed(write(folder / "b.parquet", shuffled, 2), window=window), ACCEPT)

    assert one.days == other.days


ids = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "", "a-much-longer-name"]), st.uuids().map(str))


@settings(max_examples=30, deadline=None)
@given(hostile, st.lists(ids, min_size=25, max_size=25), st.booleans(), st.integers(1, 9))
def test_a_connection_that_stands_twice_is_refused_or_left_out_as_it_is_without_a_stream(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], names: list[str | None], skip: bool, group: int
) -> None:
    named = [{**one, "connection_id": name} for one, name in zip(rows, names, strict=False)]
    path = write(tmp_path_factory.mktemp("twice") / "trace.parquet", named, group)
    complaint = refusal(lambda: read_trace(path, skip_bad_rows=skip))

    assert complaint == refusal(lambda: meter(streamed(path, skip_bad_rows=skip), ACCEPT))
    if complaint is None:
        same(path, skip_bad_rows=skip)


def test_ids_are_read_once_for_all_deployments_and_never_where_none_can_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    add = Identity.add
    monkeypatch.setattr(Identity, "add", lambda self, names: (read.append(len(names)), add(self, names))[1])
    rows = [row(s, s + 9, f"room-{s % 3}", connection_id=str(s)) for s in range(20)]
    path = write(tmp_path / "trace.parquet", rows)
    compare(path, plan="cloudflare/*")

    assert sum(read) == 20

    write_trace(read_trace(path), tmp_path / "ours.parquet")
    compare(tmp_path / "ours.parquet")

    assert sum(read) == 20

    compare([tmp_path / "ours.parquet", path])

    assert sum(read) == 40


@pytest.mark.parametrize("change", [lambda table: pa.concat_tables([table, table]), lambda table: table[:9]])
def test_ids_of_a_file_that_others_made_of_ours_are_looked_at(
    tmp_path: Path, change: Callable[[pa.Table], pa.Table]
) -> None:
    rows = [row(s, s + 9, "room", connection_id=str(s)) for s in range(20)]
    write_trace(read_trace(write(tmp_path / "trace.parquet", rows)), tmp_path / "ours.parquet")
    changed = change(parquet.read_table(tmp_path / "ours.parquet"))
    parquet.write_table(changed, tmp_path / "theirs.parquet")
    complaint = refusal(lambda: read_trace(tmp_path / "theirs.parquet"))

    assert (complaint is None) == (len(changed) < len(rows))
    assert complaint == refusal(lambda: meter(streamed(tmp_path / "theirs.parquet"), ACCEPT))


def test_the_same_days_in_two_files_are_not_billed_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row(s, s + 9, f"room-{s % 3}", connection_id=f"c{s}") for s in range(20)]
    (tmp_path / "days").mkdir()
    for name in ("one", "other"):
        write(tmp_path / "days" / f"{name}.parquet", rows)

    assert main(["estimate", str(tmp_path / "days")]) == 2
    assert "connection_id 'c0' stands already in" in capsys.readouterr().err


def test_loops_run_as_python_come_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    opened = np.sort(rng.integers(0, 3 * DAY, 400))
    rows = [
        row(int(o), int(o + n) if n % 7 else None, f"room-{n % 5}", messages_in=int(n), bytes_in=int(n) * 9)
        for o, n in zip(opened, rng.integers(0, DAY, 400), strict=True)
    ]
    path = write(tmp_path / "trace.parquet", rows, 100)
    batches_of(monkeypatch, 90)
    asked = {"steps": [100], "cpu_multiples": [8]}
    expected = [meter(streamed(path), deployment, **asked) for deployment in DEPLOYMENTS]
    loops.run_plain(monkeypatch)

    assert expected == [meter(streamed(path), deployment, **asked) for deployment in DEPLOYMENTS]


# Order and passes


@pytest.mark.parametrize(
    ("starts", "passes"),
    [
        pytest.param(range(20), [False], id="in order: one pass that sorts nothing"),
        pytest.param([*range(10, 20), *range(10)], [False], id="row groups that only stand in another order"),
        pytest.param([0, 2, 1, 3, 4, 5], [False], id="disorder within a batch"),
        pytest.param([0, 1, 4, 2, 3, 5], [False, True], id="disorder that only rows show: a second pass"),
        pytest.param(
            [*range(0, 20, 2), *range(1, 20, 2)], [True], id="row groups that overlap: sorted at once"
        ),
    ],
)
def test_the_data_are_passed_over_once_and_twice_only_if_disorder_comes_as_a_surprise(
    tmp_path: Path, starts: Iterable[int], passes: list[bool]
) -> None:
    path = write(tmp_path / "trace.parquet", [row(s, s + 30, f"room-{s % 3}") for s in starts], group=10)
    counted = Passes(streamed(path))
    meter(counted.stream, ACCEPT)
    meter(counted.stream, HIBERNATING)

    assert passes == counted.sorting
    same(path)


def test_whoever_waits_is_told_that_rows_are_being_sorted(tmp_path: Path) -> None:
    told: list[str] = []
    path = write(tmp_path / "trace.parquet", [row(s, s + 1) for s in (5, 4, 3, 2, 1, 0) * 3], group=4)
    meter(streamed(path, remark=told.append), ACCEPT)

    assert [f"{path}: the rows are not in order of time; sorting them on disk."] == told


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=9), max_size=9), st.integers(1, 12))
def test_sorting_on_disk_keeps_every_row_whole(drawn: list[list[int]], run: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "RUN_ROWS", run)
        _sort_and_look(drawn)


def _sort_and_look(drawn: list[list[int]]) -> None:
    def batches() -> Iterator[Batch]:
        for times in drawn:
            opened = np.array(times, dtype=np.int64)
            yield Batch(opened, opened + 7, opened.astype(np.int32), 100, {"messages_in": opened * 3})

    found = list(ordering.in_time_order(batches()))
    opened = [int(n) for batch in found for n in batch.opened]

    assert sorted(n for times in drawn for n in times) == opened
    for batch in found:
        assert (batch.closed == batch.opened + 7).all()
        assert (batch.object == batch.opened).all()
        assert (batch.counts["messages_in"] == batch.opened * 3).all()


def test_what_is_held_does_not_grow_with_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches_of(monkeypatch, 500)

    def most_held(rows: int) -> int:
        each = (row(s / 10, s / 10 + 5, f"room-{s % 50}", messages_in=3) for s in range(rows))
        flowing = streamed(write(tmp_path / f"{rows}.parquet", each, group=1000))
        return held_by(lambda: meter(flowing, ACCEPT))

    most_held(1_000)
    small, large = most_held(2_000), most_held(20_000)

    assert large < 2 * small


def test_a_total_is_spread_exactly_however_long_and_large_it_is(tmp_path: Path) -> None:
    """Seventy terabytes over two years: their product with seconds is past what 64 bits hold."""
    total, years = 2**46 - 1, 2 * 365
    path = write(tmp_path / "trace.parquet", [row(0, years * DAY, bytes_in=total), row(9, 10, bytes_in=5)])
    window = Window(at(400 * DAY), at(401 * DAY))
    expected = total * 401 // years - total * 400 // years
    for trace in (streamed(path, window=window), held(path, window=window)):
        assert meter(trace, ACCEPT).totals["bytes_in"] == expected


def test_sums_of_a_batch_past_what_64_bits_hold_are_exact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(s, 90_000 + s, "room", messages_in=1, bytes_in=LARGEST) for s in range(3_000)]
    path = write(tmp_path / "trace.parquet", rows, 5_000)
    batches_of(monkeypatch, 5_000)

    assert meter(streamed(path), ACCEPT).totals["bytes_in"] == 3_000 * LARGEST > 2**64
    same(path)


def test_files_with_and_without_ids_are_one_trace(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    write(tmp_path / "days" / "a.parquet", [row(s, s + 9, "room", connection_id=f"c{s}") for s in range(9)])
    write(tmp_path / "days" / "b.parquet", [row(s, s + 9, "room") for s in range(20, 29)])

    same(tmp_path / "days")


# Bad input


@pytest.mark.parametrize("damaged", ["connections", "events"])
def test_a_name_outside_its_dictionary_is_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    folder = tmp_path / "trace"
    folder.mkdir()

    def room(file: str, number: int) -> str:
        """Only names that repeat stand in a dictionary."""
        return "a room whose name is much longer than its number is" if file == damaged else f"room {number}"

    write(folder / "connections.parquet", [row(s, s + 1, room("connections", s)) for s in range(40)], 40)
    happened = [{"object_id": room("events", s), "at": at(s), "kind": "alarm"} for s in range(40)]
    write_events(folder / "events.parquet", happened, 40)
    monkeypatch.setattr(numbering, "looked_up", _outside)

    assert refusal(lambda: meter(streamed(folder), HIBERNATING)) == (
        f"{folder / damaged}.parquet: this Parquet file is damaged or cut short."
    )


def _outside(*given: object) -> None:
    raise pa.lib.ArrowIndexError("an index lies outside its dictionary")


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        pytest.param([row(0, 5), row(9, 3), row(10, 12)], {}, id="closed before opened"),
        pytest.param([row(0, 5, messages_in=-1)], {}, id="a negative count"),
        pytest.param([{"closed_at": at(3), "opened_at": None}, row(1, 2)], {}, id="no opening"),
        pytest.param([row(0, 5)], {"window": Window(at(DAY), at(2 * DAY))}, id="a window that holds nothing"),
        pytest.param([row(s, s - 1) for s in range(1, 30)], {}, id="more bad rows than are shown"),
    ],
)
def test_a_stream_complains_in_the_same_words(
    tmp_path: Path, rows: list[Row], options: dict[str, Any]
) -> None:
    path = write(tmp_path / "bad.parquet", rows)
    with pytest.raises(InputError) as expected:
        read_trace(path, **options)
    with pytest.raises(InputError) as found:
        meter(streamed(path, **options), ACCEPT)

    assert str(expected.value) == str(found.value)


def test_bad_rows_are_skipped_alike_and_counted(tmp_path: Path) -> None:
    same(
        write(tmp_path / "some.parquet", [row(5, 9), row(9, 3), row(10, 12), row(2, 80)]), skip_bad_rows=True
    )


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        pytest.param(
            "opened_at", pa.timestamp("us"), MIDNIGHT.replace(tzinfo=None), id="a time without zone"
        ),
        pytest.param("messages_in", pa.string(), "many", id="text for a count"),
        pytest.param("object_id", pa.float64(), 1.5, id="a fraction for an object"),
        pytest.param("opend_at", pa.int64(), 3, id="a misspelt column"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused_before_a_row_is_read(
    tmp_path: Path, name: str, kind: pa.DataType, value: Any
) -> None:
    rows = [{**row(0, 5), name: value}]
    if name == "opend_at":
        del rows[0]["opened_at"]
    path = write(tmp_path / "odd.parquet", rows, **{name: kind})
    with pytest.raises(InputError) as expected:
        read_trace(path)
    with pytest.raises(InputError) as found:
        streamed(path)

    assert str(expected.value) == str(found.value)


def test_a_folder_with_an_empty_file_and_one_of_another_schema_is_one_trace(tmp_path: Path) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    write(folder / "a.parquet", [row(s, s + 5, messages_in=s) for s in range(10)])
    write(folder / "b.parquet", [row(s, None, None) for s in range(20, 30)])
    write(folder / "c.parquet", [])
    (folder / "d.parquet").touch()
    (folder / "notes.txt").write_text("nothing to see")

    same(folder)


def test_a_folder_may_have_more_files_than_a_process_may_open(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    for number in range(40):
        write(tmp_path / "days" / f"{number:02}.parquet", [row(number, number + 1, "room")])
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (30, 30)); "
        "from wscost.readers import parquet; parquet.STREAMED_FROM_ROWS = 0; "
        "from wscost.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "estimate", str(tmp_path / "days"), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["bills"][0]["usage"]["connections_opened"] == "40"


def test_a_file_that_the_system_does_not_open_is_not_told_to_be_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "trace.parquet", [row(0, 1, "room")])

    def refused(*given: Any, **options: Any) -> None:
        raise OSError(errno.EMFILE, "Failed to open local file")

    monkeypatch.setattr(groups.parquet, "ParquetFile", refused)

    assert refusal(lambda: streamed(path)) == f"{path}: cannot be read: Too many open files."


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.parquet", [row(s, s + 5) for s in range(50)])
    whole = bytearray(path.read_bytes())
    whole[40:200] = bytes(160)
    path.write_bytes(whole)

    with pytest.raises(InputError, match="damaged or cut short"):
        meter(streamed(path), ACCEPT)


@pytest.mark.parametrize(
    ("unit", "per_second"), [("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)]
)
def test_times_in_every_unit_give_the_same_stream(tmp_path: Path, unit: str, per_second: int) -> None:
    second = int(MIDNIGHT.timestamp())
    numbers = [
        {f"opened_at_{unit}": (second + s) * per_second, f"closed_at_{unit}": (second + s + 9) * per_second}
        for s in range(12)
    ]
    kinds = {f"{name}_{unit}": pa.int64() for name in ("opened_at", "closed_at")}
    same(write(tmp_path / "unix.parquet", numbers, **kinds))
    stamps = [row(s, s + 9) for s in range(12)]
    kinds = dict.fromkeys(("opened_at", "closed_at"), pa.timestamp(unit, "UTC"))
    same(write(tmp_path / "stamps.parquet", stamps, **kinds))


def test_times_as_text_and_objects_as_numbers_stream_too(tmp_path: Path) -> None:
    rows = [
        {
            **row(s, s + 9),
            "object_id": s % 3,
            "opened_at": at(s).isoformat(),
            "closed_at": at(s + 9).isoformat(),
        }
        for s in range(12)
    ]
    kinds = {"object_id": pa.int64(), "opened_at": pa.string(), "closed_at": pa.string()}
    same(write(tmp_path / "text.parquet", rows, **kinds))


# The whole path


def test_a_comparison_from_a_stream_says_the_same_to_the_letter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row(s, s + 900, f"room-{s % 4}", messages_in=s, messages_out=2 * s) for s in range(0, 4000, 40)]
    path = write(tmp_path / "trace.parquet", rows, 30)
    flowing = compare(path, plan="cloudflare/*")
    monkeypatch.setattr(reader, "STREAMED_FROM_ROWS", 10**9)

    assert compare(path, plan="cloudflare/*") == flowing


def test_a_stream_needs_no_pandas(tmp_path: Path) -> None:
    rows = [row(s, None if s % 7 == 0 else s + 5, f"room-{s % 3}", messages_in=s) for s in range(100)]
    path = write(tmp_path / "trace.parquet", rows, 20)
    program = (
        "import sys; from wscost.comparing import compare; from wscost.readers import parquet; "
        f"parquet.STREAMED_FROM_ROWS = 1; compare({str(path)!r}); sys.exit('pandas' in sys.modules)"
    )

    run = subprocess.run([sys.executable, "-c", program], check=False)

    assert not run.returncode


# Objects by number


@pytest.mark.parametrize("group", [8, 12, 50])
@pytest.mark.parametrize("batch", [1, 5, 16])
def test_names_that_repeat_are_read_in_longer_batches_than_what_stands_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, batch: int
) -> None:
    rooms = [None, *(f"a room whose name is much longer than its number is: {n}" for n in range(3))]
    rows = [row(s, s + 9, rooms[s * s % 4], messages_in=s) for s in range(60)]
    path = write(tmp_path / "trace.parquet", rows, group)
    batches_of(monkeypatch, batch)
    monkeypatch.setattr(rows_module, "NAME_ROWS", 7)

    assert "object_id" in File.of(Part(path.name, path), path).words
    same(path)


@pytest.mark.parametrize(("large", "piece"), [(10**6, 0), (100, groups.READ_BYTES)])
def test_columns_are_read_at_once_unless_a_row_group_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: int, piece: int
) -> None:
    rows = [row(s, s + 9, f"room-{s % 3}", messages_in=s) for s in range(60)]
    path = write(tmp_path / "trace.parquet", rows, 20)
    opened: list[int] = []

    class Watched(parquet.ParquetFile):
        def __init__(self, *given: Any, buffer_size: int, **options: Any) -> None:
            opened.append(buffer_size)
            super().__init__(*given, buffer_size=buffer_size, **options)

    monkeypatch.setattr(groups, "LARGE_BYTES", large)
    with monkeypatch.context() as watching:
        watching.setattr(groups.parquet, "ParquetFile", Watched)
        meter(streamed(path), ACCEPT)

    assert set(opened[1:]) == {piece}
    same(path)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=4)), max_size=12), max_size=6))
def test_a_name_has_one_number_in_all_batches_however_it_is_encoded(batches: list[list[str | None]]) -> None:
    numbers, met = Numbers(), {}
    for place, names in enumerate(batches):
        array = pa.array([None, *names, "padding"], pa.string()).slice(1, len(names))
        found = numbers.of(array.dictionary_encode() if place % 2 else array)
        for name, one in zip(names, found, strict=True):
            assert (one == -1) == (not name)
            assert met.setdefault(name or "", one) == one
    real = [one for name, one in met.items() if name]

    assert sorted(set(real)) == sorted(real)
    assert len(numbers) >= len(real)


def test_more_names_than_there_was_room_for_keep_their_numbers() -> None:
    numbers = Numbers()
    names = pa.array([f"room-{n}" * (1 + n % 40) for n in range(5_000)])
    first = numbers.of(names)

    assert first.tolist() == list(range(5_000))
    assert numbers.of(names.take(pa.array(range(4_999, -1, -1)))).tolist() == list(range(4_999, -1, -1))


def test_names_whose_hashes_meet_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops.run_plain(monkeypatch)["names"], "MASK", 0)
    names = [f"{n}" for n in range(300)]

    assert Numbers().of(pa.array(names * 2)).tolist() == list(range(300)) * 2


def test_rows_that_cannot_be_sorted_on_disk_are_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "trace.parquet", [row(s, s + 1) for s in (5, 4, 3, 2, 1, 0) * 3], group=4)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    assert main(["estimate", str(path)]) == 2
    assert "rows cannot be set aside in this temporary folder" in capsys.readouterr().err


def test_the_command_says_on_standard_error_that_it_sorts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "trace.parquet", [row(s, s + 1) for s in (5, 4, 3, 2, 1, 0) * 3], group=4)
    failed = main(["estimate", str(path)])
    told = capsys.readouterr()

    assert not failed
    assert "sorting them on disk" in told.err
    assert "sorting" not in told.out
