"""What commands share beside their own options: which prices and which month, how to read, what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

from wscost.cli import options, output

Command = Callable[..., None]
Group = Callable[..., dict[str, Any]]
"""Takes options, and returns what they say under the names that functions take them by."""
LAST = ("engine", "scheduler", "replicates", "format_", "file")
"""Options that a command's help names after those that it shares: how and where it is told."""


def pricing(
    *,
    region: options.Region = None,
    as_of: options.AsOf = None,
    month: options.Month = None,
    cycle_start: options.CycleStart = None,
    rounding: options.RoundingRule = None,
    offer: options.Offers = None,
    pricing: options.Pricing = None,
) -> dict[str, Any]:
    """Say which prices and which month."""
    return {
        "region": region,
        "as_of": as_of,
        "month": month,
        "cycle_start": cycle_start,
        "rounding": rounding,
        "offers": offer or (),
        "pricing": pricing or (),
    }


def reading(
    *,
    input_format: options.InputFormat = None,
    assume_utc: options.AssumeUtc = False,
    window: options.Window = None,
    skip_bad_rows: options.SkipBadRows = False,
    map_: options.Map = None,
    format_option: options.FormatOption = None,
) -> dict[str, Any]:
    """Say how inputs are read."""
    return {
        "input_format": input_format,
        "assume_utc": assume_utc,
        "window": window,
        "skip_bad_rows": skip_bad_rows,
        "format_options": options.format_options(map_, format_option),
    }


def drawing(*, seed: options.Seed = None, sample: options.Sample = None) -> dict[str, Any]:
    """Say what is drawn of a profile."""
    return {"seed": seed, "sample": sample}


def sharing(*groups: Group) -> Callable[[Command], Command]:
    """Return what makes a command of a function: with its own options and groups of shared ones."""

    def shared(command: Command) -> Command:
        own, common = parameters(command), {group: parameters(group) for group in groups}

        @wraps(command)
        def run(**given: Any) -> None:
            beside = [*_several(given.get("deployment")), *(given.get("pricing") or ())]
            read = [*given.get("inputs", ()), *beside]
            output.spare(read, given.get("file"))
            if isinstance(given.get("deployment"), list):
                given["deployment"] = list(dict.fromkeys(given["deployment"]))
            how: dict[str, Any] = {}
            for group, taken in common.items():
                how |= group(**{p.name: given.pop(p.name) for p in taken})
            command(**given, **how)

        first = [p for p in own if p.name not in LAST]
        last = [p for p in own if p.name in LAST]
        everything = [*first, *(p for taken in common.values() for p in taken), *last]
        return with_parameters(run, everything)

    return shared


def _several(named: str | list[str] | None) -> list[str]:
    return [named] if isinstance(named, str) else named or []


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    """Return what a function takes by name."""
    found = signature(function, eval_str=True).parameters.values()
    return [parameter for parameter in found if parameter.kind is not Parameter.VAR_KEYWORD]


def with_parameters(command: Command, taken: list[Parameter]) -> Command:
    """Return a command that says that it takes parameters, each by keyword."""
    keywords = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in taken]
    told = signature(command).replace(parameters=keywords, return_annotation=None)
    command.__signature__ = told  # type: ignore[attr-defined]
    return command
