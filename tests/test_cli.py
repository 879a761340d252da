"""The command line: results on standard output, one plain line for every mistake, exit codes with meaning."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import wscost
from wscost.cli import main
from wscost.reports import formats

STANDARD = "cloudflare/workers-standard"
USAGE = "usage: {connections_opened: 150000, messages_in: 72000000, object_active_seconds: 86400000}\n"
TRACE = """connection_id,object_id,opened_at,closed_at,messages_in,messages_out,bytes_in,bytes_out
a,lobby,2026-09-01T10:00:00Z,2026-09-01T10:30:00Z,60,0,600,0
b,lobby,2026-09-01T10:10:00Z,2026-09-01T11:00:00Z,40,9,400,90
"""


@pytest.fixture
def usage(tmp_path: Path) -> str:
    path = tmp_path / "usage.yaml"
    path.write_text(USAGE, "utf-8")
    return str(path)


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "trace.csv"
    path.write_text(TRACE, "utf-8")
    return str(path)


def shell(command: str, *, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in which ``wscost`` is this checkout's, as a user would."""
    root = str(Path(wscost.__file__).parent.parent)
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'wscost() {{ "{sys.executable}" -m wscost "$@"; }}; {command}'],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": root, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# What commands answer.


def test_an_estimate_names_the_cheapest_plan(usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", usage, "--as-of", "2026-10-01"]) == 0

    told, complained = capsys.readouterr()
    assert "cheapest" in told
    assert "$137.50" in told
    assert complained == ""


def test_json_is_what_scripts_rely_on(usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(files("wscost").joinpath("schemas/bill-1.json").read_text("utf-8"))
    assert main(["estimate", usage, "-p", STANDARD, "--as-of", "2024-04-30", "--format", "json"]) == 0

    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema).validate(report)
    [bill] = report["bills"]
    [summary] = report["summary"]
    line = next(line for line in bill["lines"] if line["sku"] == "do-requests")
    assert report["schema"] == "wscost.bill/1"
    assert (summary["plan"], summary["deployment"], summary["total"]) == (STANDARD, "durable-object", 142.95)
    assert (bill["total"], bill["month"], bill["currency"]) == ("142.95", "2024-04", "USD")
    assert (line["consumed"], line["included"], line["billed"]) == ("3750000", "1000000", "2750000")
    assert (line["unit"], line["unit_price"], line["per"], line["cost"]) == (
        "Requests",
        "0.15",
        "1000000",
        "0.45",
    )
    assert bill["usage"]["messages_in"] == "72000000"


@pytest.mark.parametrize("plan", ["cloudflare/*", "aws/*"])
def test_every_shipped_plan_keeps_the_schema(
    trace: str, plan: str, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = json.loads(files("wscost").joinpath("schemas/bill-1.json").read_text("utf-8"))
    options = ["--region", "us-east-1"] if plan.startswith("aws") else []

    assert main(["estimate", trace, "--plan", plan, "--format", "json", *options]) == 0
    Draft202012Validator(schema).validate(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("name", formats())
def test_a_real_estimate_can_be_told_in(name: str, trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", trace, "--format", name]) == 0

    assert "Durable Objects Compute Requests" in capsys.readouterr().out


def test_the_prorated_bill_differs_from_the_rounded_one(
    usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    totals = {}
    for rounding in ("book", "up", "down", "prorate"):
        main(
            [
                "estimate",
                usage,
                "-p",
                STANDARD,
                "--as-of",
                "2026-10-01",
                "--rounding",
                rounding,
                "--format",
                "json",
            ]
        )
        totals[rounding] = json.loads(capsys.readouterr().out)["bills"][0]["total"]

    assert totals == {"book": "142.95", "up": "142.95", "down": "130.30", "prorate": "138.65"}


def test_several_plans_and_deployments_multiply(usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-p", STANDARD, "-p", "cloudflare/workers-bundled", "-d", "worker", "-d", "durable-object"]
    assert main(["estimate", usage, *options, "--format", "json"]) == 0

    bills = json.loads(capsys.readouterr().out)["bills"]
    assert len({(bill["plan"], bill["deployment"]) for bill in bills}) == 4


def test_several_inputs_are_one_account(
    trace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.csv"
    other.write_text(TRACE, "utf-8")

    assert (
        main(["estimate", trace, str(other), "-p", STANDARD, "-d", "durable-object", "--format", "json"]) == 0
    )

    [bill] = json.loads(capsys.readouterr().out)["bills"]
    fees = [line for line in bill["lines"] if line["model"] == "flat"]
    assert len(fees) == 1
    assert bill["usage"]["connections_opened"] == "4"


def test_a_comparison_has_the_free_plan_too_and_its_broken_limits(
    usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", usage, "--as-of", "2026-10-01"]) == 0

    told = capsys.readouterr().out
    assert re.search(r"cloudflare/workers-free .* not feasible", told)
    assert "where 13,000 are allowed" in told or "where 100,000 are allowed" in told


def test_the_observed_window_can_be_said(trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    window = "2026-09-01T00:00:00Z/2026-10-01T00:00:00Z"
    assert (
        main(["estimate", trace, "-p", STANDARD, "-d", "worker", "--window", window, "--format", "json"]) == 0
    )

    [bill] = json.loads(capsys.readouterr().out)["bills"]
    assert bill["projected"] is None
    assert bill["usage"]["connections_opened"] == "2"


def test_an_explanation_of_one_line_leads_to_its_source(
    usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", usage, "--plan", STANDARD, "--sku", "do-requests"]) == 0

    told = capsys.readouterr().out
    assert "messages_in: 72,000,000 messages ÷ 20 = 3,600,000" in told
    assert "https://developers.cloudflare.com/durable-objects/platform/pricing/" in told
    assert "do-duration" not in told


def test_prices_are_listed_with_their_dates(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list"]) == 0

    assert re.search(rf"{STANDARD}\s+active\s+2023-10-31\s+\d{{4}}-\d\d-\d\d", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("day", "divided"),
    [
        pytest.param("2024-03-31", False, id="one message is one request"),
        pytest.param("2024-04-01", True, id="twenty messages are one request"),
    ],
)
def test_prices_of_any_day_can_be_shown(day: str, divided: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "show", STANDARD, "--as-of", day]) == 0

    told = capsys.readouterr().out
    assert f"on {day}" in told
    assert ("messages_in ÷ 20" in told) is divided


def test_prices_with_tiers_and_regions_read_as_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "show", "aws/api-gateway-websocket", "--region", "us-east-1"]) == 0

    told = capsys.readouterr().out
    assert "in us-east-1 on" in told
    assert "$1.00 up to 1B, then $0.80 per 1M Messages" in told


def test_limits_of_the_free_plan_are_shown_beside_its_prices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "show", "cloudflare/workers-free"]) == 0

    assert (
        "Durable Objects duration a day: at most 13,000 GB-s a day; past it, objects"
        in capsys.readouterr().out
    )


def test_a_price_difference_tells_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "diff", STANDARD, "2024-03-31", "2024-04-01"]) == 0

    assert "messages_in / 20" in " ".join(capsys.readouterr().out.split())


def test_between_equal_days_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "diff", STANDARD, "2024-05-01", "2024-05-02"]) == 0

    assert capsys.readouterr().out == "Nothing changed.\n"


def test_the_shipped_price_books_are_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "validate"]) == 0

    assert "every price book is sound" in capsys.readouterr().out


