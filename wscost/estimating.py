"""Estimating: inputs, a deployment and a plan in, a bill out. The one path everything else takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Unpack

from wscost.bill import Bill
from wscost.deployment import PRESETS, Deployment
from wscost.deploymentfile import read_deployment
from wscost.errors import ConfigError
from wscost.exploring.multiplying import multiplied
from wscost.inputs import Input, ReadOptions, Workload, open_inputs
from wscost.metering import meter
from wscost.notes import Grade, Note
from wscost.pricebook import PriceBooks, load_books
from wscost.pricelist import Consume, PriceList
from wscost.projecting import billing_period, project
from wscost.rating import rate
from wscost.trace import Trace
from wscost.usage import MonthlyUsage, Period, Quantities, Usage, combine
from wscost.usagefile import UsageFile

DEFAULT_PLAN = "cloudflare/workers-standard"


class Options(ReadOptions, total=False):
    """What narrows an estimate; every entry has the command line option of the same name."""

    region: str | None
    as_of: date | None
    month: str | None
    cycle_start: int
    rounding: str
    offers: Sequence[str]
    pricing: Sequence[Path]


def estimate(
    inputs: Input | Iterable[Input],
    *,
    plan: str | None = None,
    deployment: str | Path | Deployment | None = None,
    **options: Unpack[Options],
) -> Bill:
    """Estimate the bill of one plan and one deployment for one month.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account: they share allowances and the base fee.
    plan : str, optional
        ``provider/plan``; today's paid Cloudflare plan if absent.
    deployment : str, path or Deployment, optional
        A preset, a YAML file or a deployment; if absent, hibernating objects for a trace that names
        objects, a plain Worker for one that does not.
    **options
        ``region``, ``as_of``, ``month``, ``cycle_start``, ``rounding``, ``offers``, ``pricing``, and
        how to read: ``input_format``, ``assume_utc``, ``window``, ``skip_bad_rows``, ``progress``.

    Raises
    ------
    WscostError
        If an input cannot be read or no price is known.
    """
    account = Account.of(inputs, options)
    plans = [plan] if plan else account.plans or [DEFAULT_PLAN]
    deployments = [deployment_of(deployment)] if deployment else account.deployments[-1:]
    bills = account.bills(deployments[0], account.books.match(plans))
    if len(bills) > 1:
        raise ConfigError(f"{plan} is {len(bills)} plans. Name one, or compare them with wscost.compare.")
    return bills[0]


def deployment_of(named: str | Path | Deployment) -> Deployment:
    """Return a deployment, a preset or what a YAML file describes."""
    return named if isinstance(named, Deployment) else read_deployment(str(named))


@dataclass(frozen=True, slots=True)
class Account:
    """The workloads of one account, and the books they are priced from."""

    workloads: Mapping[str, Workload]
    books: PriceBooks
    options: Options = field(default_factory=Options)
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    """What to multiply the usage of traces by: one meter's by its name, or all with ``scale``."""
    metered: dict[tuple[object, ...], tuple[Workload, _Part]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was metered already: another price asks for no second time."""

    @classmethod
    def of(cls, inputs: Input | Iterable[Input], options: Options) -> Account:
        """Open the inputs and the price books."""
        reading = {key: options[key] for key in ReadOptions.__annotations__ if key in options}  # type: ignore[literal-required]
        books = load_books(options.get("pricing", ()))
        return cls(open_inputs(inputs, ReadOptions(**reading)), books, options)  # type: ignore[typeddict-item]

    @property
    def plans(self) -> list[str]:
        """The plans that usage files name for themselves."""
        return [plan for w in self.workloads.values() if isinstance(w, UsageFile) for plan in w.plans]

    @property
    def as_of(self) -> date | None:
        """The date whose prices apply, if the options or a usage file name one."""
        named = [w.as_of for w in self.workloads.values() if isinstance(w, UsageFile) and w.as_of]
        return self.options.get("as_of") or (named[0] if named else None)

    @property
    def declared(self) -> Deployment | None:
        """The deployment that a usage file names for itself."""
        files = (w for w in self.workloads.values() if isinstance(w, UsageFile))
        return next((w.deployment for w in files if w.deployment), None)

    @property
    def deployments(self) -> list[Deployment]:
        """What the workloads can have run on: with and without hibernation where objects are named."""
        if self.declared:
            return [self.declared]
        traces = [w for w in self.workloads.values() if isinstance(w, Trace)]
        if any(trace.connections["object_id"].notna().any() for trace in traces):
            return [PRESETS["durable-object"], PRESETS["durable-object-hibernation"]]
        totals = [w.usage for w in self.workloads.values() if isinstance(w, UsageFile)]
        totals += [w.totals for w in self.workloads.values() if isinstance(w, Usage)]
        in_object = any(key.startswith(("object_", "storage_")) for usage in totals for key in usage)
        return [PRESETS["durable-object" if in_object else "worker"]]

    def bills(self, deployment: Deployment, plans: Sequence[str]) -> list[Bill]:
        """Meter and project the workloads once for a deployment, then rate them under each plan."""
        lists = [self.price_list(plan, deployment) for plan in plans]
        consumed = [charge.consumes for prices in lists for charge in prices.charges]
        period = self.period(lists[0].as_of)
        parts = {
            name: self._part(workload, deployment, period, consumed)
            for name, workload in self.workloads.items()
        }
        part = _together(parts, period)
        month = _with_declared(part.month, deployment, consumed)
        observed = {**part.observed, **deployment.monthly}
        rounding = self.options.get("rounding", "book")
        return [
            replace(
                rate(month, prices, rounding=rounding),
                deployment=deployment.label,
                usage=observed,
                projected=month.quantities if part.scaled else None,
                inputs=tuple(self.workloads),
                days=month.days,
            )
            for prices in lists
        ]

    def _part(
        self,
        workload: Workload,
        deployment: Deployment,
        period: Period,
        consumed: Sequence[tuple[Consume, ...]],
    ) -> _Part:
        """Meter and project one workload, or remember how it came out; then multiply it."""
        if isinstance(workload, UsageFile):
            return _monthly(workload, deployment, period, consumed)
        built = deployment.model_copy(update={"name": "", "monthly": {}}).model_dump_json()
        parameters = frozenset(use.key for uses in consumed for use in uses if use.key != use.meter)
        key = (id(workload), built, period, parameters)
        if key not in self.metered:
            self.metered[key] = workload, _monthly(workload, deployment, period, consumed)
        part = self.metered[key][1]
        month = multiplied(part.month, self.factors)
        return part._replace(month=month, scaled=part.scaled or month is not part.month)

    def price_list(self, plan: str, deployment: Deployment) -> PriceList:
        """Return what a plan charges such a deployment on the date asked for."""
        return self.books.price_list(
            plan,
            as_of=self.as_of,
            region=self.options.get("region"),
            properties=deployment.properties,
            offers=self.options.get("offers", ()),
        )

    def period(self, priced_on: date) -> Period:
        """Return the billing month: the one asked for, else that of the first trace, else of the prices."""
        month, cycle_start = self.options.get("month"), self.options.get("cycle_start", 1)
        named = [w.month for w in self.workloads.values() if isinstance(w, UsageFile) and w.month]
        windows = [w.window for w in self.workloads.values() if isinstance(w, (Trace, Usage))]
        middle = (windows[0].start + (windows[0].end - windows[0].start) / 2).date() if windows else priced_on
        return billing_period(month or (named[0] if named else None), cycle_start, middle)


class _Part(NamedTuple):
    """What one input, or all of them, makes of the month."""

    observed: Quantities
    month: MonthlyUsage
    scaled: bool


def _monthly(
    workload: Workload, deployment: Deployment, period: Period, consumed: Sequence[tuple[Consume, ...]]
) -> _Part:
    if isinstance(workload, UsageFile):
        month = MonthlyUsage(period, workload.usage, notes=workload.notes)
        month = _with_none_where_not_given(_with_size_steps(month, consumed), consumed)
        return _Part(workload.usage, month, scaled=False)
    if isinstance(workload, Usage):
        observed, month, scaled = project(workload, period)
        return _Part(observed, _with_size_steps(month, consumed), scaled)
    uses = {use for consumes in consumed for use in consumes}
    usage = meter(
        workload,
        deployment,
        steps={use.step_bytes for use in uses if use.step_bytes},
        cpu_multiples={use.cpu_multiple for use in uses if use.cpu_multiple},
    )
    return _Part(*project(usage, period))


def _together(parts: Mapping[str, _Part], period: Period) -> _Part:
    """Add the inputs up: one account has one allowance and one base fee."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    months = {name: part.month for name, part in parts.items()}
    by_day = [month.days for month in months.values() if month.days is not None]
    days = None
    if len(by_day) == len(months):
        days = {
            day: combine(d[day] for d in by_day if day in d) for day in sorted({d for m in by_day for d in m})
        }
    grades: dict[str, Grade] = {}
    for month in months.values():
        for key, grade in month.grades.items():
            grades[key] = Grade.worst(grade, grades.get(key, Grade.MEASURED))
    notes = tuple(
        replace(note, message=f"{name}: {note.message}")
        for name, month in months.items()
        for note in month.notes
    )
    peaks = Note("peaks-add", "Peaks of several inputs add up as if they came at the same instant.")
    month = MonthlyUsage(
        period=period,
        quantities=combine(month.quantities for month in months.values()),
        days=days,
        grades=grades,
        notes=(*notes, peaks),
        by_input={name: month.quantities for name, month in months.items()},
    )
    observed = combine(part.observed for part in parts.values())
    return _Part(observed, month, any(part.scaled for part in parts.values()))


def _with_size_steps(month: MonthlyUsage, consumed: Sequence[tuple[Consume, ...]]) -> MonthlyUsage:
    """Complete totals by the size steps that follow from messages and bytes."""
    quantities, grades, notes = dict(month.quantities), dict(month.grades), list(month.notes)
    for use in {use for consumes in consumed for use in consumes if use.step_bytes}:
        messages = quantities.get(use.meter.replace("message_units", "messages"))
        if messages is None or use.meter in quantities:
            continue
        size = quantities.get(use.meter.replace("message_units", "bytes"), Decimal(0))
        steps = -(-size // Decimal(use.step_bytes or 1))
        quantities[use.key], grades[use.key] = max(messages, steps), Grade.LOWER_BOUND
        notes.append(
            Note("sizes-unknown", f"{use.meter}: each message is taken to fit in {use.step_bytes:,} bytes.")
        )
    return replace(month, quantities=quantities, grades=grades, notes=tuple(notes))


def _with_none_where_not_given(month: MonthlyUsage, consumed: Sequence[tuple[Consume, ...]]) -> MonthlyUsage:
    """Take what a usage file leaves out as none, where it gives something else of the same charge."""
    quantities = month.quantities
    not_given = sorted(
        {
            use.key
            for consumes in consumed
            for use in consumes
            if not _known(use, quantities) and any(_known(other, quantities) for other in consumes)
        }
    )
    if not not_given:
        return month
    names = ", ".join(key.partition(":")[0] for key in not_given)
    note = Note("not-given", f"Not given, so taken as none: {names}.", {"meters": not_given})
    quantities = {**quantities, **dict.fromkeys(not_given, Decimal(0))}
    return replace(month, quantities=quantities, notes=(*month.notes, note))


def _known(use: Consume, quantities: Quantities) -> bool:
    return use.key in quantities or use.meter in quantities


def _with_declared(
    month: MonthlyUsage, deployment: Deployment, consumed: Sequence[tuple[Consume, ...]]
) -> MonthlyUsage:
    """Add what the deployment declares per month; other requests are none unless declared."""
    declared = dict(deployment.monthly)
    notes = month.notes
    asked_for = any(use.meter == "http_requests" for consumes in consumed for use in consumes)
    if asked_for and "http_requests" not in {**month.quantities, **declared}:
        declared["http_requests"] = Decimal(0)
        notes = (
            *notes,
            Note(
                "websockets-only",
                "Only this workload is priced: it has the account's allowances to itself, "
                "for no other requests are declared (monthly http_requests in the deployment).",
            ),
        )
    if not declared:
        return month
    days = month.days
    if days is not None:
        daily = {key: quantity / month.period.days for key, quantity in declared.items()}
        days = {day: combine([quantities, daily]) for day, quantities in days.items()}
    return replace(month, quantities=combine([month.quantities, declared]), days=days, notes=notes)
