"""What connections that are all at hand add up to by UTC day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from wscost.deployment import Deployment
from wscost.intervals import ENOUGH, Ints, count_by_day, peak_by_day, sum_by_day
from wscost.metering.columns import UNKNOWN, Sockets
from wscost.metering.tally import Days
from wscost.units import MICROSECONDS_PER_DAY, MICROSECONDS_PER_SECOND

_MINUTE = 60 * MICROSECONDS_PER_SECOND


class Cpu(NamedTuple):
    """A socket's CPU time in a Worker: of a connect, of a message [µs]; and whether the socket ends there."""

    connect: int
    message: int
    own: bool

    @classmethod
    def of(cls, deployment: Deployment) -> Cpu:
        """Return what a deployment says."""
        own, cpu = deployment.endpoint == "worker", deployment.cpu_ms
        return cls(int(cpu.connect * 1000), int(cpu.message * 1000), own)

    def most(self, handled: Ints, multiple: int) -> int:
        """Return the most that a multiple of the CPU time of one of some connections can come to. [µs]

        Raises
        ------
        OverflowError
            If that is more than 64 bits hold, some hundred thousand years.
        """
        messages = int(handled.max(initial=0))
        most = multiple * (self.connect + messages * self.message)
        if most >= ENOUGH:
            raise OverflowError(
                f"a connection with {messages:,} messages in takes more CPU time than can be counted, at "
                f"{self.message / 1000:g} ms a message. Look at messages_in, or at cpu_ms in the deployment."
            )
        return most


@dataclass(frozen=True)
class FrameSums:
    """Sums of whole numbers, one a UTC day, made when asked for; an unknown count adds nothing."""

    sockets: Sockets
    days: Days

    @cached_property
    def rows(self) -> int:
        """How many connections there are."""
        return len(self.sockets.opened)

    @cached_property
    def without_object(self) -> int:
        """How many name no object; each counts as an object of its own."""
        return self.sockets.without_object

    @cached_property
    def opened_before(self) -> int:
        """How many were open when the window began."""
        return int((self.sockets.opened < self.days.start).sum())

    @cached_property
    def still_open(self) -> int:
        """How many were open when it ended."""
        return int((self.sockets.still_open | (self.sockets.closed > self.days.end)).sum())

    @cached_property
    def opened(self) -> Ints:
        """How many opened."""
        opened = self.sockets.opened
        inside = opened[(opened >= self.days.start) & (opened < self.days.end)]
        return count_by_day(inside, self.days.first_day, self.days.days)

    @cached_property
    def closed(self) -> Ints:
        """How many closed."""
        closed = self.sockets.closed[~self.sockets.still_open]
        inside = closed[(closed >= self.days.start) & (closed < self.days.end)]
        return count_by_day(inside, self.days.first_day, self.days.days)

    @cached_property
    def open_time(self) -> Ints:
        """Time open, summed over connections. [µs]"""
        return self._by_piece(self.sockets.pieces.end - self.sockets.pieces.start)

    @cached_property
    def minutes(self) -> Ints:
        """Started minutes of each connection."""
        pieces = self.sockets.pieces
        return self._by_piece(self._minutes_until(pieces.end) - self._minutes_until(pieces.start))

    @cached_property
    def peak(self) -> Ints:
        """Most connections open at one instant."""
        pieces = self.sockets.pieces
        return peak_by_day(pieces.start, pieces.end, self.days.first_day, self.days.days)

    def known(self, column: str) -> int:
        """Return how many connections tell a count."""
        return int((getattr(self.sockets, column) != UNKNOWN).sum())

    def total(self, column: str) -> Ints:
        """Return a count, spread evenly over each connection's time."""
        return self._spread(np.maximum(getattr(self.sockets, column), 0))

    def units(self, direction: str, step: int) -> Ints:
        """Return the fewest steps of so many bytes that messages can have taken."""
        messages, sizes = (getattr(self.sockets, f"{what}_{direction}") for what in ("messages", "bytes"))
        return self._spread(np.maximum(messages, -(-sizes // step)))

    def overdrawn(self, multiple: int, cpu: Cpu) -> Ints:
        """Return what a multiple of each connection's CPU time takes beyond its wall time. [µs]"""
        sockets, (start, end, first_day, days) = self.sockets, self.days
        opened = (sockets.opened >= start) & (sockets.opened < end)
        handled = np.maximum(sockets.messages_in, 0) if cpu.own else np.zeros_like(opened, dtype=np.int64)
        cpu.most(handled, multiple)
        pieces = sockets.pieces
        inside = np.bincount(pieces.row, self._by_time(handled), len(sockets.opened)).astype(np.int64)
        wall = np.bincount(pieces.row, pieces.end - pieces.start, len(sockets.opened)).astype(np.int64)
        beyond = multiple * (opened * cpu.connect + inside * cpu.message) - (wall if cpu.own else 0)
        last_day = np.clip(sockets.closed, start, end - 1) // MICROSECONDS_PER_DAY
        return sum_by_day(np.maximum(beyond, 0), last_day, first_day, days)

    def _minutes_until(self, at: Ints) -> Ints:
        """Count the started minutes of each connection up to an instant; the first starts on opening."""
        minutes: Ints = -(-(at - self.sockets.opened[self.sockets.pieces.row]) // _MINUTE)
        return np.maximum(minutes, 0)

    def _spread(self, totals: Ints) -> Ints:
        """Spread counts that are known per connection evenly over its time open, by day."""
        return self._by_piece(self._by_time(totals))

    def _by_time(self, totals: Ints) -> Ints:
        """Return of each piece its part of counts spread evenly over a connection's time, in whole units."""
        pieces = self.sockets.pieces
        opened, closed = self.sockets.opened[pieces.row], self.sockets.closed[pieces.row]
        total = totals[pieces.row]
        seconds = np.maximum((closed - opened) // MICROSECONDS_PER_SECOND, 1)
        each, rest = np.divmod(total, seconds)

        def until(at: Ints) -> Ints:
            elapsed = np.clip((at - opened) // MICROSECONDS_PER_SECOND, 0, seconds)
            return np.where(at >= closed, total, each * elapsed + rest * elapsed // seconds)

        before = np.where(pieces.start > opened, until(pieces.start), 0)
        parts: Ints = until(pieces.end) - before
        return parts

    def _by_piece(self, quantity: Ints) -> Ints:
        return sum_by_day(quantity, self.sockets.pieces.day, self.days.first_day, self.days.days)