def test_an_unsound_price_book_fails_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "acme" / "sockets.yaml"
    book.parent.mkdir()
    book.write_text("provider: acme\nproduct: sockets\nprise: 5\n", "utf-8")

    assert main(["prices", "validate", str(tmp_path)]) == 1
    assert "sockets.yaml:3: unknown key 'prise'" in capsys.readouterr().out


def test_info_tells_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0

    told = capsys.readouterr().out
    for words in (
        wscost.__version__,
        "Python 3.",
        STANDARD,
        "pricing",
        "sample_traces",
        "ndjson",
        "markdown",
    ):
        assert words in told


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["prices"], ["query"], ["estimate", "--help"]])
def test_help_is_a_result(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0

    told, complained = capsys.readouterr()
    assert told.startswith("Usage: wscost")
    assert complained == ""


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0

    assert capsys.readouterr().out == f"wscost {wscost.__version__}\n"


# Mistakes.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["estimate"], "Missing argument", id="no input"),
        pytest.param(["esimate"], "Did you mean", id="an unknown command"),
        pytest.param(["estimate", "{usage}", "--plam", "x"], "Did you mean --plan?", id="an unknown option"),
        pytest.param(
            ["estimate", "{usage}", "--plan"], "requires an argument", id="an option without its value"
        ),
        pytest.param(
            ["estimate", "{usage}", "--plan", "cloudflare/workers-standart"],
            f"Did you mean {STANDARD}",
            id="an unknown plan",
        ),
        pytest.param(
            ["estimate", "{usage}", "--plan", "azure/*"], "There is no plan", id="a glob that matches nothing"
        ),
        pytest.param(
            ["estimate", "{usage}", "--deployment", "durable-objekt"],
            "Did you mean durable-object",
            id="an unknown preset",
        ),
        pytest.param(
            ["estimate", "{usage}", "--deployment", "no.yaml"], "no.yaml", id="a deployment that is not there"
        ),
        pytest.param(
            ["estimate", "{usage}", "--format", "jsn"], "Did you mean json", id="an unknown report format"
        ),
        pytest.param(
            ["estimate", "{trace}", "--input-format", "cvs"], "Did you mean csv", id="an unknown trace format"
        ),
        pytest.param(
            ["estimate", "{usage}", "--plan", STANDARD, "--as-of", "2010-01-01"],
            "2023-10-31",
            id="a day before the first price",
        ),
        pytest.param(
            ["estimate", "{usage}", "--as-of", "2024-02-30"], "YYYY-MM-DD", id="a day that does not exist"
        ),
        pytest.param(["estimate", "{usage}", "--month", "April"], "YYYY-MM", id="a month in words"),
        pytest.param(["estimate", "{usage}", "--month", "9999-12"], "2199-12", id="a month that has no next"),
        pytest.param(
            ["estimate", "{usage}", "--sample", "0.1"],
            "--sample 0.1: only of a profile a share is simulated, and no input is one. Leave it out.",
            id="a sample of what is not simulated",
        ),
        pytest.param(
            ["estimate", "{usage}", "--window", "2026-11-01/2026-11-02"],
            "usage.yaml: --window says how a log is read, and no input is one. Leave it out.",
            id="a window on totals",
        ),
        pytest.param(
            ["compare", "{usage}", "--map", "opened_at=x"],
            "usage.yaml: --map says how a log is read, and no input is one.",
            id="columns of totals",
        ),
        pytest.param(["estimate", "{usage}", "--seed", "-1"], "--seed", id="a seed below nought"),
        pytest.param(
            ["estimate", "{trace}", "--sample-rate", "0.1"], "Known: none.", id="an option of another format"
        ),
        pytest.param(["estimate", "{usage}", "--cycle-start", "32"], "from 1 to 31", id="a 32nd day"),
        pytest.param(
            ["estimate", "{usage}", "--cycle-start", "x"], "--cycle-start", id="a day that is no number"
        ),
        pytest.param(
            ["estimate", "{usage}", "--rounding", "sideways"],
            "not one of 'book', 'up', 'down', 'prorate'",
            id="an unknown rounding",
        ),
        pytest.param(["estimate", "{usage}", "--offer", "gift"], "gift", id="an unknown offer"),
        pytest.param(
            ["estimate", "{usage}", "--plan", "aws/*"], "name one of", id="a region that is not named"
        ),
        pytest.param(
            ["estimate", "{usage}", "--plan", "aws/*", "--region", "moon"],
            "moon",
            id="a region that is not known",
        ),
        pytest.param(
            ["estimate", "{usage}", "--pricing", "{folder}/none"], "none", id="a folder without price books"
        ),
        pytest.param(["estimate", "{folder}/none.csv"], "none.csv", id="an input that is not there"),
        pytest.param(["estimate", "{usage}", "-o", "{folder}"], "this is a folder", id="a folder as output"),
        pytest.param(
            ["estimate", "{usage}", "-o", "{folder}/none/bill.txt"],
            "cannot be written",
            id="an output nowhere",
        ),
        pytest.param(
            ["estimate", "{usage}", "-o", "{usage}/bill.txt"], "cannot be written", id="an output in a file"
        ),
        pytest.param(
            ["explain", "{usage}", "--sku", "do-request"], "Did you mean do-requests", id="an unknown SKU"
        ),
        pytest.param(
            ["explain", "{usage}", "--plan", "cloudflare/*"], "plans", id="several plans to explain"
        ),
        pytest.param(["prices", "shwo"], "Did you mean", id="an unknown command of a group"),
        pytest.param(
            ["prices", "show", "cloudflare/workers"], "Did you mean", id="prices of an unknown plan"
        ),
        pytest.param(
            ["prices", "show", STANDARD, "--as-of", "2010-01-01"], "2023-10-31", id="prices before the first"
        ),
        pytest.param(["prices", "diff", STANDARD, "yesterday"], "YYYY-MM-DD", id="a difference since no day"),
        pytest.param(["prices", "validate", "{folder}/none"], "no such folder", id="price books nowhere"),
    ],
)
def test_a_mistake_is_one_plain_line(
    arguments: list[str], words: str, usage: str, trace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main([a.format(usage=usage, trace=trace, folder=Path(usage).parent) for a in arguments])

    told, complained = capsys.readouterr()
    assert code == 2
    assert words in complained
    assert re.fullmatch(r"wscost: [^\n]+\n", complained)
    assert told == ""


def test_an_error_shows_no_control_characters_of_an_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["estimate", str(tmp_path / "a\x1b[2Jb.csv")]) == 2

    assert "\x1b" not in capsys.readouterr().err


