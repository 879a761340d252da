"""``wscost fit``: a trace in, the profile that would make one like it out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from wscost.cli import output
from wscost.cli.sharing import reading, sharing
from wscost.trace import Trace, TraceStream

HELD_ROWS = 5_000_000
"""Of a log of any length so many rows in the window may be fitted to; they take 500 bytes each and more."""


@sharing(reading)
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
    **how: Any,
) -> None:
    """Estimate a load profile from a trace, and tell how well it fits.

    The profile is commented YAML: each figure says how many observations it rests on, and what the
    trace cannot tell stays out. How well it fits goes to standard error. No file is ever overwritten.
    """
    from wscost.fitting import fit as fit_profile
    from wscost.readers import no_connections, read_input
    from wscost.readers.findings import findings_of
    from wscost.readers.holding import held
    from wscost.readers.source import at_hand
    from wscost.reports.fits import tell

    output.refuse_existing(file)
    own = how.pop("format_options")
    with output.progress() as progress:
        found = read_input(
            [at_hand(one) for one in inputs],
            progress=progress,
            remark=None,
            engine=None,
            streamed=True,
            rows_wanted=True,
            **how,
            **own,
        )
    trace = held(found, HELD_ROWS) if isinstance(found, TraceStream) else found
    if not isinstance(trace, Trace):
        raise no_connections(getattr(trace, "source", inputs[0]))
    fitted = fit_profile(trace, name=name, time_zone=time_zone, seed=seed)
    output.create(fitted.text.rstrip("\n"), file)
    said = {note.code for note in fitted.notes} | {"censored"}
    read = [note for note in trace.notes if note.code not in said]
    output.aside(tell(fitted, notes=(findings_of(trace).note(), *read), width=output.width()))
