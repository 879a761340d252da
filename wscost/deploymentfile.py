"""Deployments by name or from YAML."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from wscost.deployment import PRESETS, Deployment
from wscost.errors import ConfigError, UnknownNameError
from wscost.places import is_there
from wscost.yamlfile import load, validate


class _Nested(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    deployment: Deployment


def read_deployment(name_or_path: str, folder: Path | None = None) -> Deployment:
    """Return a preset, or the deployment that a YAML file describes, at its top or under ``deployment:``.

    Of a name that a file gives, ``folder`` is where that file lies: the name is from there.

    Raises
    ------
    UnknownNameError
        If there is neither such a preset nor such a file.
    ConfigError
        With every complaint about the file, each with its line.
    """
    if name_or_path in PRESETS:
        return PRESETS[name_or_path]
    path = Path(name_or_path) if folder is None else folder / name_or_path
    if not is_there(path, ConfigError):
        if path.suffix in (".yaml", ".yml"):
            raise ConfigError(f"{path}: there is no such file. Presets: {', '.join(sorted(PRESETS))}.")
        raise UnknownNameError("deployment", name_or_path, PRESETS)
    document = load(path)
    nested = isinstance(document.data, dict) and "deployment" in document.data
    deployment = validate(_Nested, document).deployment if nested else validate(Deployment, document)
    return deployment if deployment.name else deployment.model_copy(update={"name": path.stem})
