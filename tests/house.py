"""The rooms of wscost as data, and the eyes that see a wrong import or deed.

Every import counts: at the top, inside a function, under ``TYPE_CHECKING``, or by name through
``importlib``. A late import keeps the start light; it does not turn an upward look into a downward one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "wscost"


@dataclass(frozen=True)
class Layer:
    """A storey: its modules may import those below, and each other where siblings are on terms."""

    name: str
    modules: frozenset[str]
    siblings: bool = True


@dataclass(frozen=True)
class Deed:
    """Something that only some modules may do, known by the full names that do it."""

    verb: str
    names: frozenset[str]
    allowed: frozenset[str]
    cure: str


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A package's name stands for everything in it.
LAYERS = (
    Layer(
        "things",
        _names("errors units exact notes pricelist bill usage trace deployment loops shipped drawable"),
    ),
    Layer(
        "doors in",
        _names(
            "places yamlfile pricebook pricediff profile scenario saved gitref usagefile deploymentfile "
            "tracefile readers inputs"
        ),
    ),
    Layer("algebra", _names("intervals distributions"), siblings=False),
    Layer("kernel", _names("simulating metering projecting rating"), siblings=False),
    Layer(
        "paths",
        _names(
            "engines narrowing account completing matching ranging replicating fitting estimating comparing "
            "exploring studying checking diffing"
        ),
    ),
    Layer("front door", _names("__init__")),
    Layer("faces", _names("reports checkreports plots cli pytest_plugin __main__")),
)
FACES = LAYERS[-1].modules

# What comes from outside, and who may import it.
GUESTS: dict[str, frozenset[str]] = {
    "matplotlib": _names("plots"),
    "typer": _names("cli"),
    "click": _names("cli"),
    "yaml": _names("yamlfile"),
    "dask": _names("engines.dask"),
    "distributed": _names("engines.dask"),
    "fsspec": _names("readers.stores"),
    **dict.fromkeys(_names("logging random secrets"), frozenset()),
    **dict.fromkeys(_names("socket ssl http urllib.request requests httpx"), frozenset()),
}

DEEDS = (
    Deed(
        "speaks",
        _names("print rich.print sys.stdout sys.stderr"),
        _names("cli __main__"),
        "Return the text; cli prints it.",
    ),
    Deed(
        "exits",
        _names("SystemExit sys.exit os._exit exit quit"),
        _names("cli __main__"),
        "Raise a WscostError; cli turns it into an exit code.",
    ),
    Deed(
        "reads the clock",
        _names(
            "datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today "
            "pandas.Timestamp.now pandas.Timestamp.utcnow pandas.Timestamp.today "
            "time.time time.time_ns time.monotonic time.perf_counter time.localtime"
        ),
        FACES,
        "Take the time as an argument.",
    ),
)
OWN_GENERATORS = _names("default_rng Generator SeedSequence BitGenerator PCG64 PCG64DXSM Philox")


@dataclass(frozen=True)
class Module:
    """One source file by its dotted name without ``wscost.``; the root is ``__init__``."""

    name: str
    source: str
    package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def imported(self) -> list[tuple[str, int]]:
        """Full dotted names of all imports, with their lines."""
        return [(full, line) for _, full, line in _imports(self)]

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What each imported name stands for."""
        return {local: full for local, full, _ in _imports(self) if local}

    def place(self, line: int | None = None) -> str:
        path = "/".join([PACKAGE, *self.name.split(".")])
        path += "/__init__.py" if self.package and self.name != "__init__" else ".py"
        return f"{path}:{line}" if line else path

    def full_name(self, node: ast.AST) -> str:
        """Return what a name or attribute refers to, imports resolved; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute) and (owner := self.full_name(node.value)):
            return f"{owner}.{node.attr}"
        return ""


def read_house(folder: Path = ROOT / PACKAGE) -> dict[str, Module]:
    """Return every module under a package's folder by name."""
    house = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package and len(parts) > 1 else parts)
        house[name] = Module(name, path.read_text("utf-8"), package)
    return house


