"""Objects by number: the same name has the same number in every batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc


class Numbers:
    """Names met so far, numbered in order of appearance; only names that are new cost memory."""

    def __init__(self) -> None:
        self._known = pa.array([], pa.string())
        self._last: tuple[pa.Array, npt.NDArray[np.int32]] | None = None

    def __len__(self) -> int:
        return len(self._known)

    def of(self, names: pa.Array) -> npt.NDArray[np.int32]:
        """Return the number of each name; -1 for null and for the empty name."""
        if pa.types.is_null(names.type):
            return np.full(len(names), -1, dtype=np.int32)
        if not pa.types.is_dictionary(names.type):
            names = names.cast(pa.string()).dictionary_encode()
        if not len(names.dictionary):
            return np.full(len(names), -1, dtype=np.int32)
        numbers = self._numbers(names.dictionary.cast(pa.string()))
        indices = names.indices.cast(pa.int32())
        if indices.null_count:
            numbers = np.append(numbers, np.int32(-1))
            indices = indices.fill_null(len(numbers) - 1)
        chosen: npt.NDArray[np.int32] = numbers[indices.to_numpy()]
        return chosen

    def _numbers(self, dictionary: pa.Array) -> npt.NDArray[np.int32]:
        if self._last is not None and dictionary.equals(self._last[0]):
            return self._last[1]
        known = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), self._known)
        met = pa.DictionaryArray.from_arrays(_count_up(len(dictionary)), dictionary)
        together = pa.chunked_array([known, met]).unify_dictionaries()
        self._known = together.chunk(1).dictionary
        numbers = np.array(together.chunk(1).indices.to_numpy(), dtype=np.int32)
        numbers[pc.equal(dictionary, "").fill_null(True).to_numpy(zero_copy_only=False)] = -1
        self._last = dictionary, numbers
        return numbers


def _count_up(length: int) -> pa.Array:
    return pa.array(np.arange(length, dtype=np.int32))
