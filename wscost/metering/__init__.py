"""Metering: a trace and a deployment in, usage by UTC day out. Knows no price."""

from wscost.metering.clocks import Lives
from wscost.metering.meter import meter
from wscost.metering.objects import object_lives

__all__ = ["Lives", "meter", "object_lives"]
