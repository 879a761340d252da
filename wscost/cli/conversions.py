"""``wscost convert`` and ``query``: logs into canonical traces, and how to ask for them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

import typer

from wscost.cli import options, output
from wscost.cli.sharing import reading, sharing

queries = typer.Typer(
    name="query",
    help="Print the query that fetches billed meters.",
    rich_markup_mode=None,
    invoke_without_command=True,
    callback=output.help_where_nothing_is_asked,
)


@sharing(reading)
def convert(
    inputs: options.Logs,
    *,
    file: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="TRACE", help="Write .parquet, .csv, .ndjson(.gz) or FOLDER/."
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Tell what was read, refused, bounded, and what is missing.")
    ] = False,
    **how: Any,
) -> None:
    """Read logs of any known format as one trace, and write it in a canonical form.

    No payload, header, cookie or address of the log is in the result.
    """
    from wscost.errors import InputError
    from wscost.readers import no_connections, read_input
    from wscost.readers.findings import findings_of
    from wscost.readers.source import at_hand
    from wscost.trace import Trace, TraceStream
    from wscost.tracefile import write_stream, write_trace
    from wscost.usage import Usage
    from wscost.usagefile import UsageFile

    if file is None and not report:
        raise InputError("Nothing to do: name the trace to write with -o, or ask for --report.")
    named = [at_hand(one) for one in inputs]
    output.spare(named, file)
    own = how.pop("format_options")
    with output.progress() as progress:
        read = read_input(
            named,
            progress=progress,
            streamed=True,
            rows_wanted=True,
            **how,
            **own,
        )
    if file is not None:
        if not isinstance(read, (Trace, TraceStream)):
            raise no_connections(getattr(read, "source", inputs[0]))
        lost = write_stream(read, file) if isinstance(read, TraceStream) else write_trace(read, file)
        for note in lost:
            output.complain(note.message)
    if not report:
        return
    if not isinstance(read, (Trace, TraceStream, Usage)):
        what = "totals" if isinstance(read, UsageFile) else "a plan"
        raise InputError(f"{inputs[0]}: this is {what}, not a record: there is nothing to report.")
    output.tell(str(findings_of(read)))


@queries.command("cloudflare")
def cloudflare(
    *,
    namespace: Annotated[str, typer.Option("--namespace", metavar="ID", help="The objects' namespace.")],
    start: Annotated[date, typer.Option("--from", metavar="DATE", parser=options.day, help="First day.")],
    end: Annotated[date, typer.Option("--to", metavar="DATE", parser=options.day, help="Last day.")],
    script: Annotated[
        str | None, typer.Option("--script", metavar="NAME", help="The Worker in front, for its CPU.")
    ] = None,
    file: options.Output = None,
) -> None:
    """Print a GraphQL query for Cloudflare's analytics; its answer is an input of wscost estimate."""
    from wscost.readers.cloudflare_query import cloudflare_query

    output.tell(cloudflare_query(namespace, start, end + timedelta(days=1), script), file)
