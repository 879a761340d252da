"""Engines under test: one in this process that sends all through bytes, and mishaps for those in others."""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

import psutil
from distributed import get_worker

from wscost.engines import work
from wscost.metering.streaming import Question, StreamSums
from wscost.trace import Partition, PartitionPass, TraceStream
from wscost.usage import Window

T = TypeVar("T")


def sent(thing: T) -> T:
    return pickle.loads(pickle.dumps(thing))  # type: ignore[no-any-return]


class Disorderly:
    """Takes partitions and shares in an order of its own."""

    def __init__(self, random: Random, shares: int = 3) -> None:
        self._random, self._shares = random, shares

    def each(self, work: Callable[[Partition], T], partitions: Sequence[Partition]) -> list[T]:
        return [sent(work(sent(partition))) for partition in self._shuffled(partitions)]

    def sums(self, stream: TraceStream, question: Question) -> StreamSums:
        task = work.task_of(stream, question, self._shares)
        cut = work.cut(stream)
        of_events, of_connections = work.turns(cut)
        happened = self._reduced(of_events, task, work.ENDS)
        told = work.told(map(work.counted, happened), task)
        parts = happened + self._reduced(of_connections, task, told)
        if (asked := work.told(map(work.counted, parts), task)) != told:
            parts = happened + self._reduced(of_connections, task, asked)
        shares = [
            work.settled([sent(work.share(part, n, task)) for part in self._shuffled(parts)], task)
            for n in self._shuffled(range(task.shares))
        ]
        counted = [sent(work.counted(part)) for part in self._shuffled(parts)]
        return work.whole(cut, task, counted, [sent(one) for one in shares])

    def _reduced(
        self, partitions: Sequence[Partition], task: work.Task, told: frozenset[str]
    ) -> list[work.Reduced]:
        return [work.reduced(sent(one), sent(task), told) for one in self._shuffled(partitions)]

    def _shuffled(self, things: Sequence[T]) -> list[T]:
        return self._random.sample(list(things), len(things))


@dataclass(frozen=True)
class Wrapped:
    """A partition to which something happens wherever it is read."""

    inner: Partition
    folder: Path
    """Where it leaves a trace of itself: the number of the process that reads it."""

    @property
    def events(self) -> bool:
        return self.inner.events

    @property
    def rows(self) -> int:
        return self.inner.rows

    @property
    def size(self) -> int:
        return self.inner.size

    def read(self, window: Window) -> PartitionPass:
        note = self.folder / f"{os.getpid()}.note"
        note.write_text(str(os.getpid()))
        note.rename(self.folder / "begun")  # whoever sees it sees all of it
        self.happen()
        return self.inner.read(window)

    def happen(self) -> None: ...


class Gated(Wrapped):
    """It waits until it may go on."""

    def happen(self) -> None:
        until((self.folder / "open").exists)


class Deadly(Wrapped):
    """Whoever reads it dies of it."""

    def happen(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Greedy(Wrapped):
    """Whoever reads it asks for more memory than there is."""

    def happen(self) -> None:
        raise MemoryError


class Hungry(Wrapped):
    """Whoever reads it takes more and more memory, as far as this ends by itself."""

    def happen(self) -> None:
        taken = []
        for _ in range(40):
            taken.append(b"x" * 2**24)
            time.sleep(0.02)
        time.sleep(10)


class Filling(Wrapped):
    """Whoever reads it has taken so much memory after that it takes no more work."""

    def happen(self) -> None:
        worker = get_worker()
        while psutil.Process().memory_info().rss < 0.83 * worker.memory_manager.memory_limit:
            HELD.append(b"x" * 2**22)


HELD: list[bytes] = []


def until(there: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something is there."""
    for _ in range(int(seconds / 0.02)):
        if there():
            return
        time.sleep(0.02)
    raise TimeoutError
