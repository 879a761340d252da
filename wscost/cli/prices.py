"""``wscost prices``: the price books, looked into."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wscost.cli import options, output
from wscost.errors import ConfigError
from wscost.places import is_folder
from wscost.shipped import shipped

if TYPE_CHECKING:
    from wscost.deployment import Deployment
    from wscost.pricebook import PriceBooks

app = typer.Typer(
    help="Look into the price books: list, show, diff, validate.",
    invoke_without_command=True,
    callback=output.help_where_nothing_is_asked,
)
DEPLOYMENT = "durable-object"

PlanName = Annotated[
    str, typer.Argument(metavar="PLAN", help="provider/plan; wscost prices list names them.")
]
DeploymentOfPrices = Annotated[
    str,
    typer.Option(
        "--deployment", "-d", metavar="NAME|FILE", help="What runs there: it decides which charges apply."
    ),
]


@app.command("list")
def list_(pricing: options.Pricing = None) -> None:
    """List the plans and the dates of their prices."""
    from wscost.reports import pricetables

    output.tell(pricetables.plans(_books(pricing).plans, width=output.width(), color=output.colored()))


@app.command()
def show(
    plan: PlanName,
    *,
    as_of: options.AsOf = None,
    deployment: DeploymentOfPrices = DEPLOYMENT,
    region: options.Region = None,
    offer: options.Offers = None,
    pricing: options.Pricing = None,
) -> None:
    """Show what a plan charges, on any day of its history."""
    from wscost.reports import pricetables

    prices = _books(pricing).price_list(
        plan,
        as_of=as_of,
        region=region,
        properties=_deployment(deployment).properties,
        offers=offer or (),
    )
    output.tell(pricetables.price_list(prices, width=output.width(), color=output.colored()))


@app.command()
def diff(
    plan: PlanName,
    before: Annotated[date, typer.Argument(metavar="BEFORE", parser=options.day, help="A day: YYYY-MM-DD.")],
    after: Annotated[
        date | None,
        typer.Argument(metavar="AFTER", parser=options.day, help="A later day; the newest known if absent."),
    ] = None,
    *,
    deployment: DeploymentOfPrices = DEPLOYMENT,
    region: options.Region = None,
    pricing: options.Pricing = None,
) -> None:
    """Tell what changed in a plan's prices between two days."""
    from wscost.pricediff import changes
    from wscost.reports import pricetables

    if after is not None and after < before:
        raise ConfigError(f"{after} is before {before}: name the earlier day first.")
    books, properties = _books(pricing), _deployment(deployment).properties
    old, new = (
        books.price_list(plan, as_of=day, region=region, properties=properties) for day in (before, after)
    )
    output.tell(pricetables.price_changes(changes(old, new), width=output.width(), color=output.colored()))


@app.command()
def validate(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Price books of your own; those shipped if absent.")
    ] = None,
) -> None:
    """Check price books; complaints have file and line.

    Exit 1 if there is one.
    """
    from wscost.pricebook import validate_directory

    folder = folder or shipped("pricing")
    if not is_folder(folder, ConfigError):
        raise ConfigError(f"{folder}: there is no such folder.")
    complaints = validate_directory(folder)
    output.tell("\n".join(complaints) if complaints else f"{folder}: every price book is sound.")
    if complaints:
        raise typer.Exit(1)


def _books(pricing: list[Path] | None) -> PriceBooks:
    from wscost.pricebook import load_books

    return load_books(pricing or ())


def _deployment(name: str) -> Deployment:
    from wscost.deploymentfile import read_deployment

    return read_deployment(name)
