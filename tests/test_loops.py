"""Loops are machine code where something can compile C, and the same as Python everywhere."""

from __future__ import annotations

import ast
import shutil
import sysconfig
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests import loops
from tests.house import ROOT
from tests.streams import tiny
from wscost.cli import main
from wscost.loops import building, columns, events, names
from wscost.readers.arrays import looked_up, parts
from wscost.readers.bulk.soundness import places_of

HEADER = Path(sysconfig.get_path("include"), "Python.h")
needs_compiler = pytest.mark.skipif(
    not (shutil.which("cc") and HEADER.exists()),
    reason="nothing here compiles C for Python: apt-get install gcc python3-dev, then make clean test",
)


@needs_compiler
@pytest.mark.parametrize("name", loops.NAMES)
def test_loops_are_machine_code_where_there_is_a_compiler(name: str) -> None:
    assert loops.compiled(name)


@needs_compiler
def test_building_makes_an_extension_of_all_that_has_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "FLAGS", ["-O0", "-g0"])
    made = building.compiled(ROOT, tmp_path)

    assert loops.NAMES == sorted(path.name.split(".")[0] for path in made)


def test_without_a_compiler_nothing_is_built_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CC", str(tmp_path / "no-such-compiler"))

    assert building.compiled(ROOT, tmp_path) == []


@pytest.mark.parametrize("name", loops.NAMES)
def test_no_loop_calls_another_or_allocates(name: str) -> None:
    tree = ast.parse((loops.FOLDER / f"{name}.py").read_text())
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    called = {
        ast.unparse(node.func)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
    }

    assert functions
    assert called <= {"cython.cast", "len", "max", "min", "range"}


def test_where_they_are_python_that_is_told_once_it_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "trace.parquet")
    assert main(["convert", str(ROOT / "sample_traces" / "hib200.ndjson"), "-o", path]) == 0
    monkeypatch.setattr("wscost.readers.bulk.opening.compiled", lambda: False)
    monkeypatch.setattr("wscost.loops.compiled", lambda: False)
    assert main(["estimate", path]) == 0
    assert "loops" not in capsys.readouterr().err

    tiny(monkeypatch)
    assert main(["estimate", path]) == 0
    assert f"{path}: the loops run as Python, about fifty times slower" in capsys.readouterr().err
    assert main(["info"]) == 0
    assert "apt install gcc python3-dev" in " ".join(capsys.readouterr().out.split())


counts = arrays.arrays(np.int64, 20, elements=st.integers(-1, 2**40))


@given(
    at=arrays.arrays(np.int64, 20, elements=st.integers(0, 3 * 86_400_000_000 - 1)).map(np.sort),
    kind=arrays.arrays(np.int8, 20, elements=st.integers(0, 6)),
    answered=arrays.arrays(np.bool_, 20),
    size=counts,
    wall=counts,
)
def test_sums_of_events_are_the_same_either_way(
    at: np.ndarray, kind: np.ndarray, answered: np.ndarray, size: np.ndarray, wall: np.ndarray
) -> None:
    found = []
    for module in (events, loops.source_of("events")):
        by_day, units = np.zeros((3, 7, 2, 4), dtype=np.int64), np.zeros(3, dtype=np.int64)
        module.add_up(at, kind, answered, size, wall, 0, by_day)
        module.add_units(at, kind, 1, size, 32_768, 0, units)
        found.append((by_day.tolist(), units.tolist()))

    assert found[0] == found[1]


@given(
    words=st.lists(st.tuples(*[st.none() | st.integers(-2, 4)] * 2), min_size=1, max_size=40),
    begin=st.integers(0, 9),
)
def test_kinds_are_read_from_both_words_and_places_outside_of_them_are_of_none(
    words: list[tuple[int | None, int | None]], begin: int
) -> None:
    table = np.arange(12, dtype=np.int8).reshape(4, 3)  # three words for a kind, two for a direction
    kinds, ways = ([(5 if place is None else place) for place in told] for told in zip(*words, strict=True))
    valid = [
        memoryview(np.packbits([False] * begin + [place is not None for place in told], bitorder="little"))
        for told in zip(*words, strict=True)
    ]
    expected = [
        -2
        if kind in (-2, -1, 3, 4) or way in (-2, -1, 2, 3, 4)
        else table[3 if kind is None else kind, 2 if way is None else way]
        for kind, way in words
    ]
    for module in (events, loops.source_of("events")):
        found = np.empty(len(words), dtype=np.int8)
        told = (np.array(kinds, np.int32), valid[0], begin, np.array(ways, np.int32), valid[1], begin)
        wrong = module.read_kinds(*told, table, found)
        assert (wrong, found.tolist()) == (expected.count(-2), expected)


