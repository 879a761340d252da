"""What a file names: the inputs, price books and deployments of scenarios, and what inputs name in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wscost import usagefile
from wscost.deployment import PRESETS
from wscost.errors import ConfigError
from wscost.places import is_file
from wscost.readers.stores import is_url
from wscost.scenario.reading import looks_like, read_document
from wscost.yamlfile import Document, Location


@dataclass(frozen=True, slots=True)
class Named:
    """A file or folder that a document names, and where it does."""

    document: Document
    at: Location
    name: str

    @property
    def folder(self) -> Path:
        """Where names are from: the folder of the file that gives them."""
        return Path(self.document.name).parent

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / self.name

    def refusal(self, sentence: str) -> ConfigError:
        """Return the error that tells what is wrong with it, at its place."""
        key = ".".join(str(part) for part in self.at if not isinstance(part, int))
        return self.document.refusal([(self.at, f"{key}: {self.name}: {sentence}")])


def named_in(path: Path) -> Iterator[Named]:
    """Yield what a file names, and what each of these names in turn, one by one.

    A file is looked into after it was yielded, and only if it is named itself: not where its folder is.

    Raises
    ------
    ConfigError
        If a YAML or TOML file that is named breaks its form.
    """
    document = read_document(path)
    scenarios = looks_like(document) and "profile" not in document.data
    for at, name in _of_scenarios(document.data["scenarios"]) if scenarios else _of_input(document):
        named = Named(document, at, name)
        yield named
        if named.at[2:3] == ("input",) and _is_yaml(named.path):
            found = read_document(named.path)
            yield from (Named(found, *each) for each in _of_input(found))


def _is_yaml(path: Path) -> bool:
    return path.suffix.lower() in (".yaml", ".yml") and is_file(path)


def _of_input(document: Document) -> Iterator[tuple[Location, str]]:
    if not isinstance(document.data, dict):
        return
    if "profile" in document.data:
        from wscost.profile import reading

        yield from reading.names(document)
    elif usagefile.looks_like(document):
        yield from usagefile.names(document)


def _of_scenarios(scenarios: Any) -> Iterator[tuple[Location, str]]:
    for scenario, said in scenarios.items() if isinstance(scenarios, dict) else ():
        for key in ("input", "pricing", "deployment") if isinstance(said, dict) else ():
            named = said.get(key)
            for number, name in enumerate(named if isinstance(named, list) else [named]):
                if isinstance(name, str) and name and not is_url(name) and name not in PRESETS:
                    at = ("scenarios", scenario, key)
                    yield (at if key == "deployment" else (*at, number)), name
