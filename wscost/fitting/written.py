"""Lines of a profile as a fit writes them: figures in the words of a profile, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from textwrap import wrap

from wscost.units import grouped, plain

_WIDTH = 80
_DIGITS = 4
_LONGEST_S = 3650 * 86_400.0
_UNITS = ((172_800.0, "d", 86_400.0), (7200.0, "h", 3600.0), (120.0, "m", 60.0), (1.0, "s", 1.0))


@dataclass(frozen=True)
class Line:
    """A line of YAML, and above it as a comment why it says so. A line may be a comment itself."""

    text: str
    why: str = ""
    depth: int = 0
    whole: bool = False
    """Whether it must not be folded: what stands between quotes."""


def render(blocks: Iterable[Iterable[Line]]) -> str:
    """Return blocks of lines as YAML, a blank line between them."""
    return (
        "\n\n".join("\n".join(line for entry in block for line in _rendered(entry)) for block in blocks)
        + "\n"
    )


def _rendered(line: Line) -> Iterator[str]:
    indent = "  " * line.depth
    mark = f"{indent}# "
    yield from wrap(line.why, _WIDTH, initial_indent=mark, subsequent_indent=mark)
    if line.whole:
        yield f"{indent}{line.text}"
        return
    inside = f"{indent}#     " if line.text.startswith("#") else f"{indent}    "
    yield from wrap(
        line.text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=inside,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def quoted(text: str) -> str:
    """Write text between double quotes as YAML reads it; half a surrogate pair becomes U+FFFD."""
    sound = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return '"' + "".join(map(_in_quotes, sound)) + '"'


def _in_quotes(character: str) -> str:
    if character in '"\\':
        return rf"\{character}"
    return character if character.isprintable() else rf"\U{ord(character):08x}"


def block(key: str, entries: Mapping[str, str], why: str = "", depth: int = 0) -> tuple[Line, ...]:
    """Write a key with a mapping below it: on its line if that is short enough, else a line an entry."""
    on_one = Line(f"{key}: {mapping(entries)}", why, depth)
    if 2 * depth + len(on_one.text) <= _WIDTH:
        return (on_one,)
    lines = (Line(f"{name}: {value}", depth=depth + 1) for name, value in entries.items())
    return (Line(f"{key}:", why, depth), *lines)


def listed(key: str, entries: Sequence[tuple[Mapping[str, str], str]], depth: int = 0) -> tuple[Line, ...]:
    """Write a key with several mappings below it, each with why; of one alone the mapping itself."""
    if len(entries) == 1:
        return block(key, *entries[0], depth)
    lines = [Line(f"{key}:", depth=depth)]
    for entry, why in entries:
        on_one = Line(f"- {mapping(entry)}", why, depth + 1)
        if 2 * on_one.depth + len(on_one.text) <= _WIDTH:
            lines.append(on_one)
            continue
        for name, value in entry.items():
            first = name == next(iter(entry))
            lines.append(Line(f"{'- ' if first else '  '}{name}: {value}", why if first else "", depth + 1))
    return tuple(lines)


def mapping(entries: Mapping[str, str]) -> str:
    """Write a mapping on one line."""
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"


def number(value: float, digits: int = _DIGITS) -> str:
    """Write a number to some significant digits, without an exponent."""
    return plain(Decimal(f"{value:.{digits}g}"))


def duration(seconds: float) -> str:
    """Write a length of time in the unit that suits it. [s]"""
    seconds = min(seconds, _LONGEST_S)
    for least, unit, size in _UNITS:
        if seconds >= least:
            return f"{number(seconds / size)}{unit}"
    return f"{number(max(seconds, 1e-6) * 1000)}ms"


def counted(many: int, what: str) -> str:
    """Write a number of things."""
    return f"{many:,} {what}{'s' * (many != 1)}"


def told(seconds: float) -> str:
    """Write a length of time as one says it. [s]"""
    for least, unit, length in (
        (172_800.0, "days", 86_400.0),
        (7200.0, "hours", 3600.0),
        (120.0, "minutes", 60.0),
    ):
        if seconds >= least:
            return f"{grouped(Decimal(number(seconds / length, 3)))} {unit}"
    return f"{number(max(seconds, 1e-6), 3)} s"


def size(of_bytes: float) -> str:
    """Write a size in whole bytes. [bytes]"""
    return str(round(of_bytes))


def every(seconds: float) -> dict[str, str]:
    """Write how far apart things are on average."""
    return {"every": duration(seconds)}


def rate(per_second: float) -> dict[str, str]:
    """Write a rate in k6's words, in the unit of time in which it is at least one."""
    for unit, length in (("1s", 1.0), ("1m", 60.0), ("1h", 3600.0)):
        if per_second * length >= 1:
            return {"rate": number(per_second * length), "timeUnit": unit}
    return {"rate": number(per_second * 86_400.0), "timeUnit": "1d"}
