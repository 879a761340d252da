"""The house keeps its own rules: the layers, the light start, and what no file may hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import LAYERS, ROOT, Module, complaints, read_house, room_of

HEAVY = {"pandas", "pyarrow", "matplotlib", "Cython", "scipy"}

# Written so that this file does not hold what it looks for.
UNWANTED = {
    "a path of one machine": re.compile(r"(?<![\w.:/-])/(?:work|home|root|Users)/"),
    "the address of a package index": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|crates\.io|--(?:extra-)?index-url"
    ),
    "a word that marks unfinished work": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
}


def test_the_house_keeps_the_table_of_layers() -> None:
    assert complaints(read_house()) == []


def test_no_module_outgrows_four_hundred_lines() -> None:
    """Past that it is usually two notions."""
    lengths = {module.place(): module.source.count("\n") for module in read_house().values()}

    assert {place: length for place, length in lengths.items() if length > 400} == {}


def test_no_module_stands_in_two_layers() -> None:
    names = [name for layer in LAYERS for name in layer.modules]

    assert sorted(set(names)) == sorted(names)


def _house(**sources: str) -> dict[str, Module]:
    """Return a made-up house; two underscores in a name stand for the dot, as in ``readers__csv``."""
    sound = {"units": "", "usage": "", "rating": "", "metering": "", "estimating": "", "cli": ""}
    named = {name.replace("__", ".") if name != "__init__" else name: text for name, text in sources.items()}
    return {
        name: Module(name, f'"""About it."""\n{text}', package=name in {"__init__", "readers", "reports"})
        for name, text in (sound | named).items()
    }


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        pytest.param(
            {"units": "from wscost.usage import METERS\nimport wscost.rating"},
            "wscost/units.py:3: things must not import rating (kernel). Imports run downward only.",
            id="a thing that imports a step of the kernel",
        ),
        pytest.param(
            {"rating": "def rate():\n    from wscost.cli import app"},
            "wscost/rating.py:3: kernel must not import cli (faces)",
            id="an upward import inside a function",
        ),
        pytest.param(
            {"usage": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from wscost import rating"},
            "wscost/usage.py:4: things must not import rating",
            id="an upward import for a type only",
        ),
        pytest.param(
            {"usage": "import importlib\nimportlib.import_module('wscost.estimating')"},
            "wscost/usage.py:3: things must not import estimating",
            id="an upward import by name",
        ),
        pytest.param(
            {"readers": "", "readers__csv": "from ..metering import meter"},
            "wscost/readers/csv.py:2: doors in must not import metering",
            id="an upward import that is relative",
        ),
        pytest.param(
            {"readers": "from ..metering import meter"},
            "wscost/readers/__init__.py:2: doors in must not import metering",
            id="an upward import that is relative to a package",
        ),
        pytest.param(
            {"metering": "from wscost.rating import rate"},
            "wscost/metering.py:2: siblings of the kernel must not import each other (rating).",
            id="siblings of the kernel that import each other",
        ),
        pytest.param(
            {"__init__": "", "units": "from wscost import __version__"},
            "wscost/units.py:2: things must not import __init__ (front door)",
            id="a thing that imports the front door",
        ),
        pytest.param(
            {"comparing": "import wscost.estimating", "estimating": "import wscost.comparing"},
            "a circle of imports",
            id="two modules of an open layer that import each other",
        ),
        pytest.param(
            {"helpers": ""}, "wscost/helpers.py: in no layer. Put it into LAYERS", id="an unknown module"
        ),
        pytest.param(
            {"reports": "", "reports__html": "def draw():\n    import matplotlib.pyplot as plt"},
            "wscost/reports/html.py:3: imports matplotlib. plots may.",
            id="a report that draws for itself",
        ),
        pytest.param(
            {"estimating": "from typer import Exit"}, "imports typer. cli may.", id="a path that knows typer"
        ),
        pytest.param({"rating": "import yaml"}, "imports yaml. yamlfile may.", id="YAML in the kernel"),
        pytest.param({"readers": "from urllib.request import urlopen"}, "Nobody may.", id="the network"),
        pytest.param({"rating": "import random"}, "imports random. Nobody may.", id="the global generator"),
        pytest.param(
            {"rating": "import numpy as np\nnp.random.seed(1)"},
            "wscost/rating.py:3: uses numpy's global generator.",
            id="numpy's global generator",
        ),
        pytest.param(
            {"rating": "from numpy.random import default_rng\nrng = default_rng()"},
            "wscost/rating.py:3: a generator without a seed.",
            id="a generator without a seed",
        ),
        pytest.param({"rating": "print('hello')"}, "wscost/rating.py:2: speaks (print).", id="a print"),
        pytest.param({"rating": "tell = print"}, "speaks (print)", id="a print that is handed on"),
        pytest.param(
            {"rating": "import sys\nsys.stderr.write('')"}, "speaks (sys.stderr)", id="a write to stderr"
        ),
        pytest.param({"rating": "from sys import exit as stop\nstop(2)"}, "exits (sys.exit)", id="an exit"),
        pytest.param({"rating": "raise SystemExit"}, "exits (SystemExit)", id="an exit that is raised"),
        pytest.param(
            {"estimating": "from datetime import datetime, UTC\nat = datetime.now(UTC)"},
            "wscost/estimating.py:3: reads the clock (datetime.datetime.now).",
            id="the time of day",
        ),
        pytest.param(
            {"metering": "import datetime as dt\ntoday = dt.date.today()"},
            "reads the clock (datetime.date.today)",
            id="the day, under another name",
        ),
        pytest.param(
            {"metering": "import pandas as pd\nat = pd.Timestamp.now()"},
            "reads the clock",
            id="the time by pandas",
        ),
        pytest.param(
            {"metering": "from time import time\nat = time()"}, "reads the clock", id="the time since 1970"
        ),
    ],
)
def test_the_checker_sees(sources: dict[str, str], words: str) -> None:
    found = complaints(_house(**sources))

    assert len(found) == 1
    assert words in found[0]


def test_the_checker_sees_a_missing_docstring() -> None:
    assert complaints({"units": Module("units", "x = 1")}) == [
        "wscost/units.py:1: no docstring. Say in one sentence what the module is about."
    ]


@pytest.mark.parametrize(
    "sources",
    [
        pytest.param({"rating": "from wscost.usage import METERS"}, id="a downward import"),
        pytest.param({"intervals": "", "metering": "from wscost.intervals import union"}, id="the algebra"),
        pytest.param({"readers": "", "readers__csv": "from wscost.usage import Window"}, id="a reader"),
        pytest.param(
            {"readers__base": "", "readers__csv": "from .base import Rows"}, id="neighbours at a door"
        ),
        pytest.param({"metering": "", "metering__days": "from wscost.metering import x"}, id="one room"),
        pytest.param(
            {"usage": "from wscost.shipped.missing import x"}, id="a room whose module is not there yet"
        ),
        pytest.param({"comparing": "from wscost.estimating import estimate"}, id="a path upon a path"),
        pytest.param(
            {"__init__": "", "cli": "from wscost import __version__"}, id="a face that tells the version"
        ),
        pytest.param({"cli": "import sys\nimport typer\nprint()\nsys.exit(2)"}, id="the command line"),
        pytest.param({"cli": "from datetime import date\ndate.today()"}, id="a face that reads the clock"),
        pytest.param(
            {"simulating": "import numpy as np\ndef simulate(seed):\n    return np.random.default_rng(seed)"},
            id="a generator with a seed",
        ),
        pytest.param({"usage": "window.time.total()\nrow.now = 1"}, id="names that only look like the clock"),
        pytest.param({"usage": "from http_parser import x\nimport yamlfile"}, id="names that begin alike"),
    ],
)
def test_the_checker_lets_pass(sources: dict[str, str]) -> None:
    assert complaints(_house(**sources)) == []


def test_a_package_stands_for_everything_in_it() -> None:
    assert room_of("readers.cloudflare.tail") == room_of("readers")
    assert room_of("readers_too") is None


def _loaded_by(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after some code."""
    return {name.partition(".")[0] for name in _modules_loaded_by(code)}


