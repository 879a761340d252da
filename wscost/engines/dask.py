"""Dask: partitions are read and metered by the workers of a cluster; only sums come back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from wscost.engines import work
from wscost.errors import EngineError
from wscost.metering.objectclocks import ENDS
from wscost.metering.partials import Task
from wscost.metering.streaming import Question, StreamSums
from wscost.trace import Engine, Partition, TraceStream

if TYPE_CHECKING:
    from distributed import Client, Future

    from wscost.engines import Progress

NAME = "dask"
CONNECT_S = 10
"""How long a scheduler may take to answer."""
WORKERS_S = 30
"""How long to wait for the first worker, and for another one where all are gone."""
LOST_S = 120
"""How long one of our own that died may take to start anew: a busy machine is slow to load what it needs."""
LOOK_S = 5
KILLED = "worker-restart-memory"
"""What a nanny tells of a worker that it ends for taking too much memory."""
MOST_KILLED = 2
"""How often that may happen for each worker until it is clear that it will go on."""
RETRIES = 2
"""A read that fails may have met a store that was busy."""
ONLY_CRITICAL = 50

T = TypeVar("T")


@contextmanager
def started(scheduler: str | None, progress: Progress | None) -> Iterator[Engine]:
    """Give an engine that connects, or starts workers on this machine, when it is first asked; then end it.

    Raises
    ------
    EngineError
        If Dask is not installed, no scheduler answers, or workers cannot do what they are asked.
    """
    try:
        import distributed
    except ImportError:
        raise EngineError("--engine dask needs Dask: pip install 'wscost[dask]'.") from None
    with ExitStack() as stack:
        stack.enter_context(distributed.utils.silence_logging_cmgr(ONLY_CRITICAL))
        engine = DaskEngine(lambda: _connected(scheduler, stack), progress)
        try:
            yield engine
        except (distributed.CancelledError, distributed.comm.CommClosedError):
            raise EngineError(
                f"The connection to {_called(scheduler)} was lost; nothing is counted. "
                "Look whether it still runs, and start again."
            ) from None


class Read:
    """How many bytes are read, of how many in all."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def more(self, size: int) -> None:
        """Tell that so many more are."""
        self._done += size
        if self._progress:
            self._progress(self._done, self._total)


class DaskEngine:
    """The workers of one cluster."""

    def __init__(self, connect: Callable[[], Client], progress: Progress | None = None) -> None:
        self._connect, self._progress = connect, progress
        self._client: Client | None = None
        self._killed: list[object] = []
        """What is told of each worker that took too much memory."""

    @property
    def client(self) -> Client:
        """The connection to the scheduler."""
        if self._client is None:
            self._client = self._connect()
            self._client.subscribe_topic(KILLED, self._killed.append)
        return self._client

    def each(self, work: Callable[[Partition], T], partitions: Sequence[Partition]) -> list[T]:
        """Return what a piece of work finds in each partition, in their order."""
        futures = self.client.map(work, partitions, pure=False, retries=RETRIES)
        read = Read(sum(partition.size for partition in partitions), self._progress)
        return self._found(futures, partitions, read)

    def sums(self, stream: TraceStream, question: Question) -> StreamSums:
        """Return what a pass over a stream is asked.

        Each partition is reduced where it is read; its shares then travel to where each is settled.
        """
        task = work.task_of(stream, question, sum(self.client.nthreads().values()))
        cut = work.cut(stream)
        of_events, of_connections = work.turns(cut)
        read = Read(sum(partition.size for partition in cut.partitions), self._progress)
        happened, events = self._reduced(of_events, task, ENDS, read)
        told = work.told(happened, task)
        parts, connections = self._reduced(of_connections, task, told, read)
        if (asked := work.told([*happened, *parts], task)) != told:
            parts, connections = self._reduced(of_connections, task, asked, Read(0, None))
        settled = [
            self.client.submit(work.settled, [*some, *others], task, pure=False)
            for some, others in zip(events, connections, strict=True)
        ]
        del events, connections  # so that workers forget what nobody asks for any more
        return work.whole(cut, task, [*happened, *parts], self._found(settled))

    def _reduced(
        self, partitions: Sequence[Partition], task: Task, told: frozenset[str], read: Read
    ) -> tuple[list[work.Part], list[list[Future]]]:
        """Reduce partitions: return what of each just adds up, and by share what has yet to be settled."""
        each = self.client.map
        reduced = each(work.reduced, partitions, task=task, told=told, pure=False, retries=RETRIES)
        counted = each(work.counted, reduced, pure=False)
        shares = [
            each(work.share, reduced, number=number, task=task, pure=False) for number in range(task.shares)
        ]
        del reduced
        return self._found(counted, partitions, read), shares

    def _found(
        self, futures: Sequence[Future], partitions: Sequence[Partition] = (), read: Read | None = None
    ) -> list[Any]:
        """Wait for results; of what was refused, tell the first in order, whichever came first."""
        sizes = dict(zip(futures, (partition.size for partition in partitions), strict=False))
        for future in self._finished(futures):
            if future.status == "error" and isinstance(fault := future.exception(), _fatal()):
                raise _told(fault)
            if read is not None:
                read.more(sizes[future])
        failed = next((future for future in futures if future.status == "error"), None)
        if failed is not None:
            raise _told(failed.exception())
        return self.client.gather(list(futures))  # type: ignore[no-any-return]

    def _finished(self, futures: Iterable[Future]) -> Iterator[Future]:
        """Yield futures as they end; give up where nobody is left to work, and where memory does not do."""
        from distributed import wait

        left, idle_s, workers = set(futures), 0, max(len(self.client.nthreads()), 1)
        while left:
            try:
                ended, left = wait(left, timeout=LOOK_S, return_when="FIRST_COMPLETED")
                yield from ended
                idle_s = 0
            except TimeoutError:
                at_hand = self.client.scheduler_info(n_workers=-1)["workers"].values()
                workers = max(workers, len(at_hand))
                idle_s = 0 if any(map(_works, at_hand)) else idle_s + LOOK_S
                if idle_s >= WORKERS_S and at_hand:
                    raise _too_little(f"have been too full for {WORKERS_S} s to go on") from None
                if idle_s >= WORKERS_S:
                    raise EngineError(
                        f"All workers are gone, and none came for {WORKERS_S} s; nothing is counted."
                    ) from None
            if len(self._killed) >= MOST_KILLED * workers:
                raise _too_little("were ended again and again for lack of memory")


