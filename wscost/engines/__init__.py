"""Engines: who reads and meters streams of connections. An engine is a module here with a ``NAME``."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast

from wscost.errors import ConfigError, UnknownNameError
from wscost.trace import Engine

LOCAL = "local"
"""This process itself."""

Progress = Callable[[int, int | None], None]


class EngineModule(Protocol):
    """What a module of an engine offers."""

    NAME: str

    def started(self, scheduler: str | None, progress: Progress | None) -> AbstractContextManager[Engine]:
        """Return an engine for as long as it is needed."""


@cache
def engines() -> Mapping[str, EngineModule]:
    """Return every engine in this package by its name."""
    modules = (import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__))
    found = {module.NAME: cast(EngineModule, module) for module in modules if hasattr(module, "NAME")}
    return MappingProxyType(dict(sorted(found.items())))


def engine_named(
    name: str, scheduler: str | None = None, progress: Progress | None = None
) -> AbstractContextManager[Engine | None]:
    """Return an engine for as long as it is needed; None for this process.

    Parameters
    ----------
    name
        ``local``, or the name of a module here.
    scheduler
        The address of one that runs already; None: workers are started on this machine, and ended.
    progress
        Called with the bytes read so far and the bytes in all.

    Raises
    ------
    UnknownNameError
        If no engine has that name.
    ConfigError
        If this process was given a scheduler.
    """
    if name != LOCAL and name not in engines():
        raise UnknownNameError("engine", name, [LOCAL, *engines()])
    if name != LOCAL:
        return engines()[name].started(scheduler, progress)
    if scheduler is not None:
        others = " or ".join(f"--engine {other}" for other in engines())
        raise ConfigError(f"--scheduler {scheduler}: this process needs none. It goes with {others}.")
    return nullcontext()
