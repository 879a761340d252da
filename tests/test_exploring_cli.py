"""What-if on the command line: answers in every format, mistakes in one plain line."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.house import ROOT
from wscost.cli import main
from wscost.reports import drawing

STANDARD, BUNDLED = "cloudflare/workers-standard", "cloudflare/workers-bundled"
PLANS = f"{STANDARD}, {BUNDLED}"
SCHEMA = json.loads(files("wscost").joinpath("schemas/table-1.json").read_text("utf-8"))
COMMANDS: dict[str, list[str]] = {
    "sweep": ["sweep", "USAGE", "--vary", "usage.connections_opened=1e6..50e6x3"],
    "break-even": [
        "break-even", "USAGE", "--vary", "usage.connections_opened=0..30e6", "--plans", PLANS,
    ],
    "sensitivity": ["sensitivity", "USAGE"],
    "advise": ["advise", "ROOMS"],
    "history": ["history", "USAGE"],
}  # fmt: skip


@pytest.fixture
def usage(tmp_path: Path) -> str:
    path = tmp_path / "busy.yaml"
    path.write_text("usage: {connections_opened: 20e6, worker_cpu_ms: 0}\ndeployment: worker\n", "utf-8")
    return str(path)


@pytest.fixture
def rooms(tmp_path: Path) -> str:
    path = tmp_path / "rooms.yaml"
    totals = "{connections_opened: 1e6, messages_in: 1e6, object_active_seconds: 90e6}"
    path.write_text(f"usage: {totals}\ndeployment: durable-object\n", "utf-8")
    return str(path)


@pytest.fixture
def ask(usage: str, rooms: str, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([{"USAGE": usage, "ROOMS": rooms}.get(one, one) for one in arguments])
        told, complained = capsys.readouterr()
        return code, told, complained

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_every_table_fits_eighty_columns(command: str, ask: Any) -> None:
    code, told, complained = ask(*COMMANDS[command])

    assert (code, complained) == (0, "")
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_json_keeps_its_schema(command: str, ask: Any) -> None:
    code, told, _ = ask(*COMMANDS[command], "--format", "json")

    report = json.loads(told)
    Draft202012Validator(SCHEMA).validate(report)
    assert code == 0
    assert report["rows"] != []
    assert all(list(row) == report["columns"] for row in report["rows"])


@pytest.mark.parametrize("command", COMMANDS)
def test_csv_holds_the_rows_of_the_json(command: str, ask: Any) -> None:
    report = json.loads(ask(*COMMANDS[command], "--format", "json")[1])
    rows = list(csv.reader(io.StringIO(ask(*COMMANDS[command], "--format", "csv")[1])))

    assert rows[0] == report["columns"]
    assert len(rows) - 1 == len(report["rows"])


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_has_a_table_of_equal_rows(command: str, ask: Any) -> None:
    _, told, _ = ask(*COMMANDS[command], "--format", "markdown")

    table = [line for line in told.splitlines() if line.startswith("|")]
    assert told.startswith("### ")
    assert len({line.count(" | ") for line in table}) == 1


def test_a_sweep_tells_each_total_and_marks_the_least(ask: Any) -> None:
    grid = ["--vary", "usage.connections_opened=20e6"]
    _, told, _ = ask("sweep", "USAGE", *grid, "-p", STANDARD, "-p", BUNDLED)

    assert "* $8.00" in told
    assert "$10.00" in told


def test_numbers_are_shown_in_groups_of_three_digits_however_they_were_written(ask: Any) -> None:
    _, told, _ = ask("sweep", "USAGE", "--vary", "usage.connections_opened=1e6,2_000,2500", "-p", STANDARD)

    assert ["1,000,000", "2,000", "2,500"] == [line.split()[0] for line in told.splitlines() if "$" in line]


def test_long_names_break_between_their_parts_and_amounts_never(ask: Any) -> None:
    grid = ["--vary", "usage.connections_opened=1e6,20e6", "--vary", "deployment.handler_ms.message=1,2"]
    _, told, _ = ask("sweep", "ROOMS", *grid, "-d", "durable-object", "-d", "durable-object-hibernation")

    lines = told.splitlines()
    assert max(map(len, lines)) <= 80
    assert ["1,000,000", "1", "workers-standard,", "*", "≥", "$155.15"] in [
        line.replace(" durable-object ", " ").split() for line in lines
    ]


def test_plans_that_never_cross_are_told_and_no_failure(ask: Any) -> None:
    grid = ["--vary", "usage.connections_opened=20e6..30e6"]
    code, told, _ = ask("break-even", "USAGE", *grid, "--plans", PLANS)

    assert code == 0
    assert "No crossing for usage.connections_opened from 20,000,000 to 30,000,000" in told.replace("\n", " ")


def test_a_sensitivity_tells_the_unit_costs_too(ask: Any) -> None:
    _, told, _ = ask("sensitivity", "USAGE")

    assert "Per unit:" in told
    assert "Connection: $0.0000004 on average" in told


def test_two_deployments_of_the_same_totals_are_told_to_cost_the_same(ask: Any) -> None:
    built = ["-d", "durable-object", "-d", "durable-object-hibernation"]
    _, told, _ = ask("break-even", "ROOMS", "--vary", "usage.messages_in=0..1e6", "--plans", STANDARD, *built)

    assert "totals tell what was metered already" in " ".join(told.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_what_no_total_holds_is_told(command: str, ask: Any) -> None:
    arguments = ["ROOMS" if one == "USAGE" else one for one in COMMANDS[command]]
    notes = json.loads(ask(*arguments, "--format", "json")[1])["notes"]

    told = [note["message"] for note in notes if note["code"] == "at-least"]
    assert len(told) == 1
    assert "Durable Objects SQL Storage" in told[0]


def test_a_history_tells_what_moved_it(ask: Any) -> None:
    _, told, _ = ask("history", "USAGE", "--since", "2023")

    assert "2023-10-31" in told
    assert "first known price" in told
    assert "2022" not in told


def test_a_large_grid_needs_a_yes(ask: Any) -> None:
    large = ["sweep", "USAGE", "--vary", "usage.connections_opened=0..1e6x10001", "-p", STANDARD]

    code, told, complained = ask(*large)
    assert (code, told) == (2, "")
    assert "10,001 bills, more than 10,000" in complained

    code, told, _ = ask(*large, "--yes", "--format", "csv")
    assert code == 0
    assert len(told.splitlines()) == 10_002


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "USAGE", "--vary", "usage.connection_opened=1"], "Did you mean usage.connections_opened"),
        (["sweep", "USAGE", "--vary", "usage.connections_opened=5..5x2"], "the range is empty"),
        (["sweep", "USAGE", "--vary", "usage.connections_opened"], "write PATH=VALUES"),
        (["sweep", "USAGE"], "Missing option"),
        (["sweep", "nothing.csv", "--vary", "a=1"], "nothing.csv"),
        (["sweep", "USAGE", "--vary", "deployment.endpoint=a..bx2"], "is no number"),
        (["history", "USAGE", "--format", "tabel"], "Did you mean table"),
        (["break-even", "USAGE", "--vary", "usage.bytes_in=0..1", "--plans", STANDARD], "two plans"),
        (["break-even", "USAGE", "--vary", "usage.bytes_in=0..1", "--plans", "a,b"], "no plan named 'a'"),
        (["sensitivity", "USAGE", "--by", "7"], "between 0 and 1"),
        (["sensitivity", "USAGE", "--plan", "cloudflare/*"], "Name one"),
        (["history", "USAGE", "--since", "9000"], "--since 9000"),
        (["history", "USAGE", "--since", "1000"], "--since"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else None,
)
def test_a_mistake_is_told_in_one_line_with_exit_code_2(arguments: list[str], words: str, ask: Any) -> None:
    code, told, complained = ask(*arguments)

    assert (code, told) == (2, "")
    assert words in complained
    assert "Traceback" not in complained
    assert len(complained.splitlines()) == 1


def test_a_result_can_be_written_to_a_file(ask: Any, tmp_path: Path) -> None:
    file = tmp_path / "swept.csv"
    code, told, _ = ask(*COMMANDS["sweep"], "--format", "csv", "-o", str(file))

    assert (code, told) == (0, "")
    assert file.read_text("utf-8").startswith("usage.connections_opened,plan,deployment")


@pytest.fixture
def bounded(tmp_path: Path) -> str:
    """Return totals of which a plan that bills wall clock is known in part only."""
    path = tmp_path / "bounded.yaml"
    path.write_text("usage: {connections_opened: 15e6, worker_cpu_ms: 150e6}\ndeployment: worker\n", "utf-8")
    return str(path)


@pytest.mark.parametrize(
    "command",
    [
        ["history", "--plan", "cloudflare/workers-unbound"],
        ["sensitivity", "--plan", "cloudflare/workers-unbound"],
        ["break-even", "--vary", "traffic.scale=1..2", "--plans", f"{STANDARD},cloudflare/workers-unbound"],
    ],
    ids=lambda words: words[0],
)
def test_a_total_that_may_be_higher_is_marked_in_every_exploration(
    command: list[str], ask: Any, bounded: str
) -> None:
    name, *rest = command
    _, told, _ = ask(name, bounded, *rest)

    amounts = [line for line in told.splitlines() if "7.10" in line]
    assert amounts
    assert [line for line in amounts if "≥ $7.10" not in line] == []


@pytest.mark.parametrize("command", ["history", "break-even"])
def test_data_tell_whether_a_total_is_all_of_it(command: str, ask: Any, bounded: str) -> None:
    options = {
        "history": ["--plan", "cloudflare/workers-unbound"],
        "break-even": ["--vary", "traffic.scale=1..2", "--plans", f"{STANDARD},cloudflare/workers-unbound"],
    }
    _, told, _ = ask(command, bounded, *options[command], "--format", "json")

    rows = json.loads(told)["rows"]
    assert {row[next(key for key in reversed(row) if key.endswith("complete"))] for row in rows} == {False}


def test_notes_in_markdown_stand_under_a_heading_of_their_own(ask: Any) -> None:
    _, told, _ = ask("advise", "ROOMS", "--format", "markdown")

    assert "\n\nNotes:\n\n- " in told


def test_one_bill_is_one_bill(ask: Any) -> None:
    _, told, _ = ask("sweep", "USAGE", "--vary", "traffic.scale=1", "--plan", STANDARD)

    assert told.startswith("1 bill over traffic.scale")


def test_a_sensitivity_says_how_far_fields_move_and_writes_times_as_profiles_do(
    ask: Any, tmp_path: Path
) -> None:
    path = tmp_path / "help.yaml"
    path.write_text((ROOT / "notebooks" / "help-desk.yaml").read_text("utf-8"), "utf-8")
    _, told, _ = ask("sensitivity", str(path), "--deployment", "durable-object")

    assert "Each field moves by 20% down and up" in told
    assert [line for line in told.splitlines() if line.startswith("session.") and "m … " in line]


def test_a_mark_stands_on_the_line_of_its_figure() -> None:
    for width in range(12, 30):
        told = drawing.draw(
            [drawing.text("as much as that: ≥ $4,831.45 of it, ≈ 12")], width=width, color=False
        )

        assert [line for line in told.splitlines() if line.endswith(("≥", "≈"))] == []
        assert "\ue000" not in told
