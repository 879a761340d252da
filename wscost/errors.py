"""What can go wrong through no fault of wscost: one sentence each, told to the user as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


class WscostError(Exception):
    """A mistake in input, configuration or usage; the message says where, what and what to do."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross to another process with the message as it stands, not as it was made."""
        return _as_told, (type(self), *self.args), self.__dict__ or None


def _as_told(kind: type[WscostError], *arguments: object) -> WscostError:
    return kind.__new__(kind, *arguments)


class InputError(WscostError):
    """A trace, usage file or profile that cannot be read as what it claims to be."""


class BadRowsError(InputError):
    """Rows that a reader refuses: all of them counted, the first ten shown."""

    SHOWN = 10

    def __init__(self, complaints: Sequence[str], total: int | None = None) -> None:
        self.total = len(complaints) if total is None else total
        shown = list(complaints[: self.SHOWN])
        if self.total > len(shown):
            shown.append(f"… and {self.total - len(shown):,} more rows like these.")
        super().__init__("\n".join(shown))


class ConfigError(WscostError):
    """A YAML file (price book, deployment, profile, scenario) that breaks its specification."""


class NoPriceError(WscostError):
    """No price is known for that plan on that date or in that region."""


class NotSoldError(NoPriceError):
    """That plan had no price on that date, or cannot carry the deployment: others may."""


class UnknownNameError(WscostError):
    """A name that nothing carries; close names are offered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        close = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(names) or 'none'}."
        super().__init__(f"There is no {kind} named {name!r}. {hint}")


class OutputError(WscostError):
    """A result that cannot be written where the user wants it."""


class EngineError(WscostError):
    """Work that other processes were to do and did not."""
