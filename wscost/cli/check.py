"""``wscost check``: the bills of ``wscost.yaml`` held to its checks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wscost.checkreports import formats
from wscost.cli import options, output
from wscost.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from wscost.checking import Baseline, CheckReport

HELP = """Check projected costs against the budgets in wscost.yaml.

Exit codes: 0 passed, 1 a check failed, 2 the checks could not run, 3 inconclusive: the limit lies inside
the range of replicated months, or part of a bill is unknown.

On GitHub Actions, findings also become annotations, a step summary and step outputs."""

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="WSCOST_CONFIG",
        metavar="FILE",
        help="Scenario file; the nearest wscost.yaml, or pyproject.toml with [tool.wscost], if absent.",
    ),
]
SavedBaseline = Annotated[
    Path | None, typer.Option("--baseline", metavar="FILE", help="Compare with this saved result (JSON).")
]
BaseRef = Annotated[
    str | None,
    typer.Option("--base-ref", metavar="REF", help="Compare with the file and inputs of another git ref."),
]
Today = Annotated[
    date | None,
    typer.Option(
        "--today",
        metavar="DATE",
        parser=options.day,
        help="The date for waivers and ages; UTC today if absent.",
    ),
]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=FILE",
        help=f"Also write a report; FILE - is standard output. Formats: {', '.join(formats())}. Repeatable.",
    ),
]
MoreReports = Annotated[
    list[str] | None,
    typer.Argument(metavar="FORMAT=FILE", help="More reports.", show_default=False),
]
ExitZero = Annotated[
    bool, typer.Option("--exit-zero", help="Exit 0 even if a check fails or is inconclusive.")
]
ErrorOnWarning = Annotated[bool, typer.Option("--error-on-warning", help="Let warnings fail the run.")]
STANDARD_OUTPUT = "-"


def check(
    more_reports: MoreReports = None,
    *,
    config: Config = None,
    baseline: SavedBaseline = None,
    base_ref: BaseRef = None,
    today: Today = None,
    report: Reports = None,
    exit_zero: ExitZero = False,
    error_on_warning: ErrorOnWarning = False,
) -> None:
    """Run the checks, tell them, and exit with what they found."""
    from wscost import checking
    from wscost.scenario import read_scenarios

    files = _files([*(report or ()), *(more_reports or ())])
    path = config or nearest_config()
    scenarios = read_scenarios(path)
    for file in files.values():
        if file != STANDARD_OUTPUT:
            output.spare([path, *([baseline] if baseline else [])], file)
    before = _baseline(baseline, base_ref, path)
    found = checking.check(
        scenarios,
        checking.price(scenarios),
        today=today or datetime.now(UTC).date(),
        baseline=before,
        error_on_warning=error_on_warning,
    )
    _tell(found, files)
    raise typer.Exit(0 if exit_zero else found.exit_code)


def nearest_config() -> Path:
    """Return the scenario file at or above the working directory, as one would type it from there."""
    from wscost.scenario import find_scenario_file

    try:
        here = Path.cwd()
    except OSError as error:
        raise ConfigError(
            f"The working folder cannot be reached: {error.strerror}. Go to one that is there."
        ) from None
    return Path(os.path.relpath(find_scenario_file(here), here))


def _files(named: Sequence[str]) -> dict[str, str]:
    """Read ``FORMAT=FILE``; the formats are known and no file is written twice."""
    from wscost.checkreports import format_named

    files: dict[str, str] = {}
    for each in named:
        format_, equals, file = each.partition("=")
        if not equals or not file:
            raise typer.BadParameter(f"{each!r} is no report. Write it as FORMAT=FILE: json=wscost.json.")
        format_named(format_)
        if format_ in files or os.path.realpath(file) in map(os.path.realpath, files.values()):
            raise typer.BadParameter(f"{each!r}: one file for each format, please; one of them stands twice.")
        files[format_] = file
    return files


def _baseline(saved: Path | None, ref: str | None, config: Path) -> Baseline | None:
    from wscost.checking.baselines import baseline_at, baseline_in

    if saved is not None and ref is not None:
        raise typer.BadParameter("--baseline and --base-ref are two baselines. Give one of them.")
    if saved is not None:
        return baseline_in(saved)
    return None if ref is None else baseline_at(ref, config)


def _tell(found: CheckReport, files: dict[str, str]) -> None:
    """Write the reports to files first, so that they are there even if nobody reads the terminal."""
    from wscost.checkreports import format_named, github

    shown = "table"
    for format_, file in files.items():
        if file == STANDARD_OUTPUT:
            shown = format_
        else:
            output.tell(format_named(format_).render(found), Path(file))
    on_github = os.environ.get("GITHUB_ACTIONS") == "true"
    if on_github:
        _append("GITHUB_STEP_SUMMARY", format_named("markdown").render(found) + "\n")
        _append("GITHUB_OUTPUT", github.outputs(found, files))
    if not output.listened_to():
        return  # the exit code is the answer
    try:
        output.tell(format_named(shown).render(found, width=output.width(), color=output.colored()))
        if on_github:
            for line in github.workflow_commands(found):
                typer.echo(line, err=shown != "table")
    except BrokenPipeError:
        output.hush()


def _append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        try:
            with Path(file).open("a", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
        except OSError as error:
            raise OutputError(f"{variable}: {file} cannot be written: {error.strerror}.") from None
