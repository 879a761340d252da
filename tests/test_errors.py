"""Errors keep their words wherever they go."""

from __future__ import annotations

import copy
import pickle

import pytest

from wscost import errors
from wscost.errors import BadRowsError, UnknownNameError, WscostError

TOLD = [
    BadRowsError(["a.csv:2: one", "a.csv:3: two"]),
    BadRowsError([f"a.csv:{n}: bad" for n in range(12)], total=1_234),
    UnknownNameError("plan", "cloudflare/worker", ["cloudflare/workers-free"]),
    UnknownNameError("plan", "x", []),
    *(
        kind("a.yaml:3: what is wrong.")
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, WscostError)
        if kind not in (BadRowsError, UnknownNameError)
    ),
]


@pytest.mark.parametrize("error", TOLD, ids=lambda error: type(error).__name__)
def test_an_error_that_crosses_processes_says_the_same(error: WscostError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(other), str(other), vars(other)) == (type(error), str(error), vars(error))
