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
        str,
        typer.Option(
            "--output", "-o", metavar="TRACE", help="Write .parquet, .csv, .ndjson(.gz) or FOLDER/."
        ),
    ],
    month: options.Month = None,
    seed: options.Seed = None,
    events: Annotated[
        bool, typer.Option("--events", help="List every message too, for .ndjson or FOLDER/.")
    ] = False,
    sample: Annotated[
        float | None, typer.Option("--sample", metavar="SHARE", help="Simulate this share of the rooms.")
    ] = None,
) -> None:
    """Simulate a load profile, and write the connections as they would arrive as a canonical trace."""
    from wscost.profile.reading import read_profile
    from wscost.projecting import billing_period
    from wscost.simulating import period_of, sample_rooms, simulate
    from wscost.tracefile import write_days

    load = read_profile(profile)
    period = period_of(load) if month is None else billing_period(month, 1, date.min)
    rooms = None if sample is None else [int(n) for n in sample_rooms(load, sample, seed)]
    with output.days(period) as progress:
        days = simulate(load, period, seed=seed, events=events, rooms=rooms)
        notes = write_days(days, file, period.window, progress)
    for note in notes:
        output.complain(note.message)
