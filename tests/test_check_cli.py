"""``wscost check`` and ``wscost diff`` as they are typed: exit codes, baselines, GitHub, bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.repositories import ROOMS, SCENARIOS, USAGE, commit, git, make_repository, more_messages, write
from wscost.cli import main

SCHEMAS: dict[str, Any] = {
    name: json.loads(files("wscost").joinpath(f"schemas/{name}-1.json").read_text("utf-8"))
    for name in ("check", "bill")
}
Run = Callable[..., tuple[int, str, str]]
BUDGET_ONLY = SCENARIOS.replace("  - {id: growth", "#")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_repository(tmp_path / "chat")
    monkeypatch.chdir(folder)
    for name in ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "WSCOST_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def saved(folder: Path, run: Run, name: str = "before.json") -> Path:
    path = folder.parent / name
    assert run("check", "--base-ref", "HEAD", "--exit-zero", "--report", f"json={path}")[0] == 0
    return path


# Exit codes.


def test_what_did_not_change_passes(repository: Path, run: Run) -> None:
    code, out, err = run("check", "--base-ref", "main")

    assert (code, err) == (0, "")
    assert "wscost.yaml: passed (2 passed)" in out
    assert "$142.95 is the same as in main" in out


def test_what_grew_fails_and_says_by_how_much(repository: Path, run: Run) -> None:
    more_messages(repository)

    code, out, _ = run("check", "--base-ref", "main")

    assert code == 1
    assert "wscost.yaml: failed (2 failed)" in out
    assert "$217.50 is $67.50 over $150.00" in " ".join(out.split())


def test_an_unknown_line_is_inconclusive(repository: Path, run: Run) -> None:
    write(
        repository,
        wscost=BUDGET_ONLY,
        traffic__usage=USAGE.format(messages=1).replace(", worker_cpu_ms: 0", ""),
    )

    code, out, _ = run("check")

    assert code == 3
    assert "is unknown (depends on worker_cpu_ms)" in " ".join(out.split())


@pytest.mark.parametrize("option", ["--exit-zero", "--error-on-warning"])
def test_warnings_and_failures_count_as_asked(repository: Path, run: Run, option: str) -> None:
    level = "error" if option == "--exit-zero" else "warn"
    write(repository, wscost=BUDGET_ONLY.replace("at: p90", f"level: {level}").replace("150 USD", "1 USD"))

    assert (run("check")[0], run("check", option)[0]) == ((1, 0) if level == "error" else (0, 1))


def test_exit_zero_does_not_hide_that_nothing_was_checked(repository: Path, run: Run) -> None:
    write(repository, wscost=SCENARIOS.replace("150 USD", "150"))

    assert run("check", "--exit-zero")[0] == 2


def test_a_bug_never_exits_with_one(repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("wscost.checking.pricing._price", broken)

    assert run("check", "--base-ref", "main", "--exit-zero")[0] == 70


def test_a_reader_that_goes_away_does_not_turn_a_failure_into_a_pass(repository: Path) -> None:
    write(repository, wscost=BUDGET_ONLY.replace("150 USD", "1 USD"))
    command = f'"{sys.executable}" -m wscost check | true; exit "${{PIPESTATUS[0]}}"'

    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=repository
    )

    assert (done.returncode, done.stderr) == (1, "")


def test_today_decides_waivers_and_is_the_only_clock(repository: Path, run: Run) -> None:
    waived = BUDGET_ONLY.replace("at: p90", "until: 2027-03-31").replace("150 USD", "1 USD")
    write(repository, wscost=waived)

    assert run("check", "--today", "2027-03-31")[0] == 0
    assert run("check", "--today", "2027-04-01")[0] == 1
    assert run("check", "--today", "tomorrow")[0] == 2


def test_without_today_it_is_today(repository: Path, run: Run, tmp_path: Path) -> None:
    days = {datetime.now(UTC).date().isoformat()}
    report = json.loads(saved(repository, run).read_text())

    assert report["today"] in days | {datetime.now(UTC).date().isoformat()}


def test_a_profile_is_held_to_a_limit_over_its_simulated_months(repository: Path, run: Run) -> None:
    profile = files("wscost").joinpath("profiles/chat.yaml").read_text("utf-8")
    write(repository, profile=profile.replace("vus: 2000", "vus: 60"), rooms=ROOMS)
    scenario = "  prod: {input: profile.yaml, deployment: rooms.yaml, replicates: 10}\n"
    checks = (
        "  - {id: open, metric: total, max: 99 USD}\n  - {id: high, metric: total, max: 99 USD, at: p90}\n"
    )
    write(repository, wscost=f"scenarios:\n{scenario}checks:\n{checks}")

    _, out, _ = run("check", "--report", "json=-")
    whole, high = sorted(json.loads(out)["results"], key=lambda result: result["at"] or "")

    assert float(whole["low"]) <= float(whole["value"]) <= float(whole["high"])
    assert (high["at"], high["low"], high["value"]) == ("p90", None, whole["high"])
    assert "one figure stands for" not in high["reason"]


# Where the file is.


def test_the_file_is_found_from_a_folder_below(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "traffic")

    assert run("check", "--base-ref", "main")[0] == 0


def test_the_file_is_named_by_option_before_variable(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, strict=BUDGET_ONLY.replace("150 USD", "1 USD"), loose=BUDGET_ONLY)
    monkeypatch.setenv("WSCOST_CONFIG", "strict.yaml")

    assert run("check")[0] == 1
    assert run("check", "--config", "loose.yaml")[0] == 0


def test_pyproject_serves_as_well(repository: Path, run: Run) -> None:
    (repository / "wscost.yaml").unlink()
    (repository / "pyproject.toml").write_text(
        '[tool.wscost]\nscenarios.prod.input = "traffic/usage.yaml"\n'
        'checks = [{id = "budget", metric = "total", max = "1 USD"}]\n'
    )

    code, out, _ = run("check")

    assert code == 1
    assert "pyproject.toml: failed" in out


# Baselines.


def test_a_saved_result_is_a_baseline(repository: Path, run: Run) -> None:
    before = saved(repository, run)
    more_messages(repository)

    code, out, _ = run("check", "--baseline", str(before))

    assert code == 1
    assert "≥" not in out
    assert "$142.95" in out


def test_a_git_ref_is_read_without_touching_the_work_tree(repository: Path, run: Run) -> None:
    git(repository, "switch", "--quiet", "--create", "busier")
    more_messages(repository)
    commit(repository)
    more_messages(repository, 1)
    before = git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")

    code, out, _ = run("check", "--base-ref", "busier")

    assert code == 0
    assert "less than" in out
    assert (git(repository, "status", "--porcelain"), git(repository, "rev-parse", "HEAD")) == before
    assert "messages_in: 1," in (repository / "traffic" / "usage.yaml").read_text()


def test_files_that_a_ref_names_in_turn_come_from_that_ref(repository: Path, run: Run) -> None:
    write(repository, traffic__rooms=ROOMS.replace("none", "undeclared"))

    _, out, _ = run("check", "--base-ref", "main", "--report", "json=-", "--exit-zero")
    [change] = json.loads(out)["changes"]

    assert (change["old"], [line["sku"] for line in change["lines"] if "storage" in line["sku"]] != []) == (
        "142.95",
        True,
    )


def test_a_ref_without_the_file_has_no_scenarios_yet(repository: Path, run: Run) -> None:
    git(repository, "switch", "--quiet", "--orphan", "empty")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "nothing")
    git(repository, "switch", "--quiet", "main")

    code, out, _ = run("check", "--base-ref", "empty")

    assert code == 3
    assert "empty has nothing to compare this with" in out
    assert "new" in out


def test_an_unknown_ref_is_an_error_with_close_names(repository: Path, run: Run) -> None:
    code, out, err = run("check", "--base-ref", "mian")

    assert (code, out) == (2, "")
    assert "There is no git ref named 'mian'. Did you mean main?" in err


@pytest.mark.parametrize("ref", ["--output=x", "-h", "", "main:wscost.yaml", "HEAD:"])
def test_what_is_no_commit_is_no_ref(repository: Path, run: Run, ref: str) -> None:
    assert run("check", f"--base-ref={ref}")[0] == 2


def test_a_shallow_clone_without_the_base_says_how_to_fetch_it(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "switch", "--quiet", "--create", "change")
    commit_of_change = repository.parent / "shallow"
    more_messages(repository)
    commit(repository)
    git(repository.parent, "clone", "--quiet", "--depth=1", repository.as_uri(), str(commit_of_change))
    monkeypatch.chdir(commit_of_change)

    code, _, err = run("check", "--base-ref", "origin/main")

    assert code == 2
    assert "this clone is shallow" in err
    assert "git fetch --depth=1 origin main:refs/remotes/origin/main" in err
    git(commit_of_change, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    assert run("check", "--base-ref", "origin/main")[0] == 1


def test_a_mistake_in_another_ref_names_the_ref(repository: Path, run: Run) -> None:
    (repository / "traffic" / "usage.yaml").unlink()
    commit(repository)
    more_messages(repository)

    code, _, err = run("check", "--base-ref", "main")

    assert code == 2
    assert "--base-ref main: wscost.yaml:2: scenarios.prod.input: traffic/usage.yaml: there is no" in err


def test_a_file_that_is_a_link_out_of_the_repository_has_no_other_ref(repository: Path, run: Run) -> None:
    outside = (repository / "wscost.yaml").rename(repository.parent / "elsewhere.yaml")
    (repository / "wscost.yaml").symlink_to(outside)

    code, out, err = run("check", "--base-ref", "HEAD")

    assert (code, out) == (2, "")
    assert f"wscost.yaml: is a link to {outside}, outside of the repository" in err


def test_a_scenario_that_says_how_to_read_totals_is_refused(repository: Path, run: Run) -> None:
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", "usage.yaml, window: 2026-11-01/2026-12-01,"))

    code, _, err = run("check")

    assert code == 2
    assert "wscost.yaml:2: scenario prod: " in err
    assert "traffic/usage.yaml: --window says how a log is read, and no input is one. Leave it out." in err


def test_outside_a_repository_there_is_no_other_ref(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, wscost=SCENARIOS, traffic__usage=USAGE.format(messages=1), traffic__rooms=ROOMS)
    monkeypatch.chdir(tmp_path)

    code, _, err = run("check", "--base-ref", "main")

    assert code == 2
    assert "is in no git repository" in err


# Bad input: exit code 2, one line, nothing on standard output.


@pytest.mark.parametrize(
    ("scenarios", "words"),
    [
        (
            SCENARIOS.replace("usage.yaml", "gone.csv"),
            "wscost.yaml:2: scenarios.prod.input: traffic/gone.csv",
        ),
        (
            SCENARIOS.replace("scenario: prod, metric: total, max:", "scenario: pord, metric: total, max:"),
            "pord",
        ),
        (SCENARIOS.replace("150 USD", "150 EUR"), "150 EUR is in EUR, but cloudflare/workers-standard"),
        (SCENARIOS.replace("150 USD", "150"), "150 is no amount of money"),
        (SCENARIOS.replace("metric: total, max:", "metric: line.egress, max:"), "no line on these bills"),
        (
            SCENARIOS.replace("workers-standard", "workers-standrad"),
            "Did you mean cloudflare/workers-standard",
        ),
        (SCENARIOS.partition("checks:")[0], "there are no checks"),
        ("", "this is no scenario file"),
        (SCENARIOS + "  - {id: x", "is not YAML"),
    ],
    ids=[
        "a missing file",
        "a missing scenario",
        "another currency",
        "a limit without a unit",
        "a line that is not there",
        "an unknown plan",
        "no checks",
        "an empty file",
        "half a file",
    ],
)
def test_a_config_with(repository: Path, run: Run, scenarios: str, words: str) -> None:
    write(repository, wscost=scenarios)

    code, out, err = run("check", "--base-ref", "main")

    assert (code, out) == (2, "")
    assert err.startswith("wscost: wscost.yaml")
    assert words in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "gone.yaml"], "gone.yaml: cannot be read"),
        (["--config", "gone.toml"], "gone.toml: cannot be read"),
        (["--config", "."], "cannot be read"),
        ([], "needs a baseline to compare with. Give one with --base-ref main or --baseline FILE."),
        (["--base-ref", "main", "--baseline", "x"], "two baselines"),
        (["--baseline", "gone.json"], "gone.json: cannot be read"),
        (["--base-ref", "main", "--report", "json"], "'json' is no report. Write it as FORMAT=FILE"),
        (["--base-ref", "main", "--report", "word=x"], "There is no report format named 'word'"),
        (["--base-ref", "main", "--report", "json=x", "html=x"], "stands twice"),
        (["--base-ref", "main", "--report", "json=x", "html=./x"], "stands twice"),
        (["--base-ref", "main", "--report", "json=gone/x"], "the result cannot be written"),
        (["--base-ref", "main", "--budget", "1"], "--budget. See wscost check --help."),
    ],
)
def test_a_command_that_cannot_run(repository: Path, run: Run, arguments: list[str], words: str) -> None:
    code, out, err = run("check", *arguments)

    assert (code, out) == (2, "")
    assert words in " ".join(err.split())


def test_no_file_at_all_says_what_to_write(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    code, _, err = run("check")

    assert code == 2
    assert "There is no wscost.yaml here" in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": "wscost.check/2", "scenarios": {}}', "is a result in 'wscost.check/2'; this version"),
        ('{"schema": "wscost.bill/9"}', "is a result in 'wscost.bill/9'"),
        ('{"schema": "other/1"}', "is no saved result of wscost: the schema is not named"),
        ("[]", "it is not one JSON object"),
        ("{", "before.json:1: is not JSON"),
        ("\xff", "it is not JSON"),
        ('{"schema": "wscost.check/1", "scenarios": {}}', "it holds no scenarios"),
        ('{"schema": "wscost.check/1", "scenarios": {"a": {}}}', "scenarios.a: its bills are not complete"),
        (
            '{"schema": "wscost.check/1", "scenarios": {"a": {"bills": [{"lines": [], "breaches": []}]}}}',
            "plan",
        ),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_baseline_that_is_none(repository: Path, run: Run, text: str, words: str) -> None:
    (repository / "before.json").write_bytes(text.encode("latin-1"))

    code, out, err = run("check", "--baseline", "before.json")

    assert (code, out) == (2, "")
    assert "before.json" in err
    assert words in err


@pytest.mark.parametrize(
    "number", ["1234567890123456789012345678901.5", "1e999999", "1e-999999", "-1e22", 10**400, 10**22]
)
@pytest.mark.parametrize("place", ["total", "lines.0.cost", "usage.messages_in"])
def test_a_saved_number_past_all_bounds_is_refused_in_one_line(
    repository: Path, run: Run, number: str | int, place: str
) -> None:
    before = saved(repository, run)
    result = json.loads(before.read_text())
    inside: Any = result["scenarios"]["prod"]["bills"][0]
    *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    for part in path:
        inside = inside[part]
    inside[last] = number
    before.write_text(json.dumps(result))

    for command in (["check", "--baseline", str(before)], ["diff", str(before)]):
        code, out, err = run(*command)

        assert (code, out, err.count("\n")) == (2, "", 1)
        assert f"scenarios.prod: {place}: this number has more than 28 digits, or lies past all bounds" in err


# Reports, GitHub.


def test_one_run_writes_many_reports(repository: Path, run: Run) -> None:
    wanted = ["markdown", "json", "junit", "sarif", "codequality", "openmetrics", "html"]

    code, out, _ = run("check", "--base-ref", "main", "--report", *(f"{name}=out.{name}" for name in wanted))

    assert code == 0
    assert out.startswith("wscost.yaml: passed")
    assert [name for name in wanted if not (repository / f"out.{name}").stat().st_size] == []


def test_the_json_report_keeps_its_schema(repository: Path, run: Run) -> None:
    more_messages(repository)
    code, out, _ = run("check", "--base-ref", "main", "--report", "json=-")
    report = json.loads(out)

    assert (code, report["exit_code"], report["verdict"]) == (1, 1, "failed")
    assert list(Draft202012Validator(SCHEMAS["check"]).iter_errors(report)) == []
    assert [
        list(Draft202012Validator(SCHEMAS["bill"]).iter_errors(b)) for b in report["scenarios"].values()
    ] == [[]]


def test_on_github_findings_are_annotations_a_summary_and_outputs(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        (repository.parent / name).write_text("before=1\n")
        monkeypatch.setenv(name, str(repository.parent / name))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    more_messages(repository)

    code, out, _ = run("check", "--base-ref", "main", "--report", "markdown=c.md")
    commands = [line for line in out.splitlines() if line.startswith("::")]
    outputs = dict(
        line.split("=", 1) for line in (repository.parent / "GITHUB_OUTPUT").read_text().splitlines()
    )

    assert code == 1
    assert len(commands) == 2
    assert all(line.startswith("::error file=wscost.yaml,line=") for line in commands)
    assert {line.split("line=")[1].split(",")[0] for line in commands} == {"4", "5"}
    assert (outputs["before"], outputs["verdict"], outputs["exit-code"]) == ("1", "failed", "1")
    assert (outputs["failed"], outputs["passed"], outputs["markdown-file"]) == ("2", "0", "c.md")
    assert (repository / "c.md").read_text() in (repository.parent / "GITHUB_STEP_SUMMARY").read_text()


def test_a_report_on_standard_output_stays_whole_on_github(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    more_messages(repository)

    _, out, err = run("check", "--base-ref", "main", "--report", "json=-")

    assert json.loads(out)["verdict"] == "failed"
    assert err.startswith("::error ")


def test_a_summary_that_cannot_be_written_is_an_error(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repository / "gone" / "file"))

    assert run("check", "--base-ref", "main")[0] == 2


# Differences.


def test_a_result_is_compared_with_the_work_tree(repository: Path, run: Run) -> None:
    before = saved(repository, run)
    more_messages(repository)

    code, out, _ = run("diff", str(before))

    assert code == 0
    assert "quantity" in out
    assert "Durable Objects Compute Requests" in " ".join(out.split())


def test_two_results_are_compared_with_each_other(repository: Path, run: Run) -> None:
    before = saved(repository, run)
    more_messages(repository)
    after = saved(repository, run, "after.json")

    _, out, _ = run("diff", str(before), str(after), "--format", "json")
    [change] = json.loads(out)["changes"]

    assert (change["old"], change["new"]) == ("142.95", change["new"])
    assert float(change["change"]) == pytest.approx(float(change["new"]) - 142.95)
    assert change["why"] == ["quantity"]


def test_estimates_can_be_compared_too(repository: Path, run: Run) -> None:
    for name, plan in (("a.json", "cloudflare/workers-standard"), ("b.json", "cloudflare/workers-unbound")):
        run("estimate", "traffic/usage.yaml", "-p", plan, "--format", "json", "-o", name)

    code, out, _ = run("diff", "a.json", "b.json")

    assert code == 0
    assert "It was cloudflare/workers-standard" in out
    assert "plan" in out


@pytest.mark.parametrize("format_", ["table", "markdown", "json"])
def test_a_diff_can_be_written_as(repository: Path, run: Run, format_: str) -> None:
    before = saved(repository, run)

    code, _, _ = run("diff", str(before), "--format", format_, "-o", "diff.out")

    assert code == 0
    assert "prod" in (repository / "diff.out").read_text()


def test_a_diff_in_an_unknown_format_is_an_error(repository: Path, run: Run) -> None:
    assert run("diff", str(saved(repository, run)), "--format", "tabel")[0] == 2
