"""Dotted paths to the fields of a case: read one, set one, know them all.

``deployment.handler_ms.message`` is a field of the deployment, ``monthly.http_requests`` what it declares
each month, ``usage.messages_in`` a total of a usage file, ``traffic.scale`` a factor on all usage of all
inputs, ``trace.scale`` on all that a trace was metered for, ``trace.messages_in`` on one meter; any other
path leads into a profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wscost.deployment import PRESETS, Deployment
from wscost.errors import ConfigError, UnknownNameError, WscostError
from wscost.exploring.case import Case
from wscost.exploring.multiplying import ALL_INPUTS, EVERYTHING
from wscost.profile import Profile, Range
from wscost.profile.distributions import Constant
from wscost.trace import Trace, TraceStream
from wscost.units import plain
from wscost.usage import METERS, Usage, divisible, meter_of
from wscost.usagefile import UsageFile
from wscost.yamlfile.plainwords import complaints

ROOTS = USAGE, MONTHLY, DEPLOYMENT, TRACE, TRAFFIC = "usage", "monthly", "deployment", "trace", "traffic"
TRACES = (Trace, TraceStream, Usage)
"""What is metered, or was."""
GROWTH = f"{TRAFFIC}.{EVERYTHING}"
_EITHER: dict[tuple[str, ...], str] = {("rooms", "count"): "size", ("rooms", "size"): "count"}
"""Fields of a profile that take each other's place."""
W = TypeVar("W", UsageFile, Profile)
M = TypeVar("M", bound=BaseModel)


def fields(case: Case) -> dict[str, Any]:
    """Return every field that a path may name, with its value."""
    found: dict[str, Any] = {}
    for _, profile in _of_kind(case, Profile):
        found |= dict(_leaves(profile, ""))
    for _, totals in _of_kind(case, UsageFile):
        found |= {f"{USAGE}.{key}": totals.usage.get(key, Decimal(0)) for key in {**totals.usage, **METERS}}
    if any(isinstance(workload, TRACES) for workload in case.account.workloads.values()):
        found |= {f"{TRACE}.{name}": _factor(case, name) for name in (EVERYTHING, *METERS)}
    found[GROWTH] = _factor(case, ALL_INPUTS)
    found |= dict(_leaves(case.deployment.model_copy(update={"monthly": {}}), f"{DEPLOYMENT}."))
    found |= {f"{MONTHLY}.{name}": case.deployment.monthly.get(name, Decimal(0)) for name in METERS}
    return found


def value_at(case: Case, path: str) -> Any:
    """Return the value of a field.

    Raises
    ------
    UnknownNameError
        If the path leads nowhere; close names are offered.
    """
    root, keys = _split(case, path)
    match root:
        case "usage":
            return _only(case, UsageFile, path)[1].usage.get(keys[0], Decimal(0))
        case "trace":
            return _factor(case, keys[0])
        case "traffic":
            return _factor(case, ALL_INPUTS)
        case "monthly":
            return case.deployment.monthly.get(keys[0], Decimal(0))
    node: Any = case.deployment if root == DEPLOYMENT else _only(case, Profile, path)[1]
    for key in keys:
        node = _child(case, node, key, path)
    return node.value if isinstance(node, Constant) else node


def with_value(case: Case, path: str, value: Any) -> Case:
    """Return the case in which a field has another value.

    Raises
    ------
    UnknownNameError
        If the path leads nowhere; close names are offered.
    ConfigError
        If the field cannot have that value.
    """
    root, keys = _split(case, path)
    match root:
        case "usage":
            name, totals = _only(case, UsageFile, path)
            usage = {**totals.usage, keys[0]: _count(path, keys[0], value)}
            return case.with_workload(name, replace(totals, usage=usage))
        case "trace" | "traffic":
            name = keys[0] if root == TRACE else ALL_INPUTS
            factors = {**case.account.factors, name: _quantity(path, value)}
            return replace(case, account=replace(case.account, factors=factors))
        case "monthly":
            monthly = {**case.deployment.monthly, keys[0]: _count(path, keys[0], value)}
            return case.on(case.deployment.model_copy(update={"monthly": monthly}))
        case "deployment":
            own = {} if case.deployment.name in PRESETS else {"name": case.deployment.name}
            built = case.deployment.model_copy(update={"name": "", **own})
            data = _replaced(case, built, keys, value, path)
            return case.on(_checked(Deployment, data, (DEPLOYMENT,), path, value))
    name, profile = _only(case, Profile, path)
    data = _replaced(case, profile, keys, value, path)
    if (other := _EITHER.get(tuple(keys))) and profile.rooms and profile.rooms.choice == "popularity":
        data[keys[0]] = {key: said for key, said in data[keys[0]].items() if key != other}
    return case.with_workload(name, _checked(Profile, data, (), path, value))


def is_count(case: Case, path: str) -> bool:
    """Whether a field holds only whole numbers."""
    root, keys = _split(case, path)
    if root in (USAGE, MONTHLY):
        return not divisible(keys[0])
    value = value_at(case, path)
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: Any) -> Decimal | float | None:
    """Return a field's value as a number, of a range its mode; None if it is none."""
    if isinstance(value, Range):
        value = value.mode
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    return Decimal(value) if isinstance(value, int) else value