def test_a_crash_is_an_internal_error_that_tells_nothing_of_the_data(
    usage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*args: object, **options: object) -> None:
        raise RuntimeError("a secret from a row")

    monkeypatch.setattr("wscost.comparing.compare", crash)

    assert main(["estimate", usage]) == 70
    complained = capsys.readouterr().err
    assert re.fullmatch(r"wscost: internal error [^\n]*please report[^\n]*\n", complained)
    assert "secret" not in complained


def test_a_crash_shows_its_place_when_asked_to(
    usage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*args: object, **options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("wscost.comparing.compare", crash)
    monkeypatch.setenv("WSCOST_DEBUG", "1")

    assert main(["estimate", usage]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_interruption_ends_with_130(
    usage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("wscost.comparing.compare", interrupt)

    assert main(["estimate", usage]) == 130
    assert capsys.readouterr().err == "wscost: interrupted\n"


# Where results go.


@pytest.mark.parametrize("name", formats())
def test_a_result_in_a_file_is_the_one_that_would_be_printed(
    name: str, usage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill"
    main(["estimate", usage, "--format", name])
    printed = capsys.readouterr().out

    assert main(["estimate", usage, "--format", name, "-o", str(file)]) == 0
    assert capsys.readouterr() == ("", "")
    assert file.read_bytes() == printed.encode()


def test_a_file_that_stands_there_is_replaced_with_its_permissions_kept(usage: str, tmp_path: Path) -> None:
    file = tmp_path / "bill.txt"
    file.write_text("old", "utf-8")
    file.chmod(0o604)

    assert main(["estimate", usage, "-o", str(file)]) == 0
    assert "Total" in file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o604


def test_a_link_is_followed_not_replaced(usage: str, tmp_path: Path) -> None:
    file, link = tmp_path / "bill.txt", tmp_path / "latest"
    file.write_text("old", "utf-8")
    link.symlink_to(file)

    assert main(["estimate", usage, "-o", str(link)]) == 0
    assert link.is_symlink()
    assert "Total" in file.read_text("utf-8")


def test_a_device_is_written_to_not_replaced(usage: str) -> None:
    assert main(["estimate", usage, "-o", os.devnull]) == 0

    assert not Path(os.devnull).is_file()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    usage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bill.txt"
    file.write_text("old", "utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    assert main(["estimate", usage, "-o", str(file)]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert file.read_text("utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bill.txt", "usage.yaml"]


def test_a_dash_as_output_is_standard_output(usage: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", usage, "-o", "-"]) == 0

    assert "Total" in capsys.readouterr().out


# As a program.


def test_a_closed_pipe_is_no_error(usage: str, tmp_path: Path) -> None:
    ended = shell(f"wscost estimate {usage} | true; wscost estimate {usage} | head -1", cwd=tmp_path)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Plan ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
def test_a_full_disk_behind_standard_output_is_told(tmp_path: Path) -> None:
    ended = shell("wscost --version > /dev/full", cwd=tmp_path)

    assert ended.returncode == 2
    assert (
        ended.stderr == "wscost: The result cannot be written to standard output: No space left on device.\n"
    )


def test_a_closed_standard_output_is_told(tmp_path: Path) -> None:
    ended = shell("wscost --version >&-", cwd=tmp_path)

    assert ended.returncode == 2
    assert "Standard output is closed" in ended.stderr


def test_a_terminal_that_knows_no_unicode_still_gets_its_bill(usage: str, tmp_path: Path) -> None:
    ended = shell(f"wscost estimate {usage}", cwd=tmp_path, PYTHONIOENCODING="latin-1")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ">= $142.95" in ended.stdout
    assert ">= at least, for not all of it is known" in ended.stdout
    assert "?" not in ended.stdout


def test_the_environment_colours_no_pipe(usage: str, tmp_path: Path) -> None:
    ended = shell(f"wscost estimate {usage}", cwd=tmp_path, FORCE_COLOR="1", CLICOLOR_FORCE="1", TERM="xterm")

    assert "\x1b" not in ended.stdout


def test_standard_input_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text(TRACE, "utf-8")
    ended = shell(f"wscost estimate - -p {STANDARD} --format json < trace.csv", cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["bills"][0]["usage"]["connections_opened"] == "2"


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("pandas", "numpy", "pyarrow", "pydantic", "yaml", "rich", "matplotlib", "scipy")
    code = (
        "import sys; from wscost.cli import main; main(['--help']); "
        f"print('loaded:', [m for m in {heavy} if m in sys.modules])"
    )
    ended = shell(f'"{sys.executable}" -c "{code}"', cwd=tmp_path)

    assert ended.stdout.endswith("loaded: []\n"), ended.stderr


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("name", "value", "colored"),
    [("NO_COLOR", "", True), ("NO_COLOR", "1", False), ("TERM", "dumb", False), ("TERM", "xterm", True)],
)
def test_a_terminal_gets_colour_unless_it_wants_none(
    name: str, value: str, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wscost.cli import output

    monkeypatch.setenv(name, value)

    assert output.colored() is colored
    assert output.colored(Path("bill.txt")) is False


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("columns", "width"), [("40", 60), ("100", 100), ("300", 120)])
def test_a_terminal_gets_its_width_within_reason(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wscost.cli import output

    monkeypatch.setenv("COLUMNS", columns)

    assert output.width() == width
    assert output.width(Path("bill.txt")) == 80


def test_progress_is_drawn_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from wscost.cli import output

    with output.progress() as told:
        assert told is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with output.progress() as told:
        assert told is not None
        told(10, None)
        told(20, 20)
