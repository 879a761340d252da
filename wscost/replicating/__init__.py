"""Replicating: a profile's month simulated once, and many months that it might have been."""

from wscost.replicating.drawing import Theory, means
from wscost.replicating.months import Parameters, SimulatedMonth, Simulation

__all__ = ["Parameters", "SimulatedMonth", "Simulation", "Theory", "means"]
