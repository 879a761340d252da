"""Options that several commands share, each with its words of help."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from wscost.errors import UnknownNameError
from wscost.pricelist import Rounding
from wscost.reports import formats


def day(text: str) -> date:
    """Read a day as ``YYYY-MM-DD``."""
    from wscost.usage import a_day

    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Write it as YYYY-MM-DD.") from None
    try:
        return a_day(found)
    except ValueError as error:
        raise typer.BadParameter(f"it {error}.") from None


class ReadingCommand(TyperCommand):
    """A command that reads inputs: options that one trace format alone knows are spelt like any other."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``--sample-rate 0.1`` as ``--format-option sample_rate=0.1``."""
        own = {name for parameter in self.params for name in parameter.opts}
        return super().parse_args(ctx, list(_with_format_options(args, own)))


def _with_format_options(args: list[str], own: Collection[str]) -> Iterator[str]:
    given = iter(args)
    for argument in given:
        flag, equals, value = argument.partition("=")
        name = flag.removeprefix("--").replace("-", "_")
        if argument == "--":
            yield argument
            yield from given
        elif not flag.startswith("--") or flag in own or name not in _of_formats():
            yield argument
        else:
            following = value if equals else next(given, None)
            if following is None:
                raise typer.BadParameter("a value must follow.", param_hint=flag)
            yield from ("--format-option", f"{name}={following}")


def _of_formats() -> set[str]:
    """Return the names of the options that one trace format alone knows."""
    from wscost.readers import readers

    return {name for reader in readers().values() for name in getattr(reader, "OPTIONS", ())}


def format_options(columns: str | None, named: list[str] | None) -> dict[str, str]:
    """Gather the options that one trace format alone knows."""
    given = {} if columns is None else {"map": columns}
    for one in named or ():
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"{one!r} is not NAME=VALUE.", param_hint="--format-option")
        given[name.replace("-", "_")] = value
    for name in given:
        if name not in (known := _of_formats()):
            raise UnknownNameError("option of a trace format", name, known)
    return given


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="Trace, profile, monthly totals (.yaml with usage:) or wscost.yaml#NAME. - is standard input; "
        "several are one account.",
        show_default=False,
    ),
]
Logs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="A log or trace of any known format; - is standard input. Several are one trace.",
        show_default=False,
    ),
]
Plans = Annotated[
    list[str] | None,
    typer.Option(
        "--plan", "-p", metavar="PLAN", help="provider/plan, or a glob such as cloudflare/*. Repeatable."
    ),
]
Plan = Annotated[str | None, typer.Option("--plan", "-p", metavar="PLAN", help="provider/plan.")]
Sku = Annotated[str | None, typer.Option("--sku", metavar="SKU", help="Only this line of the bill.")]
Deployments = Annotated[
    list[str] | None,
    typer.Option(
        "--deployment",
        "-d",
        metavar="NAME|FILE",
        help="worker, durable-object, durable-object-hibernation, or a YAML file. Repeatable.",
    ),
]
Deployment = Annotated[
    str | None,
    typer.Option(
        "--deployment",
        "-d",
        metavar="NAME|FILE",
        help="worker, durable-object, durable-object-hibernation, or a YAML file.",
    ),
]
Region = Annotated[
    str | None, typer.Option("--region", metavar="REGION", help="Where a plan has a price for each region.")
]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=day, help="Prices in force on that day; the newest known if absent."
    ),
]
Month = Annotated[
    str | None, typer.Option("--month", metavar="YYYY-MM", help="Billing month; that of the trace if absent.")
]
CycleStart = Annotated[
    int | None,
    typer.Option(
        "--cycle-start",
        metavar="DAY",
        help="Day of the month on which the billing month begins; 1 if absent.",
    ),
]
RoundingRule = Annotated[
    Rounding | None,
    typer.Option(
        "--rounding",
        help="A started pricing unit past the allowance: as the price book says (also if absent), in full, "
        "not at all, or in part.",
    ),
]
Offers = Annotated[
    list[str] | None,
    typer.Option("--offer", metavar="NAME", help="An allowance that only some customers have. Repeatable."),
]
Pricing = Annotated[
    list[Path] | None,
    typer.Option("--pricing", metavar="DIR", help="A folder of price books of your own. Repeatable."),
]
InputFormat = Annotated[
    str | None,
    typer.Option("--input-format", metavar="NAME", help="Trace format; recognised by content if absent."),
]
AssumeUtc = Annotated[bool, typer.Option("--assume-utc", help="Take times without a zone as UTC.")]
Window = Annotated[
    str | None,
    typer.Option(
        "--window", metavar="START/END", help="Observed time; from the first to the last event if absent."
    ),
]
SkipBadRows = Annotated[
    bool,
    typer.Option("--skip-bad-rows", help="Leave bad rows out and count them, instead of refusing the input."),
]
Map = Annotated[
    str | None,
    typer.Option(
        "--map",
        metavar="COLUMNS",
        help="Read any CSV or NDJSON: opened_at=start:unix_ms,closed_at=end.",
    ),
]
FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format-option",
        metavar="NAME=VALUE",
        help="An option of the trace's format, or --NAME VALUE; wscost info lists them.",
    ),
]
Engine = Annotated[
    str,
    typer.Option("--engine", metavar="NAME", help="Who reads Parquet: local, or dask for many machines."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="For --engine dask: a running scheduler; workers of its own on this machine if absent.",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Of what is drawn; that of the profile if absent."),
]
Sample = Annotated[
    float | None,
    typer.Option(
        "--sample",
        metavar="SHARE",
        help="Of a profile, simulate this share of the rooms and scale.",
    ),
]
Replicates = Annotated[
    int | None,
    typer.Option(
        "--replicates",
        min=0,
        max=100_000,
        metavar="N",
        help="Months to draw for the range; 200 if absent.",
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="NAME", help=f"One of {', '.join(formats())}.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write there instead of to the terminal."),
]
