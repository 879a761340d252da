"""What narrows an estimate: the options of commands and verbs, and what may be said for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from wscost.errors import ConfigError, UnknownNameError
from wscost.inputs import ReadOptions

_LISTS = ("offers", "pricing")
_NUMBERS = ("seed", "replicates")


class Options(ReadOptions, total=False):
    """What narrows an estimate; every entry has the command line option of the same name.

    Attributes
    ----------
    region : str
        Where a plan has a price for each region.
    as_of : date
        The day whose prices are taken; the newest known if absent.
    month : str
        The month to bill, ``YYYY-MM``.
    cycle_start : int
        The day of the month on which bills begin.
    rounding : str
        How overage is rounded: ``book``, ``up``, ``down`` or ``prorate``.
    offers : sequence of str
        Offers that the account has, such as free tiers that end.
    pricing : sequence of Path
        Folders of price books of one's own.
    seed : int
        Of what is drawn; that of the profile if absent.
    sample : float
        The share of a profile that is simulated.
    replicates : int
        Months to draw for the range; none for 0.
    """

    region: str | None
    as_of: date | None
    month: str | None
    cycle_start: int | None
    rounding: str | None
    offers: Sequence[str]
    pricing: Sequence[Path]
    seed: int | None
    sample: float | None
    replicates: int | None


def said_in(options: Options) -> dict[str, Any]:
    """Return the options that say something: what is left out leaves a scenario its own.

    Raises
    ------
    UnknownNameError
        If there is no option of some name.
    ConfigError
        If one is not what it has to be.
    """
    for name in options.keys() - Options.__annotations__.keys():
        raise UnknownNameError("option", name, {*Options.__annotations__, "plan", "deployment"})
    said = {name: x for name, x in options.items() if x is not None and x is not False}
    if not isinstance(as_of := said.get("as_of", date.min), date):
        raise ConfigError(f"as_of must be a date, such as datetime.date(2026, 11, 1), not {as_of!r:.40}.")
    for name in _LISTS:
        if isinstance(one := said.get(name, ()), (str, Path)):
            raise ConfigError(f"{name} must be a list, such as [{str(one)!r:.40}], not {str(one)!r:.40}.")
    for name in _NUMBERS:
        if not isinstance(number := said.get(name, 0), int) or number < 0:
            raise ConfigError(f"{name} must be a whole number from 0 up, not {number!r:.40}.")
    return {name: x for name, x in said.items() if x not in ((), [], {})}
