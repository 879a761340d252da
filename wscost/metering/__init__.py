"""Metering: a trace and a deployment in, usage by UTC day out. Knows no price."""

from wscost.metering.meter import meter
from wscost.metering.objects import Lives, object_lives

__all__ = ["Lives", "meter", "object_lives"]