def _works(worker: Mapping[str, Any]) -> bool:
    """Tell whether a worker is at work, or would be: one that is short of memory takes no more."""
    return worker["status"] == "running" or bool(worker["metrics"].get("task_counts", {}).get("executing"))


def _too_little(happened: str) -> EngineError:
    """Return what to say of workers that have too little memory."""
    return EngineError(
        f"Workers that were given a part of the input {happened}; nothing is counted. "
        "Give each more memory (dask worker --memory-limit)."
    )


def _told(fault: BaseException) -> BaseException:
    """Say what happened to a worker in words for who can help it; what a reader refuses says so itself."""
    if isinstance(fault, _fatal()):
        died = not isinstance(fault, MemoryError)
        return _too_little("died each time, as for lack of memory" if died else "had no memory left")
    if isinstance(fault, ImportError):
        return EngineError(f"Workers cannot read the input: {fault}. Install there what is installed here.")
    return fault


def _fatal() -> tuple[type[BaseException], ...]:
    """Return what other parts of the input would come to as well."""
    from distributed.scheduler import KilledWorker

    return KilledWorker, MemoryError


def _connected(scheduler: str | None, stack: ExitStack) -> Client:
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client, LocalCluster

    if scheduler is None:
        stack.enter_context(dask.config.set({"distributed.deploy.lost-worker-timeout": f"{LOST_S} s"}))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=CPU_COUNT,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=ONLY_CRITICAL,
            )
        )
        return stack.enter_context(Client(cluster))
    try:
        client = stack.enter_context(Client(scheduler, timeout=CONNECT_S))
    except (OSError, ValueError) as error:
        raise EngineError(
            f"The scheduler {scheduler} does not answer. Look whether `dask scheduler` runs there "
            "and may be reached from here, and write its address as tcp://HOST:8786."
        ) from error
    _check(client, scheduler)
    return client


def _check(client: Client, scheduler: str) -> None:
    """Refuse a cluster that has no workers, or some that would count otherwise."""
    from importlib.metadata import version

    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise EngineError(
            f"The scheduler {scheduler} has no workers after {WORKERS_S} s. "
            f"Start some: dask worker {scheduler}."
        ) from None
    mine = version("wscost")
    for worker, theirs in client.run(version, "wscost", on_error="return").items():
        if theirs != mine:
            has = f"wscost {theirs}" if isinstance(theirs, str) else "no wscost"
            raise EngineError(f"The worker {worker} has {has}; install wscost {mine} there, as it is here.")


def _called(scheduler: str | None) -> str:
    return "the workers on this machine" if scheduler is None else f"the scheduler {scheduler}"
