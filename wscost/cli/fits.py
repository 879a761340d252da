"""``wscost fit``: a trace in, the profile that would make one like it out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wscost.cli import options, output


def fit(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="TRACE",
            help="A log or trace of any known format; - is standard input. Several are one trace.",
            show_default=False,
        ),
    ],
    *,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="A new file to write.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The profile's name; the trace's if absent.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="ZONE", help="Of hours and weekdays, as Europe/Berlin.")
    ] = "UTC",
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Of the profile, and of what it is tried with.")
    ] = 0,
    input_format: options.InputFormat = None,
    assume_utc: options.AssumeUtc = False,
    window: options.Window = None,
    skip_bad_rows: options.SkipBadRows = False,
    map_: options.Map = None,
    format_option: options.FormatOption = None,
) -> None:
    """Estimate a load profile from a trace, and tell how well it fits.

    The profile is commented YAML: each figure says how many observations it rests on, and what the
    trace cannot tell stays out. How well it fits goes to standard error. No file is ever overwritten.
    """
    from wscost.fitting import fit as fit_profile
    from wscost.inputs import at_hand
    from wscost.readers import read_trace
    from wscost.readers.findings import findings_of
    from wscost.reports.fits import tell

    output.refuse_existing(file)
    with output.progress() as progress:
        trace = read_trace(
            [at_hand(Path(one)) for one in inputs],
            input_format=input_format,
            assume_utc=assume_utc,
            window=window,
            skip_bad_rows=skip_bad_rows,
            progress=progress,
            **options.format_options(map_, format_option),
        )
    found = fit_profile(trace, name=name, time_zone=time_zone, seed=seed)
    output.create(found.text.rstrip("\n"), file)
    said = {note.code for note in found.notes} | {"censored"}
    read = [note for note in trace.notes if note.code not in said]
    output.aside(tell(found, notes=(findings_of(trace).note(), *read), width=output.width()))
