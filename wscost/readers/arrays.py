"""Arrow arrays as numpy arrays, and single values as Arrow has them, by way of their memory alone.

To look at any Python value, and to make most numpy arrays, pyarrow loads pandas. A stream of millions of rows
needs none of it, and would wait for it longer than for half a million of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    N = TypeVar("N", np.int8, np.int32)
    K = TypeVar("K", bound=np.generic)


def room(size: int, kind: type[K]) -> npt.NDArray[K]:
    """Return an array of so many values, whatever they are, in memory that Arrow takes back for the next."""
    import numpy as np
    import pyarrow as pa

    return np.frombuffer(pa.allocate_buffer(size * np.dtype(kind).itemsize), kind)


def numbers(array: pa.Array, null: int | None = None) -> npt.NDArray[Any]:
    """Return an array of numbers, with a number in place of null; it is copied only where one is."""
    import numpy as np

    if array.null_count:
        array = array.fill_null(scalar(null or 0, array.type))
    return np.from_dlpack(array) if len(array) else np.empty(0, dtype=array.type.to_pandas_dtype())


def flags(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return an array of truths; null is false."""
    import numpy as np
    import pyarrow as pa

    if array.null_count:
        array = array.fill_null(scalar(0, array.type))
    found: npt.NDArray[np.bool_] = numbers(array.cast(pa.uint8())).view(np.bool_)
    return found


def scalar(value: int, kind: pa.DataType) -> pa.Scalar:
    """Return one value of a type that is numbers in memory: integers, floats, instants, truths."""
    import numpy as np
    import pyarrow as pa

    plain = np.uint8 if pa.types.is_boolean(kind) else np.int64 if pa.types.is_temporal(kind) else None
    memory = np.array([value], dtype=plain or kind.to_pandas_dtype())
    return pa.Array.from_buffers(kind, 1, [None, pa.py_buffer(memory)])[0]


def parts(array: pa.Array) -> tuple[npt.NDArray[Any], memoryview, int]:
    """Return an array's numbers, garbage where it is null, the bits that say where, and at which it begins.

    There are no bits if there is no null.
    """
    import numpy as np

    validity, values = array.buffers()
    bits = memoryview(validity if array.null_count else b"").cast("B")
    kind = np.dtype(array.type.to_pandas_dtype())
    numbers_ = np.frombuffer(values or b"", kind)[array.offset : array.offset + len(array)]
    return numbers_, bits, array.offset


def looked_up(indices: pa.Array, table: npt.NDArray[N], missing: int) -> npt.NDArray[N]:
    """Return what each place in a dictionary stands for, and what stands for null.

    Raises
    ------
    pyarrow.ArrowIndexError
        If a place lies outside the dictionary, as in a damaged file.
    """
    import pyarrow as pa
    from pyarrow.lib import ArrowIndexError

    from wscost.loops.columns import look_up

    if indices.type != pa.int32():
        indices = indices.cast(pa.int32())
    found = room(len(indices), table.dtype.type)
    if look_up(*parts(indices), table, missing, found):
        raise ArrowIndexError("an index lies outside its dictionary")
    return found
