"""``wscost`` and ``python -m wscost``."""

from __future__ import annotations

import gc
import os
import sys

FEW_CYCLES = 100_000
"""Nearly all that a command makes lives until its end: looking for cycles every 700 objects is in vain, and
at the end, when everything goes, even more so."""


def main() -> int:
    """Run the command line; interrupted while it is still loading, say nothing."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's other threads would only wait
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # they take as long as a price book
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")  # pyarrow would give back what its next batch needs
    gc.set_threshold(FEW_CYCLES)
    try:
        from wscost.cli import main as run
    except KeyboardInterrupt:
        return 130
    code = run()
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
