"""How old connections get: how often one reaches a multiple of some interval. Times in s."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf

import numpy as np

from wscost.profile.law import Floats, Law

_FOLLOWED = 100_000
"""Ticks of a session that are added up one by one; of those after them, their integral."""


@dataclass(frozen=True)
class Ages:
    """The ages that connections reach: sessions, begun anew at random moments and at an age."""

    session: Law
    anew: float = 0.0
    """How often they begin anew at random. [1/s]"""
    limit: float = inf
    """The age at which each begins anew. [s]"""

    def rate(self, every: float, *, anew: float = 0.0) -> float:
        """Return how often a second the age is a multiple of an interval, and not yet at the limit.

        With ``anew`` it begins anew so much more often: by messages, where silence is what counts.

        An age is reached by a session that began, or began anew, so long ago and goes on. With rate r and
        survival S, a session has exp(-r t) (S(t) + r m(t)) of them at age t, m being the integral of S from t
        on; its integral from t on is exp(-r t) m(t). At the limit the ages begin again from 0.
        """
        longest = self.session.longest
        by_life = ceil(min(self.limit / every, longest / every + 2)) - 1
        if not by_life:
            return 0.0
        more = replace(self, anew=self.anew + anew)
        ticks: Floats = every * np.arange(1.0, min(by_life, _FOLLOWED) + 1)
        after, tick_rate = ticks[-1] + every / 2, 1 / every
        if self.limit <= longest and by_life < _FOLLOWED:
            lives = ceil(min(_FOLLOWED / by_life, longest / self.limit + 1))
            ticks = np.add.outer(self.limit * np.arange(lives), ticks).ravel()
            after, tick_rate = lives * self.limit, by_life / self.limit
        rest = tick_rate * more._still(np.array([after]))[0]
        return float(more._reached(ticks).sum() + rest) / self.session.mean

    def _reached(self, age: Floats) -> Floats:
        past = self.session.survival(age) + self.anew * self.session.beyond(age)
        return np.asarray(np.exp(-self.anew * age) * past)

    def _still(self, age: Floats) -> Floats:
        return np.asarray(np.exp(-self.anew * age) * self.session.beyond(age))
