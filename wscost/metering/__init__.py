"""Metering: a trace and a deployment in, usage by UTC day out. Knows no price."""

from wscost.metering.meter import meter

__all__ = ["meter"]
