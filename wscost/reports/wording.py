"""How reports word what is on a bill: figures, prices, marks and sentences that formats share."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from wscost.bill import Bill, BillLine, Breach, Comparison, Spread
from wscost.exploring.words import joined
from wscost.notes import Grade
from wscost.pricelist import Consume, Provenance
from wscost.units import AT_LEAST, cents, grouped, money, plain

ABOUT = "≈ "
_SHORT = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))
_STATUS = {"legacy-plan": "legacy", "closed-plan": "closed to new"}
DOUBTS = {"inferred": "Inferred in part", "unverified": "Not verified"}
"""What a price book's confidence means, in words."""


def clean(text: str) -> str:
    """Return text on one line, with control characters written out: names come from anybody's file."""
    return "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)


def figure(quantity: Decimal | None) -> str:
    """Write a quantity to be read: two decimals or digits below a thousand, billions from 10¹² on."""
    if quantity is None:
        return "?"
    if abs(quantity) >= 10**12:
        return f"{grouped(quantity / 10**9, 0)}B"
    if abs(quantity) >= 1000:
        return grouped(quantity, 0)
    return grouped(quantity, max(2, 1 - quantity.adjusted()))


def short(quantity: Decimal) -> str:
    """Write a round quantity as vendors do: ``400k``, ``10M``, ``25B``; any other in full."""
    for size, letter in _SHORT:
        if quantity >= size and (quantity / size * 10) % 1 == 0:
            return f"{plain(quantity / size)}{letter}"
    return figure(quantity)


def rate(amount: Decimal, currency: str) -> str:
    """Write a price in full: cents at least, and as many decimals as it has."""
    digits = plain(amount)
    places = max(2, len(digits.partition(".")[2]))
    text = f"{amount:,.{places}f}"
    return f"${text}" if currency == "USD" else f"{text} {currency}"


def unit_price(line: BillLine, currency: str) -> str:
    """Write what a unit costs: ``$0.15 per started 1M Requests``; a flat fee has no unit to speak of."""
    if line.model == "flat":
        return "a month"
    buys = whole(line.rounding) + (line.unit if line.per == 1 else f"{short(line.per)} {line.unit}")
    if len(line.tiers) > 1:
        prices = [price(tier.amount, currency) for tier in line.tiers]
        return f"{', then '.join(prices)} per {buys}"
    amount = line.tiers[0].amount if line.tiers else line.unit_price
    return f"{price(amount, currency)} per {buys}"


def whole(rounding: str) -> str:
    """Say of a unit whether a started one is charged in full, or only a full one."""
    return "started " if rounding.startswith("up") else "full " if rounding.startswith("down") else ""


def price(amount: Decimal | None, currency: str) -> str:
    """Write a price, or that none is published."""
    return "a price that is not published" if amount is None else rate(amount, currency)


def figures(line: BillLine) -> tuple[str, str, str]:
    """Write what a line used, what is included and what is billed; a flat fee counts nothing."""
    if line.model == "flat":
        return "", "", ""
    marked = {Grade.LOWER_BOUND: AT_LEAST, Grade.ASSUMED: ABOUT}.get(line.grade, "")
    return f"{marked}{figure(line.consumed)}", short(line.included), figure(line.billed)


def title(bill: Bill) -> str:
    """Name a bill and its amount: the answer in one line."""
    return f"{bill.plan_name}, {bill.deployment}, {bill.month}: {total(bill)}"


def total(bill: Bill) -> str:
    """Write a bill's total, marked where the truth may be higher."""
    return money(bill.total, bill.currency, at_least=bill.at_least)


def cost(line: BillLine, currency: str) -> str:
    """Write a line's cost, marked where the truth may be higher; unknown is never $0.00."""
    if line.cost is None:
        return "?"
    return money(line.cost, currency, at_least=line.at_least)


def unknown(bill: Bill) -> list[str]:
    """Say of each charge of unknown cost what it depends on and at what price."""
    return [
        f"{line.name} {depends(line)}: {unit_price(line, bill.currency)}"
        f"{f', past the first {short(line.included)}' if line.included else ''}."
        for line in bill.lines
        if line.cost is None and not line.free
    ]


def depends(line: BillLine) -> str:
    """Say what a line's cost still depends on, or nothing."""
    if line.depends_on:
        return f"depends on {', '.join(line.depends_on)}"
    return "" if line.complete else "depends on a price that is not published"


def marks(bill: Bill, comparison: Comparison) -> list[str]:
    """Return the words beside a bill in a comparison: cheapest, not feasible, legacy and so on."""
    words = []
    if bill is comparison.cheapest and len(comparison.bills) > 1:
        words.append("cheapest")
    if not bill.feasible:
        words.append("not feasible")
    elif any(note.code == "limits-unseen" for note in bill.notes):
        words.append("limits not all known")
    return words + [_STATUS[note.code] for note in bill.notes if note.code in _STATUS]


