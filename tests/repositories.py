"""Git repositories made for a test: a scenario file with its inputs, committed, changed, cloned."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

USAGE = """\
usage:
  {{connections_opened: 150000, messages_in: {messages}, object_requests: 0,
   object_active_seconds: 86400000, worker_cpu_ms: 0}}
deployment: rooms.yaml
"""
ROOMS = "{endpoint: durable-object, storage: none}\n"
SCENARIOS = """\
scenarios:
  prod: {input: traffic/usage.yaml, plans: cloudflare/workers-standard}
checks:
  - {id: budget, scenario: prod, metric: total, max: 150 USD, at: p90}
  - {id: growth, scenario: prod, metric: total, max_increase: 15%}
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody who has configured nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": f"ann{at}" for who in ("AUTHOR", "COMMITTER") for what, at in _NAMES.items()},
    }
    command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


_NAMES = {"NAME": "", "EMAIL": "@example.org"}


def write(folder: Path, **texts: Any) -> None:
    """Write files; two underscores in a name stand for a folder, one more for the dot."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_repository(folder: Path, scenarios: str = SCENARIOS) -> Path:
    """Make a repository whose main branch costs $142.95 a month."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet")
    write(folder, wscost=scenarios, traffic__usage=USAGE.format(messages=72_000_000), traffic__rooms=ROOMS)
    commit(folder, "Budgets")
    return folder


def commit(folder: Path, words: str = "A change") -> None:
    """Commit everything in the work tree."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", words)


def more_messages(folder: Path, messages: int = 10_000_000_000) -> None:
    """Change the traffic in the work tree, so that a month costs $217.50."""
    write(folder, traffic__usage=USAGE.format(messages=messages))
