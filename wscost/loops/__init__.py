"""Loops over plain arrays: Python as it stands, which installing the package makes machine code of.

Each ``.py`` here runs in two ways. ``building`` has Cython compile it, by the types in the ``.pxd`` beside
it, and Python then loads the extension in place of the source; where there was no C compiler, Python runs
the source, to the same result and about fifty times slower.

Under one rule: no loop calls another, and none allocates. An array that is only read may be read-only;
each lies in one piece.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt

NOBODY = -1
"""The number of an object without a name."""
NONE = -1
"""The place of nothing."""

Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
Kinds = npt.NDArray[np.int8]
Numbers = Kinds | Ints32
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]
Bytes = memoryview
"""Of such the items are plain integers, that nothing they are mixed with can overflow."""

UNCOMPILED = (
    "the loops run as Python, about fifty times slower than compiled: "
    "install wscost again where something compiles C for Python (on Debian: apt install gcc python3-dev)."
)


def compiled() -> bool:
    """Tell whether the loops are machine code here."""
    found = [find_spec(f"{__name__}.{types.stem}") for types in Path(__file__).parent.glob("*.pxd")]
    return all(one is not None and str(one.origin).endswith(tuple(EXTENSION_SUFFIXES)) for one in found)
