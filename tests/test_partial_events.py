"""Events metered in parts, by whoever and in whatever order, come out as if one had read them all."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import loops
from tests.engines import Disorderly
from tests.streams import EVENT_TYPES, batches_of, held, refusal, streamed, tiny, write, write_events
from tests.test_streamed_event_files import HIBERNATING, Row, bad_events, folder, hostile, trace_of
from tests.test_streamed_events import DEPLOYMENTS
from tests.traces import DAY, at, connection, event
from tests.traces import trace as hand_written
from wscost.cli import main
from wscost.engines import work
from wscost.errors import InputError
from wscost.metering import meter
from wscost.metering.packing import pack
from wscost.metering.streaming import Question
from wscost.readers.bulk import partitions
from wscost.trace import KINDS
from wscost.tracefile import write_trace
from wscost.usage import Usage, Window


@pytest.fixture(autouse=True)
def _everything_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny(monkeypatch)
    monkeypatch.setattr(partitions, "PARTITION_ROWS", 6)


def metered(trace: Any, deployment: Any) -> Usage:
    return meter(trace, deployment, steps=[100], cpu_multiples=[8])


def same(path: Path, engine: Disorderly, **options: Any) -> None:
    """Hold parts against frames, which one pass is held against next door, for every deployment."""
    whole, in_parts = held(path, **options), streamed(path, engine=engine, **options)
    for deployment in DEPLOYMENTS:
        assert metered(whole, deployment) == metered(in_parts, deployment)


@settings(max_examples=12, deadline=None)
@given(
    drawn=hostile(),
    window=st.none() | st.tuples(st.integers(-5, 25), st.integers(26, 3 * DAY)),
    rows=st.integers(3, 12),
    shares=st.integers(1, 4),
    random=st.randoms(use_true_random=False),
)
def test_parts_of_events_in_any_number_and_order_come_to_what_one_memory_comes_to(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    drawn: tuple[list[Row], list[Row]],
    window: tuple[int, int] | None,
    rows: int,
    shares: int,
    random: Random,
) -> None:
    path = folder(tmp_path_factory.mktemp("parts") / "trace", *drawn, group=3)
    options = {"window": None if window is None else Window(at(window[0]), at(window[1]))}
    engine = Disorderly(random, shares)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "PARTITION_ROWS", rows)
        complaint = refusal(lambda: held(path, **options))

        assert complaint == refusal(lambda: metered(streamed(path, engine=engine, **options), HIBERNATING))
        if complaint is None:
            same(path, engine, **options)


@pytest.mark.parametrize("kinds", [KINDS, ("open", "message"), ("message", "close"), ("message", "alarm")])
@pytest.mark.parametrize("seed", range(2))
def test_a_busy_hour_of_few_objects_comes_to_the_same(
    tmp_path: Path, kinds: tuple[str, ...], seed: int
) -> None:
    """Handlers, and what lies between them, last about as long as objects stay; a part has some of each."""
    rng = np.random.default_rng(seed)
    begun = np.cumsum(rng.exponential(4, 120)).round(1) + 23 * 3600 + 3_400
    sockets = [
        connection(float(s), float(s + n), f"room-{number % 5}" if number % 7 else None, messages_in=int(n))
        for number, (s, n) in enumerate(zip(begun, rng.choice([0, 1, 4.5, 30], 120), strict=True))
    ]
    happened: list[Row] = []
    for number, s in enumerate(begun):
        for kind in kinds:
            wall = rng.choice([None, 0.0, 900.0, 12_000.0])
            late = float(rng.choice([0, 0.4, 9, 40])) if kind not in ("open", "close") else 0.0
            happened.append(
                event(
                    kind, float(s) + late, f"room-{rng.integers(5)}", connection_id=f"c{number}", wall_ms=wall
                )
            )
    Random(seed).shuffle(happened)
    path = folder(tmp_path / "trace", sockets, happened, group=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partitions, "PARTITION_ROWS", 40)
        batches_of(patch, 15)
        same(path, Disorderly(Random(seed)))


def test_connections_are_asked_only_where_no_event_of_any_part_tells(tmp_path: Path) -> None:
    sockets, happened = trace_of(60)
    asked: list[frozenset[str]] = []

    class Attentive(Disorderly):
        def sums(self, *given: Any) -> Any:
            with pytest.MonkeyPatch.context() as patch:
                real = work.reduced
                patch.setattr(
                    work, "reduced", lambda part, task, told: (asked.append(told), real(part, task, told))[1]
                )
                return super().sums(*given)

    only_opens = [row for row in happened if row["kind"] != "close"]
    path = folder(tmp_path / "trace", sockets, only_opens)
    metered(streamed(path, engine=Attentive(Random(1))), HIBERNATING)

    assert frozenset({"open"}) == asked[-1]
    same(path, Disorderly(Random(1)))


def test_folders_of_many_files_and_schemas_are_one_trace_in_parts_too(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(60))
    more = [event("message", s, "room-1", bytes=None, wall_ms=2.5) for s in range(200, 220)]
    write(path / "more.parquet", more, **{**EVENT_TYPES})
    write_events(path / "none.parquet", [])
    write(path / "other.parquet", [connection(s, s + 20, "room-7", connection_id=f"o{s}") for s in range(30)])
    (path / "empty.parquet").touch()

    same(path, Disorderly(Random(2)))


def test_events_that_are_none_after_all_are_parts_of_nothing(tmp_path: Path) -> None:
    same(folder(tmp_path / "trace", trace_of(200)[0], []), Disorderly(Random(3)))


def test_no_rows_at_all_are_no_parts_and_told_as_ever(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", [], [])
    nothing = refusal(lambda: held(path))

    assert nothing is not None
    assert nothing == refusal(lambda: streamed(path, engine=Disorderly(Random(3))))
    assert nothing == refusal(
        lambda: streamed(path, engine=Disorderly(Random(3)), window=Window(at(0), at(9)))
    )
    write_trace(hand_written([]), tmp_path / "quiet.parquet")
    same(tmp_path / "quiet.parquet", Disorderly(Random(3)))


def test_parts_of_events_come_to_the_same_with_loops_run_as_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder(tmp_path / "trace", *trace_of(300), group=50)

    def in_parts() -> Usage:
        return metered(streamed(path, engine=Disorderly(Random(4))), HIBERNATING)

    monkeypatch.setattr(partitions, "PARTITION_ROWS", 100)
    expected = in_parts()
    loops.run_plain(monkeypatch)

    assert expected == in_parts()


def test_what_a_part_keeps_of_events_is_when_handlers_ran_not_each_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PARTITION_ROWS", 10_000)
    crowd = [event("message", s / 10, "room", wall_ms=200) for s in range(500)]
    apart = [event("alarm", 100 + s, "room", wall_ms=5) for s in range(7)]
    spoken_to = [event("message", s, "silent", direction="out") for s in range(90)]
    path = folder(tmp_path / "trace", [connection(0, 200, "room")], [*crowd, *apart, *spoken_to], 1000)
    flowing = streamed(path, engine=Disorderly(Random(5)))
    task = work.task_of(flowing, Question.of(HIBERNATING, (), (), events=True), cores=1)
    ((happened,), _) = work.turns(work.cut(flowing))
    share = work.share(work.reduced(happened, task), 0, task)

    assert ["room"] == share.names.to_pylist()
    assert len(apart) == len(share.lives.calls.gaps)
    assert 1 + len(apart) == len(share.lives.handlers.gaps)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**55), st.one_of(st.just(0), st.integers(0, 2**55)), st.integers(0, 2**31 - 1)
        ),
        max_size=6,
    )
)
def test_spans_are_the_same_after_they_were_packed(drawn: list[tuple[int, int, int]]) -> None:
    begun, length, objects = np.array(sorted(drawn), dtype=np.int64).reshape(-1, 3).T
    given_spans = begun, begun + length, objects.astype(np.int32)
    packed = pack(given_spans)

    for expected, found in zip(given_spans, packed.spans, strict=True):
        np.testing.assert_array_equal(expected, found)
    assert packed.gaps.nbytes <= begun.nbytes


def test_the_usual_run_of_a_handler_takes_few_bytes() -> None:
    begun = np.arange(1000) * 60_000 + 1_790_000_000_000_000
    packed = pack((begun, begun + 1_000, (np.arange(1000) % 200).astype(np.int32)))

    assert 2 + 2 + 1 == sum(column.shape[1] for column in packed[1:])


# Bad input


@bad_events
def test_bad_events_are_told_in_the_same_words(tmp_path: Path, bad: Row, options: dict[str, Any]) -> None:
    sockets, happened = trace_of(20)
    happened[7] = {**event("message", 3, connection_id="c0"), **bad}
    path = folder(tmp_path / "trace", sockets, happened)
    with pytest.raises(InputError) as expected:
        held(path, **options)
    with pytest.raises(InputError) as found:
        metered(streamed(path, engine=Disorderly(Random(6)), **options), HIBERNATING)

    assert str(expected.value) == str(found.value)
    if bad:
        same(path, Disorderly(Random(6)), skip_bad_rows=True)


def test_a_file_of_events_cut_short_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(60)) / "events.parquet"
    whole = bytearray(path.read_bytes())
    whole[40:400] = bytes(360)
    path.write_bytes(whole)

    with pytest.raises(InputError, match=r"events.parquet: .*damaged or cut short"):
        metered(streamed(path.parent, engine=Disorderly(Random(7))), HIBERNATING)


def test_events_that_name_no_object_are_refused(tmp_path: Path) -> None:
    sockets, happened = trace_of(60)
    happened[9] = event("message", 4, None, connection_id="c0")
    path = folder(tmp_path / "trace", sockets, happened)

    with pytest.raises(InputError, match=r"trace: some event names no object, .* or leave --engine out"):
        streamed(path, engine=Disorderly(Random(8)))


def test_events_without_connections_are_refused_with_a_way_to_the_same_bill(tmp_path: Path) -> None:
    path = folder(tmp_path / "trace", *trace_of(60))
    (path / "connections.parquet").unlink()
    with pytest.raises(InputError, match=f"wscost convert {path} -o trace/; or leave --engine out"):
        streamed(path, engine=Disorderly(Random(9)))
    assert not main(["convert", str(path), "-o", f"{tmp_path}/whole/"])
    found = metered(streamed(tmp_path / "whole", engine=Disorderly(Random(9))), HIBERNATING)

    assert metered(held(path), HIBERNATING).days == found.days
