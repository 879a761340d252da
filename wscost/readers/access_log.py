"""Access logs of proxies: nginx, HAProxy, Caddy, Envoy, Traefik, AWS ALB, or any other by a layout in YAML.

A line is written when a request ends; only lines of upgraded requests (status 101, or as the layout
says) are connections, the others are counted. What each proxy's line says stands in
``access_log_presets``; the option ``layout`` names one of these or a file:

    access_log:
      line: json                                # or a regular expression with named groups
      closed_at: {field: ts, unit: s}           # s, ms, us, ns, rfc3339 or clf (23/Nov/2026:07:23:08 +0000)
      duration: {field: took, unit: ms}         # two of opened_at, closed_at and duration
      upgraded: {field: status, is: [101]}
      url: request.uri                          # in JSON, a path of keys; a list names alternatives
      bytes_in: {field: received, less: handshake}
      bytes_out: sent

=================  =========  =========  =========  ===============================================
preset             opened     closed     bytes in   bytes out
=================  =========  =========  =========  ===============================================
nginx-json         yes        yes        yes        yes
combined           with       yes        no         yes, with ``$request_time`` after the user agent, as
                                                    ingress-nginx writes it
haproxy            yes        yes        with %U    yes, with the handshake's answer
caddy              yes        yes        no         no
envoy, envoy-json  yes        yes        yes        yes
traefik(-json)     yes        yes        no         no
aws-alb            yes        yes        yes        yes
=================  =========  =========  =========  ===============================================

What no access log says: messages, and objects (rooms only where the path names them). Bytes are those
on the wire, with frame headers, and compressed where
client and server agreed to compress. Addresses, user agents and queries are not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wscost.errors import InputError, UnknownNameError
from wscost.notes import Grade, Note
from wscost.readers.access_log_layout import Layout, layout_file
from wscost.readers.access_log_presets import PRESETS
from wscost.readers.batching import Batch
from wscost.readers.fields import ROOM_FROM, Misfit, room_rule
from wscost.readers.intake import Intake
from wscost.readers.options import Options
from wscost.readers.remarks import other_requests, rooms_from_paths
from wscost.readers.source import BOM, HEAD_BYTES, Source
from wscost.trace import Trace, TraceStream
from wscost.units import number_of

NAME = "access-log"
OPTIONS = {
    "room_from": ROOM_FROM,
    "layout": f"How a line is laid out: a YAML file with access_log:, or one of {', '.join(PRESETS)}.",
}
CHOSEN_BY = "layout"

_LINES_TRIED = 100
_LINES_THAT_FIT = 0.2
"""Which share of the first lines must fit: a proxy writes other lines, too, as when it starts."""

_COLUMNS = ("connection_id", "object_id", "opened_at_us", "closed_at_us", "bytes_in", "bytes_out")


@dataclass(slots=True)
class _Met:
    """What was met on the way."""

    connections: int = 0
    others: int = 0
    skipped: int = 0
    partial: int = 0
    """Connections of which one end is not told."""
    sized: bool = False
    layouts: dict[str, None] = field(default_factory=dict)
    rooms: set[str] = field(default_factory=set)


def sniff(head: bytes, path: Path | None) -> bool:
    """Tell whether the first lines fit one of the presets."""
    return _recognise(head, PRESETS) is not None


def read(source: Source, options: Options) -> Trace | TraceStream:
    """Return one connection for each upgraded request.

    Raises
    ------
    InputError
        If no line fits the layout, or none is of a WebSocket.
    """
    rule = room_rule(options)
    chosen = _chosen(options)
    intake = Intake(source, options, written_at_close=True)
    batch = Batch(intake, "connections", _COLUMNS)
    met = _Met()
    for part in source.parts:
        name = _recognise(part.head, chosen) or next(iter(chosen))
        layout = chosen[name]
        for line, text in part.lines():
            try:
                fields = layout.fields(text)
                if fields is None:
                    met.skipped += 1
                    continue
                met.layouts[name] = None
                if not layout.is_upgrade(fields):
                    met.others += 1
                    continue
                found = layout.connection(fields, assume_utc=options.assume_utc)
            except Misfit as misfit:
                intake.refuse(part, line, str(misfit))
                continue
            room = rule(found.url)
            met.connections += 1
            met.partial += not found.whole
            met.sized |= found.bytes_in is not None or found.bytes_out is not None
            met.rooms.update([room] if room else [])
            batch.add(
                part,
                line,
                found.connection_id,
                room,
                found.opened,
                found.closed,
                found.bytes_in,
                found.bytes_out,
            )
    if not met.connections and not intake.refusals.total:
        raise InputError(f"{source.name}: {_instead(met, chosen)}")
    batch.hand_over()
    return intake.trace(_grades(met), _notes(met))


def _chosen(options: Options) -> Mapping[str, Layout]:
    name = options.own.get("layout")
    if name is None:
        return PRESETS
    if name in PRESETS:
        return {name: PRESETS[name]}
    if Path(name).suffix not in (".yaml", ".yml"):
        raise UnknownNameError("layout of an access log", name, PRESETS)
    return {Path(name).name: layout_file(Path(name))}


def _recognise(head: bytes, layouts: Mapping[str, Layout]) -> str | None:
    """Return the layout that most of the first lines fit, of several the first."""
    lines = head.removeprefix(BOM).split(b"\n")
    if len(head) >= HEAD_BYTES:
        lines.pop()
    tried = [line.strip() for line in lines if line.strip()][:_LINES_TRIED]
    fitting = {name: sum(_fits(layout, line) for line in tried) for name, layout in layouts.items()}
    best = max(fitting, key=lambda name: fitting[name])
    return best if fitting[best] > _LINES_THAT_FIT * len(tried) else None


def _fits(layout: Layout, line: bytes) -> bool:
    try:
        return layout.fields(line) is not None
    except Misfit:
        return False


def _instead(met: _Met, chosen: Iterable[str]) -> str:
    if met.others:
        requests = number_of(met.others, "request", "requests")
        return f"it holds {requests} and no WebSocket: none was upgraded (status 101)."
    return (
        f"none of its {number_of(met.skipped, 'line', 'lines')} is laid out as {' or '.join(chosen)}. "
        "--layout takes a YAML file that says how a line is laid out."
    )


def _grades(met: _Met) -> dict[str, Grade]:
    grades: dict[str, Grade] = {}
    if met.sized:
        grades |= dict.fromkeys(("bytes_in", "bytes_out"), Grade.ASSUMED)
    if met.rooms:
        grades["object_id"] = Grade.ASSUMED
    if met.partial:
        grades |= dict.fromkeys(("opened_at", "closed_at"), Grade.LOWER_BOUND)
    return grades


def _notes(met: _Met) -> list[Note]:
    notes = [
        Note("layout", f"The log was read as {' and '.join(met.layouts)}.", {"layouts": list(met.layouts)})
    ]
    if met.sized:
        notes.append(
            Note(
                "bytes-on-the-wire",
                "The proxy counts bytes on the wire, with frame headers (2 to 14 bytes a frame) and, with "
                "some, the handshake. Payload is less, or more where client and server compress.",
            )
        )
    if met.partial:
        notes.append(
            Note(
                "life-unknown",
                f"Lines that do not say how long the connection was open: {met.partial:,} of "
                f"{met.connections:,}. None of that time is counted. Add the duration to the log's format "
                "(nginx: $request_time).",
                {"connections": met.partial},
            )
        )
    if met.rooms:
        notes.append(rooms_from_paths(len(met.rooms), met.connections))
    if met.skipped:
        notes.append(
            Note(
                "lines-skipped",
                f"Lines that are not laid out as the others: {met.skipped:,}, skipped.",
                {"lines": met.skipped},
            )
        )
    return [*notes, *other_requests(met.others)]
