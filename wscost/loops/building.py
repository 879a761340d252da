"""Machine code of the loops, made when the package is built or installed for development: a hook of Hatch."""

from __future__ import annotations

import os
import shutil
from contextlib import chdir
from pathlib import Path
from sysconfig import get_config_var
from tempfile import TemporaryDirectory
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension

FOLDER = Path("wscost", "loops")
AS_C = {
    "language_level": 3,
    "annotation_typing": False,  # types are in the .pxd; annotations are for those who read
    "infer_types": True,
    "boundscheck": False,
    "wraparound": False,
}
FLAGS = [] if os.name == "nt" else ["-O3", "-g0", "-ffp-contract=off"]
"""Quick, without what debuggers ask for, rounded as written; the compiler of Windows does so by itself."""


class MachineCode(BuildHookInterface):  # type: ignore[type-arg]
    """Compile the loops, if there is a C compiler, and add them to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile: into the checkout for development, else into the wheel alone."""
        self._built = TemporaryDirectory()
        if version == "editable":
            for stale in Path(self.root, FOLDER).glob(f"*{get_config_var('EXT_SUFFIX')}"):
                stale.unlink()
        made = compiled(Path(self.root), Path(self._built.name))
        if not made:
            self.app.display_warning("Nothing here compiles C for Python: big traces will be slow.")
            return
        for path in made:
            if version == "editable":
                shutil.move(path, Path(self.root, FOLDER, path.name))
            else:
                build_data["force_include"][str(path)] = str(FOLDER / path.name)
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what lies in the wheel by now."""
        self._built.cleanup()


def compiled(root: Path, into: Path) -> list[Path]:
    """Return the extensions made of the loops of a checkout; none where nothing can compile C.

    Raises
    ------
    RuntimeError
        If some can be compiled and others cannot.
    """
    with chdir(root):
        loops = [types.with_suffix(".py") for types in sorted(FOLDER.glob("*.pxd"))]
        extensions = [
            Extension(".".join(loop.with_suffix("").parts), [str(loop)], extra_compile_args=FLAGS)
            for loop in loops
        ]
        made = cythonize(  # type: ignore[no-untyped-call]
            extensions, build_dir=str(into / "c"), compiler_directives=AS_C, quiet=True
        )
        for extension in made:
            extension.optional = True
        building = Distribution({"ext_modules": made}).get_command_obj("build_ext")
        building.build_lib, building.build_temp = str(into / "lib"), str(into / "objects")
        building.parallel = os.cpu_count()
        building.ensure_finalized()
        building.run()
    found = [path for path in (into / "lib").rglob("*") if path.is_file()]
    if found and len(found) < len(loops):
        raise RuntimeError(
            f"Only {len(found)} of {len(loops)} loops compile; what the C compiler says is above."
        )
    return found
