"""What all commands on an INPUT share beside their own options: which prices, which month, how to read."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from wscost.cli import options


def shared(
    *,
    region: options.Region = None,
    as_of: options.AsOf = None,
    month: options.Month = None,
    cycle_start: options.CycleStart = None,
    rounding: options.RoundingRule = None,
    offer: options.Offers = None,
    pricing: options.Pricing = None,
    input_format: options.InputFormat = None,
    assume_utc: options.AssumeUtc = False,
    window: options.Window = None,
    skip_bad_rows: options.SkipBadRows = False,
    seed: options.Seed = None,
    sample: options.Sample = None,
) -> dict[str, Any]:
    """Return the shared options under the names that functions take them by."""
    return {
        "region": region,
        "as_of": as_of,
        "month": month,
        "cycle_start": cycle_start,
        "rounding": rounding,
        "offers": offer or (),
        "pricing": pricing or (),
        "input_format": input_format,
        "assume_utc": assume_utc,
        "window": window,
        "skip_bad_rows": skip_bad_rows,
        "seed": seed,
        "sample": sample,
    }


def sharing(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function: with its own options and the shared ones, which it takes by keyword."""
    own, common = parameters(command), parameters(shared)

    @wraps(command)
    def run(**given: Any) -> None:
        how = shared(**{p.name: given.pop(p.name) for p in common})
        command(**given, **how)

    keywords = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in (*own, *common)]
    run.__signature__ = signature(run).replace(parameters=keywords, return_annotation=None)  # type: ignore[attr-defined]
    return run


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return what a function takes by name."""
    found = signature(function, eval_str=True).parameters.values()
    return [parameter for parameter in found if parameter.kind is not Parameter.VAR_KEYWORD]
