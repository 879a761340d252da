"""Damaged samples of every format: each is read, or refused in plain words, and quickly."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.samples import each_sample
from wscost.errors import WscostError
from wscost.readers import read_input
from wscost.readers.findings import findings_of
from wscost.trace import Trace, check_trace
from wscost.usage import Usage

VALUE = re.compile(rb'"[^"\n]*"(?=\s*[,}\]\n\t])|(?<![\w.])-?\d+\.?\d*(?=\s*[,}\]\n\t ])|null|\{\}|\[\]')
HOSTILE = (b"null", b"-1", b"1e308", b"9" * 25, b"true", b'"x"', b"[]", b"{}", b"0", b"53000", b"")


def reads_or_refuses(path: Path, format_name: str, content: bytes) -> None:
    path.write_bytes(content)
    complaint = ""
    try:
        found = read_input(path, input_format=format_name, skip_bad_rows=True, assume_utc=True)
    except WscostError as error:
        complaint = str(error)
    if complaint:
        assert "canary" not in complaint
        return
    if isinstance(found, Trace):
        check_trace(found)
    if isinstance(found, (Trace, Usage)):
        assert str(findings_of(found))


@each_sample
def test_values_replaced_by_hostile_ones(path: Path, tmp_path: Path) -> None:
    content, rng = path.read_bytes()[:20_000], random.Random(path.name)
    found = list(VALUE.finditer(content))
    for value in rng.sample(found, min(len(found), 6)):
        changed = content[: value.start()] + rng.choice(HOSTILE) + content[value.end() :]
        reads_or_refuses(tmp_path / "damaged", path.parent.name, changed)


@each_sample
def test_files_cut_short(path: Path, tmp_path: Path) -> None:
    content, rng = path.read_bytes()[:20_000], random.Random(path.name)
    for _ in range(3):
        reads_or_refuses(tmp_path / "damaged", path.parent.name, content[: rng.randrange(len(content))])


@each_sample
def test_lines_doubled_and_dropped(path: Path, tmp_path: Path) -> None:
    lines, rng = path.read_bytes()[:20_000].split(b"\n"), random.Random(path.name)
    for _ in range(2):
        at = rng.randrange(len(lines))
        reads_or_refuses(
            tmp_path / "damaged", path.parent.name, b"\n".join([*lines[:at], lines[at], *lines[at:]])
        )
        reads_or_refuses(tmp_path / "damaged", path.parent.name, b"\n".join([*lines[:at], *lines[at + 1 :]]))
