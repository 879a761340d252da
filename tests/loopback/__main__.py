"""Records the samples anew, with every program at hand: ``.venv/bin/python -m tests.loopback``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.loopback.programs import INSTALL, NODE_MODULES, found
from tests.loopback.recording import LOGS, PROGRAMS, TRUTH, record
from tests.samples import SAMPLES


def main() -> str | None:
    """Record once; write the samples, and what was true, with the versions of the programs."""
    if missing := [INSTALL[program] for program in PROGRAMS if not found(program)]:
        return "\n".join(missing)
    with tempfile.TemporaryDirectory() as folder:
        recording = record(Path(folder))
        for log in LOGS:
            shutil.copy(recording.log(log), SAMPLES / log)
    versions = {program: version(program) for program in PROGRAMS}
    lived = [one._asdict() for one in recording.lived]
    truth = {"programs": versions, "lived": lived, "served": asdict(recording.served)}
    TRUTH.write_text(json.dumps(truth, indent=1) + "\n")
    return None


def version(program: str) -> str:
    """Return what a program calls itself."""
    if program == "artillery":
        package = json.loads((NODE_MODULES / "artillery/package.json").read_text())
        return f"Artillery {package['version']}"
    flag = {"nginx": "-v", "haproxy": "-v", "caddy": "version"}.get(program, "--version")
    told = subprocess.run([str(found(program)), flag], capture_output=True, text=True, check=True)
    return (told.stdout + told.stderr).splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
