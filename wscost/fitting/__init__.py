"""Fitting: a trace in, the profile that would make one like it out, and how well it fits.

Lengths of connections are fitted by maximum likelihood, given what the window cuts from them; arrivals,
rooms and messages by what they come to. What a trace does not tell stays out of the profile.
"""

from wscost.fitting.story import Fit, fit

__all__ = ["Fit", "fit"]
