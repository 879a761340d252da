"""Matching what is given to what a plan counts: the storage that it tells of, and what nothing counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from wscost.completing import Consumed
from wscost.deployment import Deployment, Storage
from wscost.exploring.words import joined
from wscost.notes import Note
from wscost.pricelist import Consume, PriceList
from wscost.usage import Quantities

_METERS_OF: Mapping[Storage, frozenset[str]] = {
    "kv": frozenset({"storage_read_units", "storage_write_units", "storage_deletes", "storage_kv_gb_months"}),
    "sqlite": frozenset({"storage_rows_read", "storage_rows_written", "storage_sql_gb_months"}),
}
"""What only objects with that storage have."""
_COUNTERPART = {"worker_wall_seconds": "worker_passthrough_seconds"}
"""Two parts of one whole, of which a plan may charge only the first: sockets handled, and handed on."""


class Stored(NamedTuple):
    """The kinds of storage that a deployment has, and how that is known if nobody declared it."""

    kinds: tuple[Storage, ...]
    note: Note | None = None

    def told_on(self, prices: PriceList) -> PriceList:
        """Return the price list with the note, where the plan counts what is stored."""
        if self.note is None or not {use.meter for use in prices.meters} & set(self.note.data["meters"]):
            return prices
        return replace(prices, notes=(*prices.notes, self.note))


def stored(deployment: Deployment, given: Quantities) -> Stored:
    """Return the storage that is declared, or else each kind of which something is given."""
    if deployment.storage != "undeclared" or not deployment.in_object:
        return Stored((deployment.storage,))
    told = {kind: [m for m in given if m in meters and given[m]] for kind, meters in _METERS_OF.items()}
    kinds = tuple(kind for kind, meters in told.items() if meters)
    if not kinds:
        return Stored((deployment.storage,))
    because = [meter for kind in kinds for meter in told[kind]]
    verb = "is" if len(because) == 1 else "are"
    note = Note(
        "storage-taken",
        f"Storage is not declared: taken as {joined(kinds)}, for {joined(because)} {verb} given.",
        {"storage": list(kinds), "meters": because},
    )
    return Stored(kinds, note)


def merged(lists: Sequence[PriceList]) -> PriceList:
    """Return one list with the charges and limits of several, each once."""
    first, *others = lists
    for other in others:
        skus, ids = {charge.sku for charge in first.charges}, {limit.id for limit in first.limits}
        first = replace(
            first,
            charges=(*first.charges, *(c for c in other.charges if c.sku not in skus)),
            limits=(*first.limits, *(x for x in other.limits if x.id not in ids)),
            notes=(*first.notes, *(n for n in other.notes if n not in first.notes)),
        )
    return first


def with_counterparts(consumed: Consumed, given: Quantities) -> Consumed:
    """Let a charge stand together with the other part of its whole, where that part is given."""
    return [(*consumes, *_counterparts(consumes, given)) for consumes in consumed]


def _counterparts(consumes: tuple[Consume, ...], given: Quantities) -> Iterator[Consume]:
    meters = {use.meter for use in consumes}
    for meter in meters & _COUNTERPART.keys():
        if _COUNTERPART[meter] in given and _COUNTERPART[meter] not in meters:
            yield Consume(_COUNTERPART[meter])


def not_counted(prices: PriceList, given: Quantities) -> Iterator[Note]:
    """Say what an input gives that no charge and no limit of the plan counts."""
    counted = set(_counted(prices.meters, given))
    left = sorted(key for key, quantity in given.items() if quantity and key not in counted)
    if left:
        them = "it" if len(left) == 1 else "them"
        yield Note(
            "not-counted",
            f"Given, but no charge of this plan counts {them}: {', '.join(left)}.",
            {"meters": left},
        )


def _counted(uses: Iterable[Consume], given: Collection[str]) -> Iterator[str]:
    """Return the keys that charges take, or those from which what is not given of them follows."""
    for use in uses:
        if use.cpu_multiple and use.key not in given:
            yield "worker_cpu_ms"
        if use.key in given or use.meter in given or not use.step_bytes:
            yield use.key if use.key in given else use.meter
            continue
        messages = use.meter.replace("message_units", "messages")
        if messages in given:
            yield from (messages, use.meter.replace("message_units", "bytes"))