def _modules_loaded_by(code: str) -> set[str]:
    report = "import sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_importing_wscost_is_light() -> None:
    loaded = _loaded_by("import wscost")

    assert "wscost" in loaded
    assert loaded & (HEAVY | {"pydantic", "typer", "rich", "yaml"}) == set()


def test_asking_for_help_is_light() -> None:
    ask = (
        "import sys; sys.argv = ['wscost', '--help']\n"
        "from wscost.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as done: assert not done.code, done.code"
    )

    assert _loaded_by(ask) & HEAVY == set()


@pytest.mark.parametrize("small", ["hib200.ndjson", "chat.csv"])
def test_estimating_a_small_trace_loads_no_more_than_it_needs(small: str) -> None:
    """Neither laws of probability nor pictures nor a cluster: a trace needs none of them."""
    estimate = f"from wscost.cli import main; assert main(['estimate', 'sample_traces/{small}']) == 0"
    loaded = _modules_loaded_by(estimate)

    assert "pandas" in loaded
    assert loaded & {"scipy", "matplotlib", "Cython", "dask", "jinja2", "jsonschema", "asyncio"} == set()
    assert {name for name in loaded if name.startswith(("wscost.profile.", "wscost.simulating"))} == set()


def _texts() -> dict[str, str]:
    """Return every text file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    texts = {}
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            texts[name] = content.decode("utf-8", "replace")
    return texts


@pytest.mark.parametrize("what", UNWANTED)
def test_no_file_holds(what: str) -> None:
    pattern = UNWANTED[what]
    texts = _texts()

    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]

    assert "tests/test_house.py" in texts
    assert found == []


@pytest.mark.parametrize(
    ("what", "line", "unwanted"),
    [
        ("a path of one machine", "see /ho" + "me/ann/trace.csv", True),
        ("a path of one machine", "https://example.com/home/page", False),
        ("a path of one machine", "in your home/trace.csv", False),
        ("the address of a package index", "https://py" + "pi.org/simple", True),
        ("a word that marks unfinished work", "# TO" + "DO: later", True),
        ("a word that marks unfinished work", "the object's to-do list", False),
    ],
)
def test_what_is_unwanted_is_known_when_seen(what: str, line: str, unwanted: bool) -> None:
    assert bool(UNWANTED[what].search(line)) is unwanted


def test_every_source_of_a_price_is_cited_by_https() -> None:
    books = {path: path.read_text("utf-8") for path in sorted(Path(ROOT, "pricing").rglob("*.yaml"))}

    assert [path.name for path, text in books.items() if re.search(r"\bhttp://", text)] == []
    assert [path.name for path, text in books.items() if "https://" not in text] == []
