"""Profiles to begin with, logs made canonical, queries to ask with: the commands that make inputs."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from pyarrow import parquet

import wscost
from wscost.cli import main
from wscost.shipped import shipped

TINY = """
profile: tiny
calendar: {period: {start: 2026-11-02, days: 1}}
scenarios: {people: {executor: constant-arrival-rate, rate: 0.01}}
session: {median: 5m, p90: 30m, max: 8h}
rooms: {count: 3}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


def test_init_prints_a_profile_that_can_be_priced_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "chat"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# ")
    assert "profile: chat" in text


def test_init_offers_close_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "chta"]) == 2
    assert "Did you mean chat" in capsys.readouterr().err


def test_init_never_overwrites_a_profile(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "chat", "-o", str(tiny)]) == 2
    assert tiny.read_text() == TINY


def test_a_simulated_trace_is_an_input(tiny: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.parquet"

    assert main(["simulate", str(tiny), "-o", str(made)]) == 0
    trace = wscost.read_trace(made)
    assert 500 < len(trace.connections) < 1_400
    assert trace.connections["object_id"].nunique() == 3


def test_simulated_days_are_written_one_by_one_in_order_of_time(tiny: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.parquet"
    tiny.write_text(TINY.replace("days: 1", "days: 4"))

    assert main(["simulate", str(tiny), "-o", str(made)]) == 0
    with parquet.ParquetFile(made) as file:
        closed = [file.read_row_group(n).column("closed_at").to_pandas() for n in range(file.num_row_groups)]
    assert len(closed) == 4
    assert [{f"{day:%d}" for day in days.dropna()} for days in closed] == [{"02"}, {"03"}, {"04"}, {"05"}]


def test_a_share_of_the_rooms_is_simulated_where_it_is_asked_for(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tiny), "-o", str(tmp_path / "part.csv"), "--sample", "0.34"]) == 0
    assert wscost.read_trace(tmp_path / "part.csv").connections["object_id"].nunique() == 1
    capsys.readouterr()

    assert main(["estimate", str(tiny), "--sample", "0.34", "--replicates", "0"]) == 0
    assert "1 of 3 rooms were simulated" in capsys.readouterr().out
    assert main(["estimate", str(tiny), "--sample", "0"]) == 2
    assert "A sample is a share above 0 and at most 1, not 0" in capsys.readouterr().err


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(tiny: Path, tmp_path: Path) -> None:
    for name, seed in (("a.csv", 1), ("b.csv", 1), ("c.csv", 2)):
        assert main(["simulate", str(tiny), "-o", str(tmp_path / name), "--seed", str(seed)]) == 0

    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


def test_converting_keeps_what_the_bill_needs(tmp_path: Path) -> None:
    made = tmp_path / "evening.ndjson.gz"

    assert main(["convert", str(shipped("sample_traces") / "hib200.ndjson"), "-o", str(made)]) == 0
    assert wscost.estimate(made).total == wscost.estimate(shipped("sample_traces") / "hib200.ndjson").total


def test_the_report_tells_what_was_read_and_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "sample_traces/chat.csv", "--report"]) == 0
    told = capsys.readouterr().out

    assert "32 read, 32 used, 0 refused" in told
    assert "missing: messages_out, bytes_out, events" in told


def test_a_log_is_never_overwritten_by_what_it_is_converted_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    log = tmp_path / "log.csv"
    log.write_text("opened_at,closed_at\n2026-11-01T00:00:00Z,2026-11-01T00:01:00Z\n")
    before = log.read_bytes()

    assert main(["convert", "log.csv", "-o", str(log)]) == 2
    assert "this is an input; write the result to another file." in capsys.readouterr().err
    assert before == log.read_bytes()


def test_standard_input_is_called_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = b"opened_at,closed_at\n2026-11-01T00:00:00Z,2026-11-01T00:01:00Z\n"
    for command in (["estimate", "-", "--format", "json"], ["convert", "-", "--report"]):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(log)))

        assert main(command) == 0
        assert "<stdin>" in capsys.readouterr().out


