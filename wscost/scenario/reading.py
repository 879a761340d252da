"""Finding and reading the scenario file: ``wscost.yaml``, or ``[tool.wscost]`` in ``pyproject.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from wscost.deployment import Deployment
from wscost.deploymentfile import read_deployment
from wscost.errors import ConfigError, UnknownNameError
from wscost.places import is_file, is_there
from wscost.readers.stores import is_url
from wscost.scenario.form import Check, File, Scenario
from wscost.shipped import shipped
from wscost.yamlfile import Document, Location, load, validate

_NO_OPTIONS = ("input", "deployment", "plans")
NAMES = ("wscost.yaml", "wscost.yml", "pyproject.toml")
_HEADER = re.compile(r"\s*\[\[?\s*tool\.wscost(?:\.([\w.-]+))?\s*\]\]?")


@dataclass(frozen=True, slots=True)
class ScenarioFile:
    """What a scenario file says, checked, and where in it."""

    document: Document
    folder: Path
    form: File

    @property
    def scenarios(self) -> Mapping[str, Scenario]:
        """The scenarios by name, in the file's order."""
        return self.form.scenarios

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks in the file's order."""
        return self.form.checks

    @property
    def name(self) -> str:
        """The file's path from the root of its repository, as CI services name files."""
        path = Path(self.document.name).resolve()
        root = repository_root(path.parent)
        return path.relative_to(root).as_posix() if root else Path(self.document.name).as_posix()

    def line(self, check: Check) -> int:
        """Return the line on which a check stands."""
        return self.document.line(("checks", self.checks.index(check)))

    def refusal(self, check: Check, key: str, sentence: str) -> ConfigError:
        """Return the error that tells what is wrong with a check, at its place."""
        number = self.checks.index(check)
        return self.document.refusal([(("checks", number, key), f"checks[{number + 1}].{key}: {sentence}")])

    def inputs(self, scenario: str) -> list[Path | str]:
        """Return the files, folders or URLs that a scenario names under ``input``."""
        named = self.scenarios[scenario].input
        return [one if is_url(one) else at_hand(self.folder, one) for one in named]

    def options(self, scenario: str) -> dict[str, Any]:
        """Return what else a scenario says, as ``wscost.estimate`` takes it."""
        named = self.scenarios[scenario]
        options = {key: getattr(named, key) for key in type(named).model_fields if key not in _NO_OPTIONS}
        return options | {"pricing": [at_hand(self.folder, one) for one in named.pricing]}

    def deployment(self, scenario: str) -> Deployment | None:
        """Return what a scenario runs on, if it says so.

        Raises
        ------
        ConfigError
            If a deployment breaks its form, or there is no such preset or file.
        """
        named, at = self.scenarios[scenario].deployment, ("scenarios", scenario, "deployment")
        if named is None or not isinstance(named, str):
            return None if named is None else validate(Deployment, self.document, at)
        try:
            return read_deployment(named, self.folder)
        except UnknownNameError as error:
            raise self.document.refusal([(at, f"{_dotted(at)}: {error}")]) from None


def repository_root(folder: Path) -> Path | None:
    """Return the nearest folder at or above this one that is a git work tree; None outside of one."""
    folder = folder.resolve()
    return next((at for at in (folder, *folder.parents) if is_there(at / ".git", ConfigError)), None)


def find_scenario_file(start: Path) -> Path:
    """Return the scenario file at or above a folder, up to the root of its repository.

    Raises
    ------
    ConfigError
        If there is none.
    """
    start = start.resolve()
    root = repository_root(start) or start
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if is_file(path, ConfigError) and may_hold_scenarios(path):
                return path
        if folder == root:
            break
    reach = "here" if root == start else f"here or above, up to {root}"
    raise ConfigError(
        f"There is no wscost.yaml {reach}, nor a pyproject.toml with [tool.wscost]. "
        "Write one, or name it with --config."
    )