def _split(case: Case, path: str) -> tuple[str, list[str]]:
    """Return where a path begins and the keys that follow; a profile's fields begin nowhere."""
    root, *keys = path.split(".")
    if root in (USAGE, TRACE, TRAFFIC, MONTHLY):
        if root == TRACE and not any(isinstance(w, TRACES) for w in case.account.workloads.values()):
            raise ConfigError(f"{path}: no input is a trace. {_kinds(case)}")
        if root == USAGE:
            _only(case, UsageFile, path)
        if len(keys) != 1 or path not in fields(case):
            raise _unknown(case, path)
        return root, keys
    if root == DEPLOYMENT:
        return root, keys
    if not any(True for _ in _of_kind(case, Profile)):
        raise _unknown(case, path)
    return "", [root, *keys]


def _only(case: Case, kind: type[W], path: str) -> tuple[str, W]:
    found = list(_of_kind(case, kind))
    if len(found) == 1:
        return found[0]
    what = "usage file" if kind is UsageFile else "profile"
    if found:
        raise ConfigError(f"{path}: {len(found)} inputs are {what}s, so whose field it is cannot be told.")
    raise ConfigError(f"{path}: no input is a {what}. {_kinds(case)}")


def _kinds(case: Case) -> str:
    """Say which fields the inputs at hand do have."""
    said = {
        UsageFile: "A usage file's totals are usage.messages_in and the like",
        Profile: "A profile's fields begin with their own name, such as session.median",
        Trace: "A trace's usage is multiplied by trace.scale, or trace.messages_in and the like",
    }
    kinds = {
        Trace if isinstance(w, (TraceStream, Usage)) else type(w) for w in case.account.workloads.values()
    }
    return " ".join(f"{words}." for kind, words in said.items() if kind in kinds)


def _of_kind(case: Case, kind: type[W]) -> Iterator[tuple[str, W]]:
    for name, workload in case.account.workloads.items():
        if isinstance(workload, kind):
            yield name, workload


def _factor(case: Case, name: str) -> Decimal:
    return case.account.factors.get(name, Decimal(1))


def _quantity(path: str, value: Any) -> Decimal:
    figure = Decimal(str(value)) if isinstance(value, float) else number(value)
    if not isinstance(figure, Decimal) or not figure.is_finite() or figure < 0:
        raise ConfigError(f"{path} must be a number from 0 on, not {value!s:.40}.")
    return figure


def _count(path: str, key: str, value: Any) -> Decimal:
    quantity = _quantity(path, value)
    if not divisible(key) and quantity != quantity.to_integral_value():
        raise ConfigError(f"{path} must be a whole number of {meter_of(key).unit}, not {value}.")
    return Decimal(plain(quantity))


def _leaves(node: object, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the fields below a model, a list or a mapping; a plain figure or a range is a field itself."""
    for key, child in _children(node):
        inner = not isinstance(child, (Constant, Range)) and any(True for _ in _children(child))
        if inner:
            yield from _leaves(child, f"{path}{key}.")
        else:
            yield f"{path}{key}", child.value if isinstance(child, Constant) else child


def _children(node: object) -> Iterator[tuple[str, Any]]:
    if isinstance(node, BaseModel):
        for name, field in type(node).model_fields.items():
            yield field.alias or name, getattr(node, name)
    elif isinstance(node, Mapping):
        yield from ((str(key), child) for key, child in node.items())
    elif isinstance(node, (tuple, list)):
        yield from ((str(i), child) for i, child in enumerate(node) if isinstance(child, BaseModel))


def _child(case: Case, node: object, key: str, path: str) -> Any:
    """Return what a key leads to; of a list of one, the key of its one entry does."""
    if isinstance(node, (tuple, list)) and len(node) == 1 and not key.isdecimal():
        node = node[0]
    if isinstance(node, BaseModel):
        for name, field in type(node).model_fields.items():
            if key in (name, field.alias):
                return getattr(node, name)
    for name, child in _children(node):
        if key == name:
            return child
    raise _unknown(case, path)


def _checked(model: type[M], data: object, at: tuple[str, ...], path: str, value: Any) -> M:
    """Return a model from what a file would say of it, at a place in that file."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        file = dict.fromkeys(at, data) or data
        sentences = [sentence for _, sentence in complaints(model, file, at, error)]
    except WscostError as error:
        sentences = [str(error)]
    raise ConfigError(f"{path}={value!s:.40}: {sentences[0]}") from None


def _replaced(case: Case, node: Any, keys: Sequence[str], value: Any, path: str) -> Any:
    """Return what a file would say of a node, with the value at the end of the keys."""
    if not keys:
        return value
    if isinstance(node, (tuple, list)) and len(node) == 1 and not keys[0].isdecimal():
        return [_replaced(case, node[0], keys, value, path)]
    changed = _replaced(case, _child(case, node, keys[0], path), keys[1:], value, path)
    if isinstance(node, (tuple, list)):
        return [changed if str(i) == keys[0] else entry for i, entry in enumerate(node)]
    if isinstance(node, Mapping):
        return {**node, keys[0]: changed}
    names = {name: field.alias or name for name, field in type(node).model_fields.items()}
    said = {alias: getattr(node, name) for name, alias in names.items() if name in node.model_fields_set}
    return {**said, names.get(keys[0], keys[0]): changed}


def _unknown(case: Case, path: str) -> UnknownNameError:
    """Return the refusal of a path: with the nearest names, or else with what may stand where it begins."""
    known = list(fields(case))
    if not get_close_matches(path, known, cutoff=0.5):
        known = list(dict.fromkeys(f"{name.partition('.')[0]}.*" if "." in name else name for name in known))
    return UnknownNameError("field", path, known)
