"""Whether every connection has an id of its own: hashes tell, eight bytes a row on disk."""

from __future__ import annotations

import pyarrow as pa

from wscost.readers.spooling.doubles import Ids
from wscost.trace import RepeatedIdsError

SORTED_ROWS = 262_144
"""Ids that are best sorted at once."""


class Identity:
    """The ids of one pass after another, until one has come to its end."""

    def __init__(self) -> None:
        self.sure = False
        """Whether each was found to stand once."""
        self._repeats = False
        self.begin()

    def begin(self) -> None:
        """Forget what a pass before has read.

        Raises
        ------
        RepeatedIdsError
            If it has found that some id may stand twice.
        """
        if self._repeats:
            raise RepeatedIdsError
        self._ids = Ids()
        self._waiting: list[pa.Array] = []
        self._rows = 0

    def add(self, names: pa.Array) -> None:
        """Take the ids of some connections; null is nobody's."""
        self._waiting.append(names.drop_null() if names.null_count else names)
        self._rows += len(self._waiting[-1])
        if self._rows >= SORTED_ROWS:
            self._sort()

    def end(self) -> None:
        """Find out whether some id stands twice.

        Raises
        ------
        RepeatedIdsError
            If one may.
        """
        self._sort()
        self._repeats = self._ids.may_repeat
        self.sure = not self._repeats
        self.begin()

    def _sort(self) -> None:
        if self._rows:
            self._ids.add(pa.chunked_array(self._waiting))
        self._waiting, self._rows = [], 0
