"""Saved results: the bills that ``wscost check`` and ``wscost estimate`` wrote as JSON, read back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from wscost.bill import Bill, Comparison
from wscost.errors import ConfigError

CHECKED, ESTIMATED = "wscost.check/1", "wscost.bill/1"
ONE_ESTIMATE = "estimate"
"""What the bills of a single estimate go by beside the scenarios of a check."""
MAX_DIGITS = 28
SMALLEST, LARGEST = Decimal("1e-40"), Decimal("1e22")
"""What wscost writes lies between them, or is 0: exact arithmetic has so many digits."""
_CURE = "Write one with wscost check --report json=FILE"


def read_saved(path: Path | str) -> dict[str, Comparison]:
    """Read the bills of a saved result, by scenario.

    Raises
    ------
    ConfigError
        If the file is no result, or one of another version of the schema.
    """
    path = Path(path)
    data = _parsed(path)
    match data.get("schema"):
        case schema if schema == CHECKED:
            scenarios = data.get("scenarios")
        case schema if schema == ESTIMATED:
            scenarios = {ONE_ESTIMATE: data}
        case str(schema) if schema.rpartition("/")[0] in ("wscost.check", "wscost.bill"):
            raise ConfigError(
                f"{path}: is a result in {schema!r}; this version of wscost reads {CHECKED!r} and "
                f"{ESTIMATED!r}. {_CURE}, with this version."
            )
        case _:
            _refuse(path, "the schema is not named")
    if not isinstance(scenarios, dict) or not scenarios:
        _refuse(path, "it holds no scenarios")
    return {name: _comparison(path, name, each) for name, each in scenarios.items()}


def _parsed(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}. {_CURE}.") from None
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}: is not JSON: {error.msg}. {_CURE}.") from None
    except (ValueError, RecursionError):
        _refuse(path, "it is not JSON")
    if not isinstance(data, dict):
        _refuse(path, "it is not one JSON object")
    return data


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _comparison(path: Path, name: str, data: Any) -> Comparison:
    try:
        bills = tuple(_BILL.validate_python(_as_built(bill)) for bill in data["bills"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        _refuse(path, f"scenarios.{name}: {where}: {first['msg']}")
    except (KeyError, TypeError, AttributeError):
        _refuse(path, f"scenarios.{name}: its bills are not complete")
    for place, number in chain.from_iterable(map(_numbers, bills)):
        if len(number.as_tuple().digits) > MAX_DIGITS or not SMALLEST <= abs(number or SMALLEST) < LARGEST:
            why = f"this number has more than {MAX_DIGITS} digits, or lies past all bounds"
            _refuse(path, f"scenarios.{name}: {place[1:]}: {why}")
    return Comparison(bills, str(data.get("decides", "")))


def _numbers(part: Any, place: str = "") -> Iterator[tuple[str, Decimal]]:
    """Yield every exact number of a bill, and where it stands."""
    if isinstance(part, Decimal):
        yield place, part
    elif is_dataclass(part):
        for field in fields(part):
            yield from _numbers(getattr(part, field.name), f"{place}.{field.name}")
    elif isinstance(part, (Mapping, tuple)):
        for key, inner in part.items() if isinstance(part, Mapping) else enumerate(part):
            yield from _numbers(inner, f"{place}.{key}")


_BILL = TypeAdapter(Bill)


def _as_built(bill: Mapping[str, Any]) -> dict[str, Any]:
    """Return a written bill as its parts are built: where a price comes from is a thing of its own."""
    lines = [{**line, "provenance": _provenance(line, line["since"])} for line in bill["lines"]]
    breaches = [{**one, "provenance": _provenance(one, one["checked"])} for one in bill["breaches"]]
    return {**bill, "lines": lines, "breaches": breaches}


def _provenance(written: Mapping[str, Any], since: str) -> dict[str, Any]:
    told = {key: written[key] for key in ("confidence", "remark") if key in written}
    return {"url": written["source"], "since": since, "checked": written["checked"], **told}


def _refuse(path: Path, why: str) -> NoReturn:
    raise ConfigError(f"{path}: is no saved result of wscost: {why}. {_CURE}.")