def breach(limit: Breach) -> str:
    """Say which limit breaks, how far, on which day first, what then happens, and what is doubtful of it."""
    used, allowed = figure(limit.worst), figure(limit.maximum)
    more = "a little more than " if used == allowed else ""
    words = f"{limit.name}: {more}{used} {limit.unit} used where {allowed} are allowed"
    if limit.per == "day":
        words += f", on {limit.times:,} days" if limit.times > 1 else ", on one day"
        words += f", first on {limit.first}" if limit.first else ""
    words += f": {limit.consequence}." if limit.consequence else "."
    return f"{words} {doubt(limit.provenance)}".rstrip()


def doubt(source: Provenance) -> str:
    """Say what of a published figure is inferred or not verified; nothing of one that is not in doubt."""
    words = DOUBTS.get(source.confidence, "")
    return f"{words}: {source.remark}" if words else ""


def counted(consumes: Iterable[Consume]) -> str:
    """Write what a charge or a limit counts: ``connections_opened + messages_in ÷ 20``."""
    return " + ".join(map(_counted, consumes))


def _counted(use: Consume) -> str:
    times = "" if use.multiply_by == 1 else f" × {grouped(use.multiply_by)}"
    return use.key + times + ("" if use.divide_by == 1 else f" ÷ {grouped(use.divide_by)}")


def broken(comparison: Comparison) -> list[str]:
    """Say which limits break: of several bills the first of each, of a single one all."""
    if len(comparison.bills) == 1:
        return [breach(limit) for limit in comparison.bills[0].breaches]
    told = []
    for bill in comparison.bills:
        for limit in _breaches_told(bill, comparison):
            rest = len(bill.breaches) - 1
            more = (
                f" Nor do {rest} more limits hold."
                if rest > 1
                else " Nor does one more limit hold."
                if rest
                else ""
            )
            told.append(f"{bill.plan}, {bill.deployment}: {breach(limit)}{more}")
    return told


def _breaches_told(bill: Bill, comparison: Comparison) -> tuple[Breach, ...]:
    return bill.breaches if len(comparison.bills) == 1 else bill.breaches[:1]


SPREAD = ("p10", "p50", "p90", "mean")
"""What a range tells of an amount: eight months in ten cost between the first and the third."""


def spread(bill: Bill) -> str:
    """Return how replicated months differ, and why, in a sentence or two."""
    told = bill.range
    if told is None:
        return ""
    low, middle, high = (money(x, bill.currency) for x in (told.total.p10, told.total.p50, told.total.p90))
    sentence = (
        f"The one month that was simulated costs {middle}."
        if told.replicates == 1
        else f"Eight in ten of {told.months} cost {low}."
        if low == high
        else f"Of {told.months}, eight in ten cost between {low} and {high}, half at most {middle}."
    )
    if bill.at_least:
        sentence = f"Without what is not known, {sentence[0].lower()}{sentence[1:]}"
    if told.basis == "observed":
        return sentence
    if not told.drawn:
        return f"{sentence} They differ by chance alone: no figure of the profile is given as a range."
    certain = {Decimal(0): "Less than 1%", Decimal(1): "More than 99%"}
    share = certain.get(told.workload_share, f"{told.workload_share:.0%}")
    return (
        f"{sentence} {share} of the variance is what is not known of the workload "
        f"(drawn from ranges: {joined(told.drawn)}), the rest is chance."
    )


