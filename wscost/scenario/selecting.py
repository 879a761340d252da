"""A scenario as an input: ``wscost.yaml`` is the only one in it, ``wscost.yaml#prod`` one of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wscost.deployment import Deployment
from wscost.errors import InputError, UnknownNameError
from wscost.places import is_file, is_there
from wscost.scenario.reading import ScenarioFile, looks_like, scenario_file
from wscost.yamlfile import load


@dataclass(frozen=True, slots=True)
class Selected:
    """What a scenario says in the words of ``wscost.estimate``."""

    inputs: tuple[Path | str, ...]
    plans: tuple[str, ...]
    deployment: Deployment | None
    options: Mapping[str, Any]


def selected(inputs: Iterable[object]) -> Selected | None:
    """Return the scenario that an input names; None if no input is a scenario file.

    Raises
    ------
    InputError
        If the file holds several and none is named, or stands beside other inputs.
    ConfigError
        If the file breaks its form.
    """
    several = list(inputs)
    found = [one for each in several if isinstance(each, (str, Path)) and (one := _opened(each)) is not None]
    if not found:
        return None
    file, name = found[0]
    if len(several) > 1:
        raise InputError(f"{file.document.name}: a scenario file stands alone; list all inputs in it.")
    if not name and len(file.scenarios) > 1:
        names = ", ".join(file.scenarios)
        raise InputError(
            f"{file.document.name}: holds several scenarios ({names}). "
            f"Name one: {file.document.name}#{next(iter(file.scenarios))}."
        )
    name = name or next(iter(file.scenarios))
    if name not in file.scenarios:
        raise UnknownNameError(f"scenario in {file.document.name}", name, file.scenarios)
    inputs_of = tuple(file.inputs(name))
    return Selected(inputs_of, file.scenarios[name].plans, file.deployment(name), file.options(name))


def _opened(named: str | Path) -> tuple[ScenarioFile, str] | None:
    path, name = Path(named), ""
    if "#" in str(named) and not is_there(path):
        before, _, name = str(named).rpartition("#")
        path = Path(before)
    if path.suffix.lower() not in (".yaml", ".yml") or not is_file(path):
        return None
    document = load(path)
    mine = looks_like(document) and isinstance(document.data["scenarios"], dict)
    return (scenario_file(document, path.parent), name) if mine and "profile" not in document.data else None
