"""``wscost sweep``, ``break-even``, ``sensitivity``, ``advise``, ``history``: what if, asked of a bill."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from wscost.cli import options, output
from wscost.cli.sharing import drawing, parameters, pricing, reading, sharing, with_parameters

FORMATS = "table, json, markdown or csv"

SeveralVaried = Annotated[
    list[str],
    typer.Option(
        "--vary",
        metavar="PATH=VALUES",
        help="A field and its values: rooms.count=50,100, rooms.count=50..500x4, usage.messages_in="
        "1e6..1e9x7log. Repeatable: all combinations are priced.",
        show_default=False,
    ),
]
Varied = Annotated[
    str,
    typer.Option(
        "--vary",
        metavar="PATH=A..B",
        help="The field that moves, and its range: usage.messages_in=0..100e6, traffic.scale=1..100.",
        show_default=False,
    ),
]
TwoPlans = Annotated[
    str,
    typer.Option(
        "--plans", metavar="P,Q", help="The two plans; or one, with two deployments.", show_default=False
    ),
]
Grid = Annotated[
    int,
    typer.Option("--grid", metavar="N", help="Parts that the range is first cut into.", min=1, max=100_000),
]
By = Annotated[
    float, typer.Option("--by", metavar="PART", help="By which part of its value a field moves, up and down.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Price more than 10,000 bills.")]
ByMeans = Annotated[
    bool, typer.Option("--by-means", help="Simulate a profile once and follow its means: fast, less exact.")
]
Since = Annotated[int, typer.Option("--since", metavar="YEAR", help="The first year.")]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help=f"One of {FORMATS}.")]


def _told(format_: Format = "table", file: options.Output = None) -> None:
    """Take where and how a result is told."""


def _command(explore: Callable[..., Any]) -> Callable[..., None]:
    """Make a command of a function: with the options that all explorations share, and its result told."""

    @wraps(explore)
    def run(*, format_: str, file: Path | None, **given: Any) -> None:
        from wscost.reports.explorations import render

        with output.progress() as progress:
            exploration = explore(**given, progress=progress)
        told = render(exploration, format_, width=output.width(file), color=output.colored(file))
        output.tell(told, file)

    own = with_parameters(run, [*parameters(explore), *parameters(_told)])
    return sharing(pricing, reading, drawing)(own)


@_command
def sweep(
    inputs: options.Inputs,
    *,
    vary: SeveralVaried,
    plan: options.Plans = None,
    deployment: options.Deployments = None,
    yes: Yes = False,
    by_means: ByMeans = False,
    **options_: Any,
) -> Any:
    """Price a grid of values of any fields.

    --vary names a field of the profile, the deployment (deployment.…, monthly.…), a usage file (usage.…)
    or what to multiply: all usage by traffic.scale, one meter of a trace by trace.messages_in.
    """
    from wscost.exploring.sweeping import MOST_BILLS, sweep

    most = None if yes else MOST_BILLS
    return sweep(inputs, vary, plan=plan, deployment=deployment, most=most, by_means=by_means, **options_)


@_command
def break_even(
    inputs: options.Inputs,
    *,
    vary: Varied,
    plans: TwoPlans,
    deployment: options.Deployments = None,
    grid: Grid = 64,
    **options_: Any,
) -> Any:
    """Find where two bills cross as one field moves.

    Every crossing is found to the field's smallest step. Bills that never cross are an answer.
    """
    from wscost.exploring.breaking_even import break_even

    named = [plan.strip() for plan in plans.split(",")]
    return break_even(inputs, vary, plans=named, deployment=deployment, grid=grid, **options_)


@_command
def sensitivity(
    inputs: options.Inputs,
    *,
    plan: options.Plan = None,
    deployment: options.Deployment = None,
    by: By = 0.2,
    **options_: Any,
) -> Any:
    """Tell what moves the bill, and why the rest does not.

    Each field moves alone, by a fifth of its value or over its own range; the strongest comes first.
    """
    from wscost.exploring.sensitivity import sensitivity

    return sensitivity(inputs, plan=plan, deployment=deployment, by=by, **options_)


@_command
def advise(
    inputs: options.Inputs,
    *,
    plan: options.Plan = None,
    deployment: options.Deployment = None,
    **options_: Any,
) -> Any:
    """Name changes that save money, and known traps.

    Each change is made on the trace, the totals or the deployment, which are then priced anew.
    """
    from wscost.exploring.advising import advise

    return advise(inputs, plan=plan, deployment=deployment, **options_)


@_command
def history(
    inputs: options.Inputs,
    *,
    plan: options.Plans = None,
    deployment: options.Deployment = None,
    since: Since = 2021,
    **options_: Any,
) -> Any:
    """Price the same usage at the prices of every year.

    Days on which a price changed have their row too, with the change that moved the bill.
    """
    from wscost.exploring.history import history

    return history(inputs, plan=plan, deployment=deployment, since=since, **options_)
