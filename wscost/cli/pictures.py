"""``wscost plot`` and ``wscost report``: a picture, or a page with all of them."""

from __future__ import annotations

from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from wscost.cli import options, output
from wscost.cli.sharing import drawing, pricing, reading, sharing
from wscost.errors import ConfigError

PLOT = """Draw one picture: .png, .svg or .pdf.

\b
bill          a bill by line
comparison    bills under several plans and deployments
usage         one meter by day (--meter)
concurrency   the sockets open over time (of a profile: its busiest day)
range         how far replicated months differ (of a profile, of a week)
sweep         bills over the values of a field (--vary)
break-even    two bills and where they cross (--vary, --plans)
sensitivity   what moves the bill (--by)
history       the same usage under the prices of every year (--since)
sockets       the sockets of one room and their union (--object)
room          a room that hibernates, and its wakeups (--object)
allowance     a charge, its allowance and the steps after it (--sku)"""
REPORT = """Write a report: one page of HTML to send around, with every picture and its table.

It holds what estimate tells, usage by day, the sockets open over time, what moves the bill, and
whether another plan overtakes as the traffic grows. Nothing in it is loaded from elsewhere."""

Kind = Annotated[str, typer.Argument(metavar="KIND", help="What to draw; see above.", show_default=False)]
Picture = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Where to; its ending says what.", show_default=False
    ),
]
Page = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to.")]
Varied = Annotated[
    list[str] | None,
    typer.Option("--vary", metavar="PATH=VALUES", help="As for sweep and break-even. Repeatable for sweep."),
]
Duel = Annotated[str | None, typer.Option("--plans", metavar="P,Q", help="As for break-even.")]
Meter = Annotated[str | None, typer.Option("--meter", metavar="NAME", help="The costliest one if absent.")]
Object = Annotated[
    str | None, typer.Option("--object", metavar="NAME", help="The one with the most sockets if absent.")
]
ByMeans = Annotated[bool, typer.Option("--by-means", help="As for sweep.")]
By = Annotated[float | None, typer.Option("--by", metavar="PART", help="As for sensitivity.")]
Since = Annotated[int | None, typer.Option("--since", metavar="YEAR", help="As for history.")]


@sharing(pricing, reading, drawing)
def plot(
    kind: Kind,
    inputs: options.Inputs,
    *,
    file: Picture,
    plan: options.Plans = None,
    deployment: options.Deployments = None,
    vary: Varied = None,
    plans: Duel = None,
    sku: options.Sku = None,
    meter: Meter = None,
    object_: Object = None,
    by_means: ByMeans = False,
    by: By = None,
    since: Since = None,
    **how: Any,
) -> None:
    """Draw one picture of the inputs into a file."""
    from wscost.plots import kind_named
    from wscost.plots.saving import encoded, suffix_of

    chosen = kind_named(kind)
    suffix = suffix_of(file)
    asked = {
        "plan": plan, "deployment": deployment, "vary": vary, "plans": plans and plans.split(","), "sku": sku,
        "meter": meter, "object_": object_, "by_means": by_means, "by": by, "since": since,
    }  # fmt: skip
    given = {name: value for name, value in asked.items() if value or (value == 0 and value is not False)}
    taken = _fitting(kind, given, chosen.gather)
    with output.progress() as progress:
        thing = chosen.gather(inputs, **taken, **how, progress=progress)
    output.save(encoded(chosen, thing, suffix), file)


def _fitting(kind: str, asked: dict[str, Any], gather: Any) -> dict[str, Any]:
    """Return the options as a kind of picture takes them.

    Raises
    ------
    ConfigError
        If it does not take one, takes it only once, or needs one that is missing.
    """
    own = {p.name: p for p in signature(gather).parameters.values() if p.kind is Parameter.KEYWORD_ONLY}
    for name, value in asked.items():
        if name not in own:
            known = ", ".join(sorted(map(_flag, own))) or "none of its own"
            raise ConfigError(f"plot {kind} takes no {_flag(name)}; its options: {known}.")
        if isinstance(value, list) and "Sequence" not in str(own[name].annotation):
            if len(value) > 1:
                raise ConfigError(f"plot {kind} takes one {_flag(name)}, not {len(value)}.")
            asked[name] = value[0]
    for name, parameter in own.items():
        if parameter.default is Parameter.empty and name not in asked:
            raise ConfigError(f"plot {kind} needs {_flag(name)}.")
    return asked


def _flag(name: str) -> str:
    return f"--{name.rstrip('_').replace('_', '-')}"


@sharing(pricing, reading, drawing)
def report(
    inputs: options.Inputs,
    *,
    file: Page = None,
    plan: options.Plans = None,
    deployment: options.Deployments = None,
    replicates: options.Replicates = None,
    **how: Any,
) -> None:
    """Write a report as one page of HTML."""
    from wscost.reports.as_html import render
    from wscost.studying import study

    with output.progress() as progress:
        told = study(
            inputs, plan=plan, deployment=deployment, replicates=replicates, **how, progress=progress
        )
    output.tell(render(told), file)
