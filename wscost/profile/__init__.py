"""Profiles: what will happen, as distributions, in YAML with ``profile:`` at its top level.

The name stands under ``profile:``, the other keys beside it: ``calendar``, ``scenarios``, ``session``,
``rooms``, ``messages``, ``client``, ``drops``, ``deploys``, ``http``, ``seed``. docs/profiles.md tells
the form by example; ``wscost/schemas/profile-1.json`` is its JSON Schema.
"""

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
    "looks_like",
    "preset",
    "preset_names",
    "preset_text",
    "read_profile",
    "schema_text",
]
