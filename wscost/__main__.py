"""``wscost`` and ``python -m wscost``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; interrupted while it is still loading, say nothing."""
    try:
        from wscost.cli import main as run
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    sys.exit(main())
