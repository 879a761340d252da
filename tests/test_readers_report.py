"""The account of an input: rows, cuts, how well each quantity is known, and what would tell more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples import FILES, SAMPLES, read_sample
from tests.traces import DAY, connection, event, trace
from wscost.notes import Grade
from wscost.readers import read_input
from wscost.readers.findings import Findings, findings_of
from wscost.trace import Trace
from wscost.usage import Usage

CSV = """connection_id,object_id,opened_at,closed_at,messages_in
a,lobby,2026-11-02T10:00:00Z,2026-11-02T10:01:00Z,4
b,lobby,2026-11-02T10:00:30Z,2026-11-02T10:00:20Z,1
c,,2026-11-02T09:59:00Z,,
d,side,2026-11-02T08:00:00Z,2026-11-02T08:01:00Z,7
"""
WINDOW = "2026-11-02T09:30:00Z/2026-11-02T10:00:45Z"


def account_of(path: Path, **options: object) -> Findings:
    found = read_input(path, **options)  # type: ignore[arg-type]
    assert isinstance(found, (Trace, Usage))
    return findings_of(found)


@pytest.fixture
def account(tmp_path: Path) -> Findings:
    path = tmp_path / "sockets.csv"
    path.write_text(CSV)
    return account_of(path, window=WINDOW, skip_bad_rows=True)


def names(account: Findings, grade: Grade) -> list[str]:
    return [finding.name for finding in account.of_grade(grade)]


def test_rows_are_read_used_refused_or_outside(account: Findings) -> None:
    assert (account.rows, account.used, account.refused, account.outside) == (4, 2, 1, 1)


def test_refused_rows_are_told_with_their_lines(account: Findings) -> None:
    assert len(account.complaints) == 1
    assert "sockets.csv:3: closed_at" in account.complaints[0]


def test_what_the_window_cuts_is_counted(account: Findings) -> None:
    assert (account.opened_before, account.still_open) == (0, 2)


def test_each_quantity_has_its_grade(account: Findings) -> None:
    assert names(account, Grade.MEASURED) == ["opened_at", "closed_at"]
    assert names(account, Grade.LOWER_BOUND) == ["object_id", "messages_in"]
    assert names(account, Grade.UNKNOWN) == ["messages_out", "bytes_in", "bytes_out", "events"]


def test_the_text_says_all_of_it_and_what_would_tell_more(account: Findings) -> None:
    text = str(account)

    for words in (
        "rows      4 read, 2 used, 1 refused, 1 outside the window",
        "sockets.csv:3: closed_at",
        f"window    {WINDOW}",
        "censored  open before it: 0 connections, when it ended: 2",
        "measured: opened_at, closed_at",
        "bounded (at least): object_id (1 of 2), messages_in (1 of 2)",
        "missing: messages_out, bytes_in, bytes_out, events",
        "object_id (1 of 2): --room-from PATTERN",
        "monthly: {messages_in: …}",
    ):
        assert words in text


def test_the_note_is_one_sentence_with_the_figures_as_data(account: Findings) -> None:
    note = account.note()

    assert note.message.count("\n") == 0
    assert "2 of 4 rows used" in note.message
    assert note.data["refused"] == 1
    assert note.data["unknown"] == ["messages_out", "bytes_in", "bytes_out", "events"]


def test_a_trace_of_which_all_is_known_needs_nothing() -> None:
    counts = {"messages_in": 1, "messages_out": 2, "bytes_in": 3, "bytes_out": 4}
    whole = findings_of(trace([connection(0, DAY - 1, **counts)], [event("message", 5)]))

    assert {finding.grade for finding in whole.quantities} == {Grade.MEASURED}
    assert "tell more" not in str(whole)
    assert "censored" not in str(whole)


def test_many_refused_rows_are_shown_in_part(tmp_path: Path) -> None:
    path = tmp_path / "sockets.csv"
    bad = "".join(f"x{i},lobby,soon,,\n" for i in range(25))
    path.write_text(CSV + bad)
    account = account_of(path, skip_bad_rows=True)

    assert account.refused == 26
    assert len(account.complaints) == 10
    assert "… and 16 more" in str(account)


def test_usage_has_an_account_too() -> None:
    account = account_of(SAMPLES / "gauge-series/grafana.csv")

    assert names(account, Grade.ASSUMED) == ["connection_seconds"]
    assert names(account, Grade.LOWER_BOUND) == ["connections_opened", "peak_connections"]
    assert "object_active_seconds" in names(account, Grade.UNKNOWN)
    assert "connections_opened: a series that counts arrivals" in str(account)


@pytest.mark.parametrize(
    "sample",
    [
        "access-log/caddy.ndjson",
        "access-log/haproxy.log",
        "access-log/nginx-timed.log",
        "access-log/nginx.ndjson",
        "aws-websocket/access_log.ndjson",
        "cloudflare-tail/tail_worker_batches.jsonl",
        "cloudflare-tail/workers_trace_events.ndjson",
        "logpush-websocket/zone.ndjson",
        "zeek/conn.json.log",
    ],
)
def test_every_line_of_a_log_is_accounted_for(sample: str) -> None:
    path = SAMPLES / sample
    found = read_sample(path)
    assert isinstance(found, Trace)
    account = findings_of(found)

    assert len(path.read_text().splitlines()) == account.rows
    assert account.rows == account.used + account.refused + account.outside + sum(account.aside.values())


def test_what_is_no_connection_is_counted_apart() -> None:
    account = account_of(SAMPLES / "access-log/haproxy.log", assume_utc=True)

    assert {"other requests": 7} == account.aside
    assert "rows      13 read, 6 used, 0 refused, 7 other requests\n" in str(account)


def test_a_sample_counts_the_rows_that_were_read_not_those_they_stand_for() -> None:
    window = "2026-11-23T07:23:30Z/2026-11-23T07:25:00Z"
    path = SAMPLES / "logpush-websocket/zone.ndjson"
    account = account_of(path, sample_rate="0.5", window=window)

    assert (3, 2, 1) == (account.rows, account.used, account.outside)
    assert "opened_at, closed_at: a job whose sample_rate is 1" in str(account)


def test_the_text_keeps_the_width_of_a_terminal_and_ends_with_the_notes() -> None:
    text = str(account_of(SAMPLES / "cloudflare-tail/wrangler_tail.txt"))

    assert max(map(len, text.splitlines())) <= 80
    assert "  notes:\n    • In 2 objects several sockets were open at once." in text


def test_every_sample_of_every_format_has_an_account() -> None:
    for path in FILES:
        found = read_sample(path)
        if isinstance(found, (Trace, Usage)):
            account = findings_of(found)
            assert account.source in str(account)
            assert "canary" not in str(account)