def test_converting_to_nowhere_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "sample_traces/chat.csv"]) == 2
    assert "-o" in capsys.readouterr().err


def test_any_csv_is_read_by_naming_its_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text("who,start,end,room\na,1793577600000,1793577660000,x\nb,1793577600000,1793577720000,x\n")
    columns = "connection_id=who,opened_at=start:unix_ms,closed_at=end:unix_ms,object_id=room"

    assert main(["estimate", str(log), "--map", columns, "--format", "csv"]) == 0
    assert "do-duration" in capsys.readouterr().out


def test_a_format_option_is_name_and_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "sample_traces/chat.csv", "--format-option", "nonsense"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nonsense", "progress", "window"])
def test_an_option_that_no_format_knows_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "sample_traces/chat.csv", "--format-option", f"{name}=1"]) == 2
    assert f"There is no option of a trace format named '{name}'" in capsys.readouterr().err


EXPLORATIONS = {
    "sweep": ["--vary", "traffic.scale=1,2"],
    "break-even": [
        "--vary",
        "traffic.scale=1..9",
        "--plans",
        "cloudflare/workers-standard,cloudflare/workers-free",
    ],
    "sensitivity": [],
    "advise": [],
    "history": [],
    "explain": [],
    "report": ["-o", "{folder}/report.html"],
    "plot": ["-o", "{folder}/sockets.svg"],
}