def may_hold_scenarios(path: Path) -> bool:
    """Tell whether a file is one of scenarios by its kind: a TOML file is only with ``[tool.wscost]``."""
    return path.suffix != ".toml" or _tool_table(path) is not None


def looks_like(document: Document) -> bool:
    """Whether a document is a scenario file: ``scenarios`` stands at its top level."""
    return isinstance(document.data, dict) and "scenarios" in document.data


def read_document(path: Path) -> Document:
    """Return what a scenario file says, unchecked: the whole of a YAML file, a table of a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read, or has no ``[tool.wscost]``.
    """
    if path.suffix != ".toml":
        return load(path)
    found = _tool_table(path)
    if found is None:
        raise ConfigError(f"{path}: has no [tool.wscost]. Write the scenarios there, or into wscost.yaml.")
    return found


def read_scenarios(path: Path | str) -> ScenarioFile:
    """Read a scenario file and make sure that the files and scenarios it names are there.

    Raises
    ------
    ConfigError
        With every complaint about the file, each with its line.
    """
    path = Path(path)
    return scenario_file(read_document(path), path.parent)


def scenario_file(document: Document, folder: Path) -> ScenarioFile:
    """Return what a document says as a scenario file, whose paths are from a folder; raises as above."""
    if not looks_like(document):
        raise ConfigError(
            f"{document.name}:1: this is no scenario file: `scenarios:` must stand at its top level."
        )
    file = ScenarioFile(document, folder, validate(File, document))
    if found := [*_missing_files(file), *_missing_names(file)]:
        raise document.refusal(found)
    return file


def at_hand(folder: Path, named: str) -> Path:
    """Return a file named beside the scenario file; ``sample_traces/…`` also among those that ship."""
    beside = folder / named
    shipped_one = shipped("sample_traces").joinpath(*Path(named).parts[1:])
    is_sample = Path(named).parts[:1] == ("sample_traces",)
    return shipped_one if is_sample and not is_there(beside) and is_there(shipped_one) else beside


def _missing_files(file: ScenarioFile) -> Iterator[tuple[Location, str]]:
    for name, scenario in file.scenarios.items():
        for key in ("input", "pricing"):
            for number, named in enumerate(getattr(scenario, key)):
                in_a_store = key == "input" and is_url(named)
                if not in_a_store and not is_there(at_hand(file.folder, named)):
                    at = ("scenarios", name, key, number)
                    yield at, f"{_dotted(at[:3])}: {named}: there is no such file beside this one."


def _missing_names(file: ScenarioFile) -> Iterator[tuple[Location, str]]:
    first: dict[str, int] = {}
    for number, check in enumerate(file.checks):
        at = ("checks", number)
        if check.id in first:
            yield (
                (*at, "id"),
                f"checks[{number + 1}].id: {check.id!r} is that of checks[{first[check.id]}] too.",
            )
        first.setdefault(check.id, number + 1)
        if check.scenario is not None and check.scenario not in file.scenarios:
            unknown = UnknownNameError("scenario", check.scenario, file.scenarios)
            yield (*at, "scenario"), f"checks[{number + 1}].scenario: {unknown}"


def _dotted(location: Location) -> str:
    return ".".join(map(str, location))


def _tool_table(path: Path) -> Document | None:
    """Return ``[tool.wscost]`` of a TOML file with exact decimals; None if there is none."""
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text, parse_float=Decimal).get("tool", {}).get("wscost")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8. Save the file in that encoding.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}.") from None
    return None if data is None else Document(str(path), data, _header_lines(text))


def _header_lines(text: str) -> dict[Location, int]:
    """Return the line of each table header below ``[tool.wscost]``: TOML readers tell no others."""
    lines: dict[Location, int] = {}
    seen = 0
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            parts = tuple((found[1] or "").split(".")) if found[1] else ()
            if parts == ("checks",):
                parts, seen = ("checks", seen), seen + 1
            lines.setdefault(parts, number)
            lines.setdefault((), number)
    return lines
