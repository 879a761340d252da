"""``wscost`` and ``python -m wscost``."""

from __future__ import annotations

import sys

from wscost.cli import main

if __name__ == "__main__":
    sys.exit(main())
