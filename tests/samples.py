"""The samples of every format, in ``reader_samples/<format>/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wscost.readers import Reading, read_input

SAMPLES = Path(__file__).parent / "reader_samples"
FILES = sorted(path for path in SAMPLES.glob("*/*") if path.is_file())
each_sample = pytest.mark.parametrize("path", FILES, ids=[f"{p.parent.name} {p.name}" for p in FILES])
WITHOUT_ZONE = {"haproxy.log", "haproxy-sized.log"}
"""HAProxy writes local times, so they are read only when told to be UTC."""


SERIES = "connections=haproxy_frontend_current_sessions,opened=haproxy_frontend_http_responses_total"


def options_of(path: Path) -> dict[str, Any]:
    """Return what a sample needs to be told to be read."""
    if path.name == "haproxy_sessions.json":
        return {"series": SERIES}
    return {"assume_utc": True} if path.name in WITHOUT_ZONE else {}


def read_sample(path: Path, **options: Any) -> Reading:
    """Read a sample, told what it needs to be told."""
    return read_input(path, **options_of(path), **options)
