"""The loops as Python has them, whether or not they are machine code here."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import EXTENSION_SUFFIXES, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import wscost.loops

FOLDER = Path(wscost.loops.__file__).parent
NAMES = [types.stem for types in sorted(FOLDER.glob("*.pxd"))]


def compiled(name: str) -> bool:
    """Tell whether some loops are machine code."""
    return str(importlib.import_module(f"wscost.loops.{name}").__file__).endswith(tuple(EXTENSION_SUFFIXES))


def source_of(name: str) -> ModuleType:
    """Return a module made of the source of some loops."""
    loader = SourceFileLoader(f"plain_{name}", str(FOLDER / f"{name}.py"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def run_plain(patch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Have everything that is loaded run the loops as Python; return their modules by name."""
    sources = {name: source_of(name) for name in NAMES}
    plain = {
        id(getattr(importlib.import_module(f"wscost.loops.{name}"), function)): value
        for name, source in sources.items()
        for function, value in vars(source).items()
        if isinstance(value, FunctionType) and value.__module__ == source.__name__
    }
    for module in [module for name, module in sys.modules.items() if name.startswith("wscost.")]:
        for attribute, value in list(vars(module).items()):
            if id(value) in plain:
                patch.setattr(module, attribute, plain[id(value)])
    return sources
