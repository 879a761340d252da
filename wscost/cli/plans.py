"""``wscost init`` and ``simulate``: a profile to begin with, and the trace that it makes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from wscost.cli import options, output


def init(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A shipped profile, such as chat.")],
    *,
    file: options.Output = None,
) -> None:
    """Print a shipped load profile as commented YAML, to be changed into your own."""
    from wscost.profile.reading import preset_text

    output.create(preset_text(name).rstrip("\n"), file)


def simulate(
    profile: Annotated[Path, typer.Argument(metavar="PROFILE", help="A YAML file with profile:.")],
    *,
    file: Annotated[
        Path, typer.Option("--output", "-o", metavar="TRACE", help="Write .parquet, .csv or .ndjson(.gz).")
    ],
    month: options.Month = None,
    seed: options.Seed = None,
    events: Annotated[
        bool, typer.Option("--events", help="List every message too, for .ndjson and hibernation.")
    ] = False,
    sample: Annotated[
        float, typer.Option("--sample", metavar="SHARE", help="Simulate this share of the rooms.")
    ] = 1.0,
) -> None:
    """Simulate a load profile, and write the connections as they would arrive as a canonical trace."""
    from wscost.profile.reading import read_profile
    from wscost.projecting import billing_period
    from wscost.simulating import period_of, sample_rooms, simulate_trace
    from wscost.tracefile import write_trace

    load = read_profile(profile)
    period = period_of(load) if month is None else billing_period(month, 1, date.min)
    rooms = None if sample == 1 else [int(n) for n in sample_rooms(load, sample, seed)]
    trace = simulate_trace(load, period, seed=seed, events=events, rooms=rooms)
    for note in write_trace(trace, file):
        output.complain(note.message)
