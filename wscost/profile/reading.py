"""From a file to a profile: YAML with ``profile:`` at its top level, its samples beside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wscost import yamlfile
from wscost.errors import ConfigError, UnknownNameError
from wscost.profile.model import Profile
from wscost.yamlfile import Document, Location

SCHEMA_ID = "wscost.profile/1"
_PRESETS = Path(__file__).parent.parent / "profiles"


def looks_like(document: Document) -> bool:
    """Tell whether a YAML document means to be a profile."""
    return isinstance(document.data, dict) and "profile" in document.data


def names(document: Document) -> Iterator[tuple[Location, str]]:
    """Yield each file of samples that a document names, and where."""

    def walk(value: Any, at: Location) -> Iterator[tuple[Location, str]]:
        inside = (
            value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        )
        for key, part in inside.items():
            yield from walk(part, (*at, key))
        if _of_samples(value):
            yield (*at, "file"), value["file"]

    return walk(document.data, ())


def read_profile(source: str | Path | Document) -> Profile:
    """Read a profile, and the files of samples that it names.

    Raises
    ------
    ConfigError
        If it cannot be read or breaks the specification: with file, line, cause and cure.
    """
    document = source if isinstance(source, Document) else yamlfile.load(source)
    return yamlfile.validate(Profile, _with_samples(document))


def preset_names() -> list[str]:
    """Return the names of the profiles that ship with wscost."""
    return sorted(path.stem for path in _PRESETS.glob("*.yaml"))


def preset_text(name: str) -> str:
    """Return a shipped profile as commented YAML, to be changed into one's own.

    Raises
    ------
    UnknownNameError
        If none has that name.
    """
    if name not in preset_names():
        raise UnknownNameError("profile", name, preset_names())
    return (_PRESETS / f"{name}.yaml").read_text("utf-8")


def preset(name: str) -> Profile:
    """Return a shipped profile.

    Raises
    ------
    UnknownNameError
        If none has that name.
    """
    return read_profile(yamlfile.loads(preset_text(name), f"{name}.yaml"))


def schema_text() -> str:
    """Return the JSON Schema of profiles, for editors; ``schemas/profile-1.json`` holds it."""
    schema = Profile.model_json_schema()
    names = {name: part.get("title", name) for name, part in schema["$defs"].items()}
    schema["$defs"] = {
        names[name]: part for name, part in sorted(schema["$defs"].items(), key=lambda kv: names[kv[0]])
    }
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}
    text = json.dumps(schema, indent=1, ensure_ascii=False)
    for name, title in names.items():
        text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{title}"')
    return text + "\n"


def _with_samples(document: Document) -> Document:
    """Return the document in which each empirical distribution's file has become its values."""
    folder = Path(document.name).parent

    def walk(value: Any, at: Location) -> Any:
        if isinstance(value, list):
            return [walk(entry, (*at, i)) for i, entry in enumerate(value)]
        if not isinstance(value, dict):
            return value
        value = {key: walk(part, (*at, key)) for key, part in value.items()}
        if _of_samples(value):
            file = value.pop("file")
            value["values"] = _samples(folder / file, f"{document.name}:{document.line((*at, 'file'))}")
        return value

    return dataclasses.replace(document, data=walk(document.data, ()))


def _of_samples(value: Any) -> bool:
    """Tell whether a part of a profile is a distribution whose values lie in a file."""
    return (
        isinstance(value, dict)
        and value.get("distribution") == "empirical"
        and isinstance(value.get("file"), str)
        and "values" not in value
    )


def _samples(path: Path, place: str) -> list[float]:
    """Read one number a line. [s or bytes]"""
    try:
        numbers = np.loadtxt(path, dtype=np.float64, ndmin=1)
    except OSError as error:
        raise ConfigError(
            f"{place}: {path} cannot be read: {error.strerror or 'there is no such file'}."
        ) from None
    except ValueError as error:
        raise ConfigError(
            f"{place}: {path} must hold one number a line: {str(error).split(';')[0].rstrip('.')}."
        ) from None
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise ConfigError(f"{place}: {path} must hold one number a line, each of them zero or more.")
    return [float(x) for x in numbers]
