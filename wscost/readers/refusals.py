"""Bad rows: all of them counted, the first ten told with place, cause and cure."""

from __future__ import annotations

from collections.abc import Iterable

from wscost.errors import BadRowsError, InputError
from wscost.notes import Note
from wscost.readers.options import Options

SHOWN_CHARACTERS = 40


class Refusals:
    """The rows that a reader refuses, over all parts of the input, in the parts' order.

    That is the order in which they are named at first, or else the one in which they have bad rows.
    """

    def __init__(self, parts: Iterable[str] = ()) -> None:
        self.total = 0
        self._parts = {part: order for order, part in enumerate(parts)}
        self._first: list[tuple[int, int, str]] = []

    def add(self, part: str, line: int, sentence: str) -> None:
        """Refuse one row; the sentence says what is wrong with it and what to do."""
        self.total += 1
        self._keep(part, line, sentence)

    def add_all(self, others: Refusals) -> None:
        """Refuse the rows that were refused elsewhere too."""
        self.total += others.total
        for part, line, sentence in others._told():
            self._keep(part, line, sentence)

    def settle(self, source: str, rows: int, options: Options) -> tuple[Note, ...]:
        """Return the note on the refused rows where they may be skipped.

        Raises
        ------
        BadRowsError
            If rows were refused and bad rows may not be skipped.
        InputError
            If they may, but no row is left.
        """
        if not self.total:
            return ()
        told = [f"{part}:{line}: {sentence}" for part, line, sentence in self._told()]
        if not options.skip_bad_rows:
            raise BadRowsError(told, self.total)
        if self.total >= rows:
            all_of_them = (
                "its only row is bad:" if rows == 1 else f"every one of its {rows:,} rows is bad. The first:"
            )
            raise InputError(f"{source}: {all_of_them} {told[0]}")
        return (
            Note(
                "rows-refused",
                f"Rows left out as bad: {self.total:,} of {rows:,}. What they held is not counted.",
                {"refused": self.total, "rows": rows, "first": told},
            ),
        )

    def _keep(self, part: str, line: int, sentence: str) -> None:
        """Keep what is to be told: of many, the first."""
        order = self._parts.setdefault(part, len(self._parts))
        self._first.append((order, line, sentence))
        if len(self._first) > 4 * BadRowsError.SHOWN:
            self._first = sorted(self._first)[: BadRowsError.SHOWN]

    def _told(self) -> list[tuple[str, int, str]]:
        names = list(self._parts)
        return [(names[order], line, told) for order, line, told in sorted(self._first)[: BadRowsError.SHOWN]]


def shown(value: object) -> str:
    """Write a cell for a message; a long one, which may hold anything, is only measured."""
    text = f"{value}"
    return repr(text) if len(text) <= SHOWN_CHARACTERS else f"(a value of {len(text):,} characters)"
