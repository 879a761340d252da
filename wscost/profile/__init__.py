"""Profiles: what will happen, as distributions, in YAML with ``profile:`` at its top level.

The name stands under ``profile:``, the other keys beside it: ``calendar``, ``scenarios``, ``session``,
``rooms``, ``messages``, ``client``, ``drops``, ``deploys``, ``http``, ``seed``. docs/profiles.md tells
the form by example; ``wscost/schemas/profile-1.json`` is its JSON Schema.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from wscost.profile.model import Profile
    from wscost.profile.quantities import Range
    from wscost.profile.reading import (
        looks_like,
        preset,
        preset_names,
        preset_text,
        read_profile,
        schema_text,
    )

__all__ = [
    "Profile",
    "Range",
    "is_profile",
    "looks_like",
    "preset",
    "preset_names",
    "preset_text",
    "read_profile",
    "schema_text",
]
_HOMES = {"Profile": "model", "Range": "quantities"}


def is_profile(thing: object) -> TypeIs[Profile]:
    """Tell a profile from anything else, without loading what profiles are made of."""
    model = sys.modules.get(f"{__name__}.model")
    return model is not None and isinstance(thing, model.Profile)


def __getattr__(name: str) -> Any:
    """Load the model when it is first asked for: a trace has no need of its laws of probability."""
    if name in __all__:
        return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'reading')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
