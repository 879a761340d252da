"""Projecting: usage of an observed window in, usage of a billing month out, or of many that it may become."""

from wscost.projecting.bootstrapping import ObservedMonth, days_drawn
from wscost.projecting.month import Projection, billing_period, project

__all__ = ["ObservedMonth", "Projection", "billing_period", "days_drawn", "project"]
