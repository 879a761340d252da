"""The kernel's functions, plain or as machine code: one source of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

from wscost.metering.kernel import KERNEL

COMPILED_FROM_ROWS = 100_000
"""Below, loading the compiler takes longer than the plain loops run."""


@cache
def kernel(*, compiled: bool) -> SimpleNamespace:
    """Return the kernel's functions by name, as they are written or compiled.

    Machine code is kept beside the package, or in the user's cache where that cannot be written;
    ``NUMBA_CACHE_DIR`` names another place. Where none can, it is made anew in every process.
    """
    return SimpleNamespace(**{f.__name__: _compile(f) if compiled else f for f in KERNEL})


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    from numba import njit

    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # numba finds no folder to keep the code in
        return njit(nogil=True)(function)
