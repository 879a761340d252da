"""Paths that lead nowhere, and results that have nowhere to go: one plain line, and nothing is lost."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.test_cli import STANDARD, TRACE, USAGE, shell
from wscost.cli import main

LONG = "a" * 300
SCENARIOS = "scenarios:\n  prod:\n    input: {input}\n    plans: cloudflare/workers-standard\n"
CHECKS = "checks:\n  - {{id: small, metric: total, max: {most} USD}}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a usage file, a trace, and a link that leads to itself."""
    (tmp_path / "usage.yaml").write_text(USAGE, "utf-8")
    (tmp_path / "trace.csv").write_text(TRACE, "utf-8")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must end in one line, with nothing told and no file written, and return it."""
    before = sorted(Path().iterdir())
    code = main(arguments.split())
    told, complained = capsys.readouterr()
    assert (code, told) == (2, ""), complained
    assert re.fullmatch(r"wscost: [^\n]+\n", complained)
    assert sorted(Path().iterdir()) == before
    return complained


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (f"estimate {LONG}", "no such file or folder"),
        (f"estimate trace.csv -d {LONG}", "no deployment named"),
        (f"estimate trace.csv -o {LONG}", "cannot be written: File name too long"),
        (f"estimate trace.csv --pricing {LONG}", "there is no such folder"),
        (f"prices validate {LONG}", "there is no such folder"),
        (f"convert trace.csv -o {LONG}.csv", "cannot be written: File name too long"),
        (f"init chat -o {LONG}", "cannot be written: File name too long"),
        ("estimate loop", "loop: cannot be reached: Too many levels of symbolic links"),
        ("estimate usage.yaml -o loop", "loop: cannot be reached: Too many levels of symbolic links"),
        ("report usage.yaml -o loop", "loop: cannot be reached: Too many levels of symbolic links"),
        ("convert trace.csv -o loop/x.csv", "loop/x.csv: cannot be reached: Too many levels"),
        ("estimate trace.csv -d loop", "loop: cannot be reached: Too many levels of symbolic links"),
        ("estimate trace.csv --pricing loop", "loop: cannot be reached: Too many levels of symbolic links"),
        ("estimate trace.csv --pricing nowhere", "nowhere: there is no such folder"),
        ("estimate loop/wscost.yaml#prod", "cannot be reached: Too many levels of symbolic links"),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_path_that_leads_nowhere_is_said_in_one_line(
    arguments: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refused(arguments, capsys)


@pytest.mark.parametrize("named", [LONG, r'"a\0b"', "loop"])
@pytest.mark.parametrize("key", ["input", "deployment"])
def test_a_scenario_that_names_a_path_that_leads_nowhere_is_refused(
    key: str, named: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SCENARIOS.format(input=named if key == "input" else "trace.csv")
    text += f"    deployment: {named}\n" if key == "deployment" else ""
    (here / "wscost.yaml").write_text(text + CHECKS.format(most=1), "utf-8")

    assert "loop: cannot be reached" in (said := refused("check", capsys)) or "wscost.yaml:" in said


@pytest.mark.parametrize("named", [LONG, r'"a\0b"'])
def test_a_usage_file_that_names_a_deployment_that_no_path_can_have_is_refused(
    named: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "usage.yaml").write_text(USAGE + f"deployment: {named}\n", "utf-8")

    assert "usage.yaml:2: There is no deployment named" in refused("estimate usage.yaml", capsys)


WITHOUT_A_SEARCH = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("estimate usage.yaml -o closed/x", "closed/x: cannot be reached: Permission denied"),
        ("estimate trace.csv -d closed/x.yaml", "closed/x.yaml: cannot be reached: Permission denied"),
        ("plot bill usage.yaml -o closed/x.png", "closed/x.png: cannot be reached: Permission denied"),
        ("convert trace.csv -o closed/x.csv", "closed/x.csv: cannot be reached: Permission denied"),
        ("estimate closed/x.csv", "closed/x.csv: cannot be reached: Permission denied"),
        ("estimate closed", "closed: cannot be reached: Permission denied"),
        ("estimate around", "around/closed: cannot be reached: Permission denied"),
        ("check --config closed/wscost.yaml", "closed/wscost.yaml: cannot be read: Permission denied"),
    ],
)
def test_a_folder_that_may_not_be_searched_is_said_in_one_line(
    arguments: str, words: str, here: Path
) -> None:
    for closed in (here / "closed", here / "around" / "closed"):
        closed.mkdir(parents=True)
        closed.chmod(0)
    (here / "around" / "trace.csv").write_text(TRACE, "utf-8")
    as_anyone = f'wscost() {{ {WITHOUT_A_SEARCH} "$PYTHON" -m wscost "$@"; }}; '
    ended = shell(f"{as_anyone} wscost {arguments}", cwd=here, PYTHON=sys.executable)

    assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_working_folder_that_is_gone_is_said(here: Path) -> None:
    ended = shell("mkdir gone && cd gone && rmdir ../gone && wscost check", cwd=here)

    assert ended.returncode == 2
    assert "The working folder cannot be reached" in ended.stderr


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no such device here")
def test_a_pipe_that_a_path_leads_to_is_written_to(here: Path) -> None:
    ended = shell(
        f"wscost estimate usage.yaml -p {STANDARD} > meant; "
        f"wscost estimate usage.yaml -p {STANDARD} -o /dev/stdout | cat > through; "
        f"wscost estimate usage.yaml -p {STANDARD} -o >(cat > process); "
        "wscost estimate usage.yaml -o >(true); "
        "sleep 0.2; cmp meant through && cmp meant process",
        cwd=here,
    )

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("command", ["estimate usage.yaml", "info", "prices list", "history usage.yaml"])
def test_a_closed_standard_output_is_said_in_one_line(command: str, here: Path) -> None:
    ended = shell(f"wscost {command} >&-", cwd=here)

    assert (ended.returncode, ended.stderr) == (
        2,
        "wscost: Standard output is closed; name a file with -o.\n",
    )


@pytest.mark.parametrize(("most", "code"), [("1", 1), ("1000", 3)])
def test_a_check_answers_by_its_exit_code_even_if_nobody_can_read_it(
    most: str, code: int, here: Path
) -> None:
    text = SCENARIOS.format(input="usage.yaml") + CHECKS.format(most=most)
    (here / "wscost.yaml").write_text(text, "utf-8")

    ended = shell("wscost check --report json=saved.json >&-", cwd=here)

    assert (ended.returncode, ended.stderr) == (code, "")
    assert (here / "saved.json").exists()


def test_a_closed_standard_error_changes_nothing(here: Path) -> None:
    meant = shell("wscost estimate usage.yaml", cwd=here)
    ended = shell("wscost estimate usage.yaml 2>&-", cwd=here)

    assert (ended.returncode, ended.stdout) == (0, meant.stdout)
    assert shell("wscost estimate nothing.csv 2>&-", cwd=here).returncode == 2
    assert shell("wscost simulate chat.yaml -o t.csv 2>&-", cwd=here).returncode == 2


def test_a_closed_standard_input_is_said_in_one_line(here: Path) -> None:
    ended = shell("wscost estimate - <&-", cwd=here)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "wscost: <stdin>: standard input is closed. Name a file, or pipe one in.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("command", ["--help", "estimate --help", "query cloudflare -h"])
def test_a_full_disk_behind_the_help_is_told(command: str, here: Path) -> None:
    ended = shell(f"wscost {command} > /dev/full", cwd=here)

    assert ended.returncode == 2
    assert ended.stderr.endswith("cannot be written to standard output: No space left on device.\n")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "estimate usage.yaml -o usage.yaml",
        "estimate usage.yaml -o ./usage.yaml",
        "estimate trace.csv usage.yaml -o link",
        "explain usage.yaml -o usage.yaml",
        "report usage.yaml -o usage.yaml",
        "history usage.yaml -o usage.yaml",
        "estimate wscost.yaml#prod -o wscost.yaml",
        "estimate trace.csv -d service.yaml -o service.yaml",
        "convert trace.csv -o trace.csv",
        "check --report json=wscost.yaml",
        "check --report json=usage.yaml",
        "diff saved.json -o saved.json",
        "estimate logs -o logs/night/trace.csv",
        "estimate l*/*/*.csv -o logs/night/trace.csv",
        "convert logs -o link-to-logs/night/trace.csv",
        "estimate wscost.yaml -o rooms.yaml",
        "estimate all.yaml -o books/cloudflare/workers.yaml",
        "estimate usage.yaml --pricing books -o books/cloudflare/workers.yaml",
        "estimate usage.yaml -o rooms.yaml",
        "check --report json=rooms.yaml",
        "check --config all.yaml --report json=logs/night/trace.csv",
        "check --config all.yaml --report json=service.yaml",
        "check --config all.yaml --report json=books/cloudflare/workers.yaml",
        "check --baseline saved.json --report json=saved.json",
        "diff saved.json -o wscost.yaml",
        "diff saved.json -o usage.yaml",
        "diff saved.json --config all.yaml -o service.yaml",
    ],
)
def test_what_is_read_is_never_written_over(
    arguments: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SCENARIOS.format(input="usage.yaml") + CHECKS.format(most=1)
    (here / "wscost.yaml").write_text(text, "utf-8")
    (here / "usage.yaml").write_text(f"{(here / 'usage.yaml').read_text()}deployment: rooms.yaml\n", "utf-8")
    for name in ("service", "rooms"):
        (here / f"{name}.yaml").write_text("endpoint: worker\n", "utf-8")
    every = "{input: [usage.yaml, logs], deployment: service.yaml, pricing: books}"
    (here / "all.yaml").write_text(f"scenarios:\n  prod: {every}\n{CHECKS.format(most=1)}", "utf-8")
    (here / "books" / "cloudflare").mkdir(parents=True)
    (here / "books" / "cloudflare" / "workers.yaml").write_text("{}", "utf-8")
    (here / "saved.json").write_text("{}", "utf-8")
    (here / "link").symlink_to("usage.yaml")
    (here / "logs" / "night").mkdir(parents=True)
    (here / "logs" / "night" / "trace.csv").write_bytes((here / "trace.csv").read_bytes())
    (here / "link-to-logs").symlink_to("logs")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}

    assert "this is an input; write the result to another file" in refused(arguments, capsys)
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