def complaints(house: Mapping[str, Module]) -> list[str]:
    """Return what breaks the table, one sentence each, with its place."""
    found = [sentence for module in house.values() for sentence in _about(module, house)]
    graph = {module.name: set(_relations(module, house)) for module in house.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        path = " -> ".join(reversed(circle.args[1]))
        found.append(f"{path}: a circle of imports. What both need belongs in a module below them.")
    return found


def room_of(name: str) -> tuple[int, str] | None:
    """Return the storey and the room of a module or of a module inside a package; None if unknown."""
    rooms = ((storey, room) for storey, layer in enumerate(LAYERS) for room in layer.modules)
    return next((found for found in rooms if _within(name, {found[1]})), None)


def _about(module: Module, house: Mapping[str, Module]) -> Iterator[str]:
    here = room_of(module.name)
    if here is None:
        yield f"{module.place()}: in no layer. Put it into LAYERS in tests/house.py, where it belongs."
        return
    if not ast.get_docstring(module.tree):
        yield f"{module.place(1)}: no docstring. Say in one sentence what the module is about."
    for name, line in _relations(module, house).items():
        if there := room_of(name):
            yield from (f"{module.place(line)}: {fault}" for fault in _about_import(here, there, name))
    for full, line in module.imported:
        for guest, hosts in GUESTS.items():
            if _within(full, {guest}) and not _within(module.name, hosts):
                yield f"{module.place(line)}: imports {guest}. {' or '.join(sorted(hosts)) or 'Nobody'} may."
    for node in ast.walk(module.tree):
        if isinstance(node, ast.expr):
            yield from _about_deed(module, node)


def _about_import(here: tuple[int, str], there: tuple[int, str], name: str) -> Iterator[str]:
    mine, theirs = LAYERS[here[0]], LAYERS[there[0]]
    if there[0] > here[0]:
        yield f"{mine.name} must not import {name} ({theirs.name}). Imports run downward only."
    if mine is theirs and here != there and not mine.siblings:
        yield f"siblings of the {mine.name} must not import each other ({name})."


def _about_deed(module: Module, node: ast.expr) -> Iterator[str]:
    full = module.full_name(node)
    for deed in DEEDS:
        if full in deed.names and not _within(module.name, deed.allowed):
            yield f"{module.place(node.lineno)}: {deed.verb} ({full}). {deed.cure}"
    if full.startswith("numpy.random.") and full.split(".")[2] not in OWN_GENERATORS:
        yield f"{module.place(node.lineno)}: uses numpy's global generator. Take a Generator as an argument."
    if (
        isinstance(node, ast.Call)
        and module.full_name(node.func) == "numpy.random.default_rng"
        and not (node.args or node.keywords)
    ):
        yield f"{module.place(node.lineno)}: a generator without a seed. Take the seed as an argument."


def _relations(module: Module, house: Mapping[str, Module]) -> dict[str, int]:
    """Return the modules of wscost that one imports, with the line where."""
    found: dict[str, int] = {}
    for full, line in module.imported:
        if _within(full, {PACKAGE}):
            found.setdefault(_nearest(full, house), line)
    found.pop(module.name, None)
    return found


def _nearest(full: str, house: Mapping[str, Module]) -> str:
    """Return the module that a full name is, or is a name in; one that is missing goes by its first part."""
    inside = full.removeprefix(PACKAGE).removeprefix(".")
    name = inside
    while name and name not in house:
        name = name.rpartition(".")[0]
    return name or (inside.partition(".")[0] if "." in inside else "__init__")


def _imports(module: Module) -> Iterator[tuple[str, str, int]]:
    """Yield (local name, full name, line) of each import."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                yield (local if alias.asname or local == alias.name else ""), alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(module, node)
            for alias in node.names:
                yield alias.asname or alias.name, f"{origin}.{alias.name}", node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (("", str(a.value), node.lineno) for a in node.args[:1] if isinstance(a, ast.Constant))


def _origin(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    around = [PACKAGE] if module.name == "__init__" else [PACKAGE, *module.name.split(".")]
    parts = around[: len(around) - node.level + module.package]
    return ".".join([*parts, node.module] if node.module else parts)


def _within(name: str, hosts: frozenset[str] | set[str]) -> bool:
    return any(name == host or name.startswith(f"{host}.") for host in hosts)