@pytest.mark.parametrize("command", EXPLORATIONS)
def test_a_log_that_is_read_by_its_columns_can_be_explored(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.csv"
    log.write_text("start,end,room\n1793577600000,1793577660000,x\n1793577600000,1793577720000,x\n")
    more = [word.format(folder=tmp_path) for word in EXPLORATIONS[command]]
    kind = ["concurrency"] if command == "plot" else []
    columns = "opened_at=start:unix_ms,closed_at=end:unix_ms,object_id=room"

    assert main([command, *kind, str(log), "--map", columns, *more]) == 0, capsys.readouterr().err


LAYOUT = """
access_log:
  line: json
  closed_at: {field: ts, unit: s}
  duration: {field: took, unit: ms}
  upgraded: {field: status, is: [101]}
"""
EDGE = '{"ts": 1795418588.96, "took": 3019, "status": 101}\n'


def test_a_picture_reads_a_log_by_its_layout(tmp_path: Path) -> None:
    (tmp_path / "edge.yaml").write_text(LAYOUT)
    (tmp_path / "edge.ndjson").write_text(EDGE)
    asked = [str(tmp_path / "edge.ndjson"), "--layout", str(tmp_path / "edge.yaml")]

    assert main(["plot", "concurrency", *asked, "-o", str(tmp_path / "a.svg")]) == 0
    assert (tmp_path / "a.svg").stat().st_size


LOGPUSH = "tests/reader_samples/logpush-websocket/zone.ndjson"


@pytest.mark.parametrize("spelt", [["--sample-rate", "0.5"], ["--sample-rate=0.5"]], ids=" ".join)
def test_an_option_of_one_format_is_spelt_like_any_other(
    spelt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", LOGPUSH, "--report", *spelt]) == 0
    assert "3 rows are a sample at a rate of 0.5" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spelt", "told"),
    [
        (["--sample-rate"], "--sample-rate: a value must follow."),
        (["--sample-rate", "2"], "'2' is not a number above 0"),
        (["--sample-rat", "0.5"], "No such option: --sample-rat"),
        (["--series", "opened=a"], "option of the format logpush-websocket named 'series'"),
    ],
    ids=lambda part: part[-1] if isinstance(part, list) else "",
)
def test_an_option_that_a_format_cannot_take_is_told(
    spelt: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["convert", LOGPUSH, "--report", *spelt]) == 2
    assert told in capsys.readouterr().err


def test_info_lists_the_options_of_each_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    assert "  logpush-websocket  --room-from, --sample-rate\n" in capsys.readouterr().out


LOGPUSH_ROW = (
    '{"ConnectionID":"%s","ClientRequestPath":"/r","EdgeStartTimestamp":%d,"EdgeEndTimestamp":%d,'
    '"BytesSentClient":2}\n'
)
START_NS = 1_795_418_585_941_000_000
SOON_NS = START_NS + 1_000_000_000
TAIL_EVENT = (
    '{"eventTimestamp":1795444656683,"outcome":"ok","scriptName":"chat","durableObjectId":"a",'
    '"event":{"getWebSocketEvent":{"webSocketEventType":"message"}}}\n'
)
NO_SOCKETS = (
    '{"log":{"creator":{"name":"Firefox"},"entries":[{"_resourceType":"xhr","request":{"url":"https://a/"}},'
    '{"_resourceType":"image","request":{"url":"https://a/"}}]}}'
)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.har", b"\x00\x01\x8f" * 999, "binary data in none", id="garbage named HAR"),
        pytest.param("a.har", NO_SOCKETS, "holds 2 requests (1 xhr, 1 image) and no WebSocket", id="HAR"),
        pytest.param("a.har", NO_SOCKETS[:60], "a.har:1: this is not JSON", id="HAR cut short"),
        pytest.param("a.json", TAIL_EVENT[:-9], "a.json:1: the JSON that begins here is cut", id="tail cut"),
        pytest.param("a.json", TAIL_EVENT[:-3] + "[" * 10_000, "a.json:1: ", id="tail, 10,000 levels"),
        pytest.param("a.json", '{"log":' * 10_000, "depth limit exceeded", id="HAR, 10,000 levels"),
        pytest.param(
            "a.ndjson",
            LOGPUSH_ROW % ("a", START_NS, SOON_NS) + LOGPUSH_ROW % ("a", START_NS, SOON_NS),
            "a.ndjson:2: connection_id 'a' stands already in a.ndjson:1",
            id="an id twice",
        ),
        pytest.param(
            "a.ndjson",
            LOGPUSH_ROW % ("a", SOON_NS, START_NS),
            "a.ndjson:1: closed_at (07:23:05) is before opened_at (07:23:06)",
            id="a clock that jumps back",
        ),
        pytest.param(
            "a.ndjson",
            LOGPUSH_ROW % ("a", START_NS // 10**6, SOON_NS // 10**6),
            "a.ndjson:1: EdgeStartTimestamp '1795418585941' lies outside the years 2000 to 2199",
            id="milliseconds where seconds belong",
        ),
        pytest.param(
            "a.csv",
            "time,open\n1795418585941,4\n",
            "a.csv:2: time '1795418585941' lies outside the years 2000 to 2199",
            id="a gauge in the year 53000",
        ),
        pytest.param(
            "a.csv",
            "time,open\n1795418585,4\n1795418580,4\n",
            "a.csv:3: the time '1795418580' goes back or stands twice",
            id="a gauge that jumps back",
        ),
    ],
)
def test_of_a_bad_file_one_line_says_where_and_what_and_nothing_is_written(
    name: str, content: str | bytes, words: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    with contextlib.chdir(tmp_path):
        assert main(["convert", name, "-o", "trace.csv"]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.startswith("wscost: ")
    assert told.err.count("\n") == 1
    assert words in told.err
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_glob_over_two_formats_names_one_file_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.log").write_text(LOGPUSH_ROW % ("a", START_NS, SOON_NS))
    Path("b.log").write_text(TAIL_EVENT)

    assert main(["estimate", "*.log"]) == 2
    assert "a.log is logpush-websocket, b.log is cloudflare-tail" in capsys.readouterr().err


def test_a_query_asks_for_the_last_day_too(capsys: pytest.CaptureFixture[str]) -> None:
    days = ["--from", "2026-11-01", "--to", "2026-11-20"]

    assert main(["query", "cloudflare", "--namespace", "0" * 32, *days]) == 0
    assert 'date_leq: "2026-11-20"' in capsys.readouterr().out