@given(
    kind=arrays.arrays(np.int8, 20, elements=st.integers(0, 6)),
    answered=arrays.arrays(np.bool_, 20),
    wall=counts,
    walls=arrays.arrays(np.int64, (7, 2), elements=st.integers(-1, 2000)),
)
def test_a_handler_runs_for_as_long_as_told_or_assumed_unless_none_does(
    kind: np.ndarray, answered: np.ndarray, wall: np.ndarray, walls: np.ndarray
) -> None:
    at = np.arange(20) * 10**6
    expected = [
        (at[i], at[i] + (wall[i] if wall[i] >= 0 else assumed), i)
        for i in range(20)
        if (assumed := walls[kind[i], int(answered[i])]) >= 0
    ]
    for module in (events, loops.source_of("events")):
        runs = np.empty(20, np.int64), np.empty(20, np.int64), np.empty(20, np.int32)
        count = module.pick_runs(at, kind, answered, wall, np.arange(20, dtype=np.int32), walls, *runs)
        assert expected == list(zip(*(column[:count] for column in runs), strict=True))


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_hashes_of_names_are_the_same_either_way(drawn: list[bytes]) -> None:
    text = memoryview(b"".join(drawn))
    begins = np.cumsum([0, *map(len, drawn)]).astype(np.int32)
    found = []
    for module in (names, loops.source_of("names")):
        hashes = np.empty(len(drawn), dtype=np.uint64)
        module.hash_names(text, begins, hashes)
        found.append(hashes.tolist())

    assert found[0] == found[1]


validities = st.one_of(st.just(b""), st.just(b"\xff" * 8), st.binary(min_size=8, max_size=8)).map(memoryview)


@given(
    given_arrays=st.tuples(
        arrays.arrays(np.int32, 40, elements=st.integers(-2, 6)),
        arrays.arrays(np.int64, 40, elements=st.integers(-3, 2**62)),
        arrays.arrays(np.float64, 40),
    ),
    bits=st.binary(min_size=8, max_size=8).map(memoryview),
    valid=validities,
    begin=st.integers(0, 20),
)
def test_columns_of_arrow_become_the_same_arrays_either_way(
    given_arrays: tuple[np.ndarray, np.ndarray, np.ndarray], bits: memoryview, valid: memoryview, begin: int
) -> None:
    indices, values, milliseconds = given_arrays
    found = []
    for module in (columns, loops.source_of("columns")):
        told: list[object] = []
        for kind in (np.int8, np.int32):
            chosen = np.zeros(40, dtype=kind)
            astray = module.look_up(indices, valid, begin, np.arange(5, 10, dtype=kind), -1, chosen)
            told.append((astray, chosen.tolist()))
        filled, micros = np.zeros((2, 40), dtype=np.int64)
        told.append((module.fill(values, valid, begin, -1, 2**53, filled), filled.tolist()))
        told.append((module.whole_micros(milliseconds, valid, begin, -1, micros), micros.tolist()))
        truths = np.zeros(40, dtype=bool)
        module.unpack(bits, valid, begin, truths)
        found.append([*told, truths.tolist()])

    assert found[0] == found[1]


@given(st.lists(st.none() | st.floats(0, 1e9), min_size=1, max_size=40), st.integers(0, 9))
def test_times_are_rounded_as_numpy_rounds_them_whatever_stands_before(
    milliseconds: list[float | None], begin: int
) -> None:
    array = pa.array([None] * begin + milliseconds, pa.float64()).slice(begin)
    found = np.empty(len(array), dtype=np.int64)
    wrong = columns.whole_micros(*parts(array), -1, found)

    assert not wrong
    assert [-1 if ms is None else int(np.rint(ms * 1000)) for ms in milliseconds] == found.tolist()


@given(st.lists(st.none() | st.sampled_from(["a", "b", ""]), min_size=1, max_size=40), st.integers(0, 9))
def test_words_are_looked_up_with_nulls_wherever_they_stand(words: list[str | None], begin: int) -> None:
    array = pa.array(["b"] * begin + words, pa.string()).dictionary_encode().slice(begin)
    found = looked_up(array.indices, places_of(array.dictionary.to_pylist(), ("a", "b")), -1)

    assert [{"a": 0, "b": 1}.get(word or "", -1) for word in words] == found.tolist()


@pytest.mark.parametrize("index", [-1, 2, 2**31 - 1])
def test_a_place_outside_its_dictionary_is_told_and_never_looked_at(index: int) -> None:
    table = np.array([4, 5], dtype=np.int8)

    with pytest.raises(pa.ArrowException, match="outside its dictionary"):
        looked_up(pa.array([0, index, 1], pa.int32()), table, -1)
    assert [4, -1, 5] == looked_up(pa.array([0, None, 1], pa.int8()), table, -1).tolist()
