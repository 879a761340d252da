"""The awk program in docs/ against what tshark printed of a capture made by hand.

``data/tshark/fields.txt`` is the output of tshark 4.0.17, by the command in docs/inputs.md, on one
connection: a text of 5 bytes in, one of 300 out (extended length), a ping and a pong, a text of 10 bytes in
two fragments, two frames of 3 and 4 bytes in one packet, 70,000 bytes over many packets, closes, FIN.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from wscost.readers import read_trace
from wscost.trace import Trace

TESTS = Path(__file__).parent
PROGRAM, FIELDS = TESTS.parent / "docs/tshark.awk", TESTS / "data/tshark/fields.txt"

pytestmark = pytest.mark.skipif(shutil.which("awk") is None, reason="there is no awk here")


def read(folder: Path, fields: str) -> Trace:
    run = subprocess.run(["awk", "-f", PROGRAM], input=fields, capture_output=True, text=True, check=True)
    (folder / "events.csv").write_text(run.stdout)
    return read_trace(folder / "events.csv")


@pytest.mark.parametrize("newer", [False, True], ids=["0 and 1", "False and True"])
def test_messages_are_counted_as_the_endpoints_did(tmp_path: Path, newer: bool) -> None:
    """Newer versions of tshark print flags as words."""
    fields = FIELDS.read_text()
    if newer:
        words = str.maketrans({"0": "False", "1": "True"})
        rows = [line.split("\t") for line in fields.splitlines()]
        flags = (6, 10, 11)
        rows = [[c.translate(words) if i in flags else c for i, c in enumerate(row)] for row in rows]
        fields = "".join("\t".join(row) + "\n" for row in rows)

    trace = read(tmp_path, fields)
    (only,) = trace.connections.itertuples()

    assert only.object_id == "/room/lobby"
    assert (only.messages_in, only.bytes_in) == (2, 5 + 10)
    assert (only.messages_out, only.bytes_out) == (4, 300 + 3 + 4 + 70_000)
    assert (only.closed_at - only.opened_at).total_seconds() == pytest.approx(6.850995)


def test_a_stream_whose_upgrade_was_not_captured_is_left_out(tmp_path: Path) -> None:
    lines = FIELDS.read_text().splitlines(keepends=True)
    stranger = "".join(line.replace("0\t", "1\t", 1) for line in lines[1:])

    assert len(read(tmp_path, "".join(lines) + stranger).connections) == 1