def plan_spreads(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return plan, deployment and the spread of the total for each bill that has one."""
    return [
        (bill.plan, bill.deployment, *_amounts(bill.range.total, bill.currency, bill.at_least))
        for bill in comparison.bills
        if bill.range is not None
    ]


def line_spreads(bill: Bill) -> list[tuple[str, ...]]:
    """Return name and spread of each line that costs something in some month, and of the total."""
    if bill.range is None:
        return []
    rows = [
        (line.name, *_amounts(bill.range.lines[line.sku], bill.currency, line.at_least))
        for line in bill.lines
        if line.components and line.sku in bill.range.lines and bill.range.lines[line.sku].mean
    ]
    return [*rows, ("Total", *_amounts(bill.range.total, bill.currency, bill.at_least))]


def _amounts(spread: Spread, currency: str, at_least: bool) -> tuple[str, ...]:
    return tuple(money(getattr(spread, name), currency, at_least=at_least) for name in SPREAD)


PER_UNIT = ("Per unit", "On average", "Next 1,000 users")
"""What a bill comes to per unit: the total over what was used, and what more of it adds."""


def per_unit(bill: Bill) -> list[tuple[str, ...]]:
    """Return what a connection, an hour, a message and a user come to; what is not known is left out.

    Parts of a total that is a lower bound are marked as such.
    """
    if bill.unit_costs is None:
        return []
    costs = bill.unit_costs
    users = "" if costs.concurrent_users is None else f" ({figure(costs.concurrent_users)} on average)"
    told = [
        ("Connection", ("connections_opened",), costs.per_connection, costs.per_next_connection),
        (
            "Hour of connection",
            ("connection_seconds",),
            costs.per_connection_hour,
            costs.per_next_connection_hour,
        ),
        (
            "1,000 messages",
            ("messages_in", "messages_out"),
            costs.per_thousand_messages,
            costs.per_next_thousand_messages,
        ),
        (
            f"User, connected all month{users}",
            ("connection_seconds",),
            costs.per_concurrent_user,
            costs.per_next_user,
        ),
        ("Idle client, connected all month (of 1,000 more)", (), None, costs.per_idle_client),
    ]
    return [
        (what, *("" if cost is None else f"{_bound(bill, by)}{_fine(cost, bill.currency)}" for cost in pair))
        for what, by, *pair in told
        if any(cost is not None for cost in pair)
    ]


def _bound(bill: Bill, divided_by: Iterable[str]) -> str:
    """Mark a part of a total that is a lower bound, unless what divides it is one too."""
    seen_in_part = any(bill.grades.get(meter) is Grade.LOWER_BOUND for meter in divided_by)
    return AT_LEAST if bill.at_least and not seen_in_part else ""


def per_unit_in_words(bill: Bill) -> list[str]:
    """Say what a bill comes to per unit, a sentence a unit."""
    told = {what: zip(costs, ("on average", "at the margin"), strict=True) for what, *costs in per_unit(bill)}
    return [
        f"{what}: {', '.join(f'{cost} {how}' for cost, how in pair if cost)}" for what, pair in told.items()
    ]


def _fine(amount: Decimal, currency: str) -> str:
    """Write a small amount with three digits that count, cents at least."""
    places = max(2, 2 - amount.adjusted()) if amount else 2
    return rate(amount.quantize(Decimal(1).scaleb(-places)), currency)


def scaled(bill: Bill) -> list[tuple[str, str, str]]:
    """Return what the bill's charges count: the meter, as observed and in the whole month."""
    if bill.projected is None:
        return []
    counted = dict.fromkeys(part.meter for line in bill.lines for part in line.components)
    return [
        (meter, figure(bill.usage.get(meter)), figure(bill.projected[meter]))
        for meter in counted
        if meter in bill.projected and bill.usage.get(meter)
    ]


def inputs(bill: Bill) -> dict[str, Decimal]:
    """Return what each of several inputs adds to the bill; fees that none causes are left out."""
    shares: dict[str, Decimal] = {}
    for line in bill.lines:
        for name, share in line.by_input.items():
            shares[name] = shares.get(name, Decimal(0)) + share
    return {name: cents(share) for name, share in shares.items()}


def notes(comparison: Comparison, bill: Bill) -> list[str]:
    """Say what a bill rests on, each sentence once; doubts about prices in short, for explain tells them."""
    doubtful = {f"{doubt}-{what}" for doubt in DOUBTS for what in ("price", "limit")}
    told = [n.message for n in (*comparison.notes, *bill.notes) if n.code not in doubtful]
    explained = {limit.limit for limit in _breaches_told(bill, comparison)}
    for doubt, words in DOUBTS.items():
        names = [line.name for line in bill.lines if line.provenance.confidence == doubt]
        if names:
            told.append(f"{words}: the prices of {', '.join(names)}. wscost explain tells why.")
        limits = [use.limit for use in bill.limits if use.limit.id not in explained]
        caps = [limit.name for limit in limits if limit.provenance.confidence == doubt]
        if caps:
            told.append(f"{words}: the limit on {', '.join(caps)}. wscost explain tells why.")
    return list(dict.fromkeys(told))


def sources(bill: Bill) -> list[str]:
    """Return the pages that the bill's prices were read on, each once."""
    return list(dict.fromkeys(line.provenance.url for line in bill.lines))


def legend(comparison: Comparison) -> list[str]:
    """Explain the marks that a report of these bills bears."""
    meanings = []
    if any(bill.at_least for bill in comparison.bills):
        meanings.append("≥ at least, for not all of it is known")
    if any(line.grade is Grade.ASSUMED for line in shown_in_full(comparison).lines):
        meanings.append("≈ rests on an assumption")
    return [f"{'; '.join(meanings)}."] if meanings else []


def prices_read(bill: Bill) -> str:
    """Say which day's prices these are, and when a person last read them."""
    read = sorted({line.provenance.checked for line in bill.lines})
    region = f" in {bill.region}" if bill.region else ""
    checked = f", last read by a person on {read[0]}" if read else ""
    return f"Prices in force on {bill.as_of}{region}, in {bill.currency}{checked}."


def shown_in_full(comparison: Comparison) -> Bill:
    """Return the bill that a report tells line by line: the cheapest, or the first if none can serve."""
    return comparison.cheapest or comparison.bills[0]
