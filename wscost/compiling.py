"""Plain loops as machine code: the same function, compiled when it is worth it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    import numpy.typing as npt

F = TypeVar("F", bound=Callable[..., object])

alone = False
"""Whether this process runs nothing but one command of wscost."""
COMPILED_FROM_ROWS = 100_000
"""Below, loading the compiler takes longer than the plain loops run."""


def compiled(function: F) -> F:
    """Return a function that is made machine code of when it is first called.

    The code is kept beside the package, or in the user's cache where that cannot be written;
    ``NUMBA_CACHE_DIR`` names another place. Where none can, it is made anew in every process.
    """

    @wraps(function)
    def run(*arguments: object) -> object:
        return _machine_code(function)(*arguments)

    return cast(F, run)


@cache
def _machine_code(function: F) -> F:
    njit = _compiler()
    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # numba finds no folder to keep the code in
        return cast(F, njit(nogil=True)(function))


def _compiler() -> Any:
    """Load numba. Alone in its process it need not find scipy, in which it looks for matrix products."""
    hidden = alone and "scipy" not in sys.modules
    modules = cast(dict[str, object], sys.modules)
    if hidden:
        modules["scipy"] = None
    try:
        import numba.np.arraymath
    finally:
        if hidden:
            modules.pop("scipy", None)
    return numba.njit


def fixed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view that nobody may write to: arrays of one kind need one piece of machine code."""
    view = array.view()
    view.flags.writeable = False
    return view
