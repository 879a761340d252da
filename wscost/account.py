"""The account: workloads that share allowances and a base fee, and the books they are priced from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, cast

from wscost.bill import Bill, UnitCosts
from wscost.completing import (
    Consumed,
    Part,
    added,
    together,
    with_declared,
    with_none_where_not_given,
    with_parameters,
)
from wscost.deployment import PRESETS, Deployment
from wscost.errors import ConfigError, NoPriceError, NotSoldError
from wscost.exploring.likening import NOT_BY_MEANS, Means, built_alike, likened, means_of
from wscost.exploring.multiplying import ALL_INPUTS, multiplied
from wscost.exploring.unit_economics import unit_costs
from wscost.inputs import Input, Workload, open_inputs, reading_of, several
from wscost.matching import merged, not_counted, stored, with_counterparts
from wscost.metering import meter
from wscost.narrowing import Options, said_in
from wscost.notes import Note
from wscost.pricebook import PriceBooks, load_books
from wscost.pricelist import PriceList, refuse_currencies
from wscost.profile import is_profile
from wscost.projecting import ObservedMonth, billing_period, project
from wscost.ranging import DEFAULT_REPLICATES, Basis, Replicates
from wscost.rating import Charged, charge, rate
from wscost.scenario import selected
from wscost.trace import Trace, TraceStream
from wscost.usage import MonthlyUsage, Period, Quantities, Usage, combine
from wscost.usagefile import UsageFile

if TYPE_CHECKING:
    from wscost.profile import Profile
    from wscost.replicating import SimulatedMonth, Simulation


_NO_RANGE = Note(
    "no-range",
    "No months were drawn for a range: that takes a profile, or a trace of a week and more.",
)


@dataclass(frozen=True, slots=True)
class Account:
    """The workloads of one account, and the books they are priced from."""

    workloads: Mapping[str, Workload]
    books: PriceBooks
    options: Options = field(default_factory=Options)
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    """What to multiply the usage of traces by: one meter's by its name, or all with ``scale``; with
    ``traffic``, the usage of whatever the input."""
    metered: dict[tuple[object, ...], tuple[Workload, Part]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was metered already: another price asks for no second time."""
    simulations: dict[tuple[int, Period], tuple[Profile, Simulation]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was simulated already: another deployment asks for no second time."""
    listed: dict[tuple[object, ...], PriceList] = field(default_factory=dict, repr=False, compare=False)
    """Price lists that were asked for already."""
    reference: Mapping[str, tuple[Profile, Deployment]] = field(default_factory=dict)
    """By name, profiles to simulate; others like them follow by comparison, as explorations need."""
    means: dict[int, tuple[SimulatedMonth, Means]] = field(default_factory=dict, repr=False, compare=False)
    """The means of months that were simulated already."""
    scenario_plans: tuple[str, ...] = ()
    scenario_deployment: Deployment | None = None

    @classmethod
    def of(cls, inputs: Input | Iterable[Input], options: Options) -> Account:
        """Open the inputs and the price books; of a scenario file, what it names, and with its options.

        Raises
        ------
        WscostError
            If an input or a book cannot be read, or an option is of nothing that is at hand.
        """
        inputs = several(inputs)
        scenario = selected(inputs)
        if scenario:
            inputs = list(scenario.inputs)
        options = cast("Options", {**(scenario.options if scenario else {}), **said_in(options)})
        books = load_books(options.get("pricing", ()))
        account = cls(open_inputs(inputs, reading_of(options)), books, options)
        _check_sample(account.workloads.values(), options.get("sample"))
        if not scenario:
            return account
        return replace(account, scenario_plans=scenario.plans, scenario_deployment=scenario.deployment)

    @property
    def plans(self) -> list[str]:
        """The plans that the scenario names, or usage files for themselves."""
        if self.scenario_plans:
            return list(self.scenario_plans)
        return [plan for w in self.workloads.values() if isinstance(w, UsageFile) for plan in w.plans]

    @property
    def as_of(self) -> date | None:
        """The date whose prices apply, if the options or a usage file name one."""
        named = [w.as_of for w in self.workloads.values() if isinstance(w, UsageFile) and w.as_of]
        return self.options.get("as_of") or (named[0] if named else None)

    @property
    def declared(self) -> Deployment | None:
        """The deployment that the scenario names, or a usage file for itself."""
        if self.scenario_deployment:
            return self.scenario_deployment
        files = (w for w in self.workloads.values() if isinstance(w, UsageFile))
        return next((w.deployment for w in files if w.deployment), None)

    @property
    def deployments(self) -> list[Deployment]:
        """What the workloads can have run on: with and without hibernation where objects are named."""
        if self.declared:
            return [self.declared]
        if any(is_profile(w) and w.rooms is not None for w in self.workloads.values()):
            return [PRESETS["durable-object"], PRESETS["durable-object-hibernation"]]
        if any(w.names_objects for w in self.workloads.values() if isinstance(w, (Trace, TraceStream))):
            return [PRESETS["durable-object"], PRESETS["durable-object-hibernation"]]
        totals = [w.usage for w in self.workloads.values() if isinstance(w, UsageFile)]
        totals += [w.totals for w in self.workloads.values() if isinstance(w, Usage)]
        in_object = any(_only_of_objects(key) for usage in totals for key in usage)
        return [PRESETS["durable-object" if in_object else "worker"]]

    def given(self, deployment: Deployment) -> Quantities:
        """Return what stands in the inputs and the deployment as it is: written, or counted by objects."""
        written = [w.usage for w in self.workloads.values() if isinstance(w, UsageFile)]
        counted = [w.totals for w in self.workloads.values() if isinstance(w, Usage)]
        of_objects = [{key: totals[key] for key in totals if _only_of_objects(key)} for totals in counted]
        return combine([*written, *of_objects, deployment.monthly])

    def bills(self, deployment: Deployment, plans: Sequence[str], *, per_unit: bool = False) -> list[Bill]:
        """Meter and project the workloads once for a deployment, then rate them under each plan.

        With ``per_unit``, each bill also tells what it comes to per connection, message and user.
        """
        lists = [self.price_list(plan, deployment) for plan in plans]
        refuse_currencies(lists)
        consumed = [charge.consumes for prices in lists for charge in prices.charges]
        period = self.period(lists[0].as_of)
        parts = {
            name: self._part(workload, deployment, period, consumed)
            for name, workload in self.workloads.items()
        }
        part = together(parts, period)
        month = with_declared(part.month, deployment, consumed)
        rounding = self.options.get("rounding") or "book"
        daily = frozenset(meter for prices in lists for meter in prices.daily_meters)
        replicates = self._replicates(parts, deployment, consumed, daily)
        if replicates is None and self.options.get("replicates"):
            month = replace(month, notes=(*month.notes, _NO_RANGE))
        given = self.given(deployment)
        bills = []
        for prices in lists:
            rated = rate(month, prices, rounding=rounding)
            bill = replace(
                rated,
                notes=(*rated.notes, *not_counted(prices, given)),
                deployment=deployment.label,
                usage=combine([part.observed, deployment.monthly]),
                projected=month.quantities if part.scaled else None,
                inputs=tuple(self.workloads),
                days=month.days,
                unit_costs=self._unit_costs(part.month, deployment, prices) if per_unit else None,
            )
            if replicates is not None:
                bill = replicates.ranged(bill, partial(charge, prices=prices, rounding=rounding))
            bills.append(bill)
        return bills

    def _unit_costs(self, month: MonthlyUsage, deployment: Deployment, prices: PriceList) -> UnitCosts:
        consumed, rounding = (
            [charge.consumes for charge in prices.charges],
            self.options.get("rounding") or "book",
        )

        def charged(usage: MonthlyUsage) -> Charged:
            return charge(with_declared(usage, deployment, consumed), prices, rounding=rounding)

        return unit_costs(month, deployment, charged)

    def _part(self, workload: Workload, deployment: Deployment, period: Period, consumed: Consumed) -> Part:
        """Meter and project one workload, or remember how it came out; then multiply it."""
        if isinstance(workload, UsageFile):
            month = MonthlyUsage(period, workload.usage, notes=workload.notes)
            counted = with_counterparts(consumed, workload.usage)
            month = with_none_where_not_given(with_parameters(month, consumed), counted)
            grown = multiplied(month, {ALL_INPUTS: self.factors.get(ALL_INPUTS, Decimal(1))})
            return Part(workload.usage, grown, scaled=grown is not month)
        built = deployment.model_copy(update={"name": "", "monthly": {}}).model_dump_json()
        uses = frozenset(use for consumes in consumed for use in consumes if use.key != use.meter)
        key = (id(workload), built, period, uses, self._follows(workload, consumed))
        if key not in self.metered:
            self.metered[key] = workload, self._month(workload, deployment, period, consumed)
        part = self.metered[key][1]
        month = multiplied(part.month, self.factors)
        return part._replace(month=month, scaled=part.scaled or month is not part.month)

    def _month(
        self,
        workload: Trace | TraceStream | Usage | Profile,
        deployment: Deployment,
        period: Period,
        consumed: Consumed,
    ) -> Part:
        uses = {use for consumes in consumed for use in consumes}
        steps = frozenset(use.step_bytes for use in uses if use.step_bytes)
        multiples = frozenset(use.cpu_multiple for use in uses if use.cpu_multiple)
        if is_profile(workload):
            from wscost.replicating import Parameters, Simulation
            from wscost.simulating import idle

            follows = self._follows(workload, consumed)
            if follows and (month := self._likened(workload, deployment, period, consumed)) is not None:
                return Part(month.quantities, month, scaled=False)
            key = (id(workload), period)
            if key not in self.simulations:
                self.simulations[key] = (
                    workload,
                    Simulation(workload, period, self.options.get("seed"), self.options.get("sample")),
                )
            simulated = self.simulations[key][1].month(deployment, Parameters(steps, multiples))
            month = replace(simulated.month, notes=(*simulated.month.notes, *idle(workload, period)))
            return Part(month.quantities, month, scaled=False, simulated=simulated)
        if isinstance(workload, Usage):
            part = self._projected(workload, period)
            return part._replace(month=with_parameters(part.month, consumed))
        return self._projected(meter(workload, deployment, steps=steps, cpu_multiples=multiples), period)

    def _projected(self, usage: Usage, period: Period) -> Part:
        observed = ObservedMonth(usage, period, self.options.get("seed") or 0)
        return Part(*project(usage, period), observed_month=observed if observed.has_basis else None)

    def _follows(self, workload: Workload, consumed: Consumed) -> bool:
        """Whether a month may follow another's by their means: no charge counts what those do not tell."""
        counted = {use.meter for consumes in consumed for use in consumes}
        return is_profile(workload) and workload.name in self.reference and not counted & NOT_BY_MEANS

    def _likened(
        self, profile: Profile, deployment: Deployment, period: Period, consumed: Consumed
    ) -> MonthlyUsage | None:
        """Return the month of a profile like one to simulate, without simulating it; None if it must be."""
        simulates, on = self.reference[profile.name]
        if not built_alike(on, deployment):
            on = deployment
        if profile is simulates and deployment == on:
            return None
        simulated = self._part(simulates, on, period, consumed).simulated
        if simulated is None:
            return None
        if id(simulated) not in self.means:
            self.means[id(simulated)] = simulated, means_of(simulated)
        return likened(*self.means[id(simulated)], profile, deployment)

    def _replicates(
        self,
        parts: Mapping[str, Part],
        deployment: Deployment,
        consumed: Consumed,
        daily: Collection[str],
    ) -> Replicates | None:
        """Return months that might have been, where a profile was simulated or a week was observed."""
        asked = self.options.get("replicates")
        wanted = DEFAULT_REPLICATES if asked is None else asked
        if not wanted or not any(part.simulated or part.observed_month for part in parts.values()):
            return None
        simulated = [part.simulated.replicate(wanted, daily) for part in parts.values() if part.simulated]
        observed = [p.observed_month.bootstrap(wanted, daily) for p in parts.values() if p.observed_month]
        certain = [p.month for p in parts.values() if not p.simulated and not p.observed_month]

        def months(of: Sequence[Sequence[MonthlyUsage]]) -> list[MonthlyUsage]:
            drawn = (multiplied(added(each), self.factors) for each in zip(*of, *observed, strict=True))
            return [with_declared(added([month, *certain]), deployment, consumed) for month in drawn]

        drawn = tuple(dict.fromkeys(path for one in simulated for path in one.drawn))
        basis: Basis = "simulated" if simulated else "observed"
        by_chance = months([one.by_chance for one in simulated])
        all_drawn = months([one.months for one in simulated]) if drawn else by_chance
        return Replicates(all_drawn, by_chance, basis, drawn)

    def sold(
        self, deployment: Deployment, named: Sequence[str], otherwise: Sequence[str]
    ) -> tuple[tuple[str, ...], tuple[Note, ...]]:
        """Return the plans to price: those asked for, else those that the inputs name, else others.

        A plan that no name stands for, but a pattern or nothing, is left out where it is not sold for the
        deployment on the day asked for, and a note says so.

        Raises
        ------
        NoPriceError
            If a plan that was named is not sold, or none of the others is.
        UnknownNameError
            If a name or pattern stands for no plan.
        """
        asked = list(named) or self.plans
        plans, why_not = [], {}
        for plan in self.books.match(asked or otherwise):
            try:
                self.price_list(plan, deployment)
            except NotSoldError as error:
                if plan in asked:
                    raise
                why_not[plan] = str(error)
            else:
                plans.append(plan)
        if not plans:
            raise NoPriceError("\n".join(why_not.values()))
        return tuple(plans), tuple(
            Note("plan-left-out", f"Left out: {why.partition('. ')[0].rstrip('.')}.", {"plan": plan})
            for plan, why in why_not.items()
        )

    def price_list(self, plan: str, deployment: Deployment) -> PriceList:
        """Return what a plan charges such a deployment on the date asked for.

        Where nobody declares the storage, it is what the meters given tell.
        """
        region, offers = self.options.get("region"), tuple(self.options.get("offers", ()))
        has = stored(deployment, self.given(deployment))
        key = (plan, self.as_of, region, offers, *deployment.properties.items(), has.kinds)
        if key not in self.listed:
            try:
                lists = [
                    self.books.price_list(
                        plan,
                        as_of=self.as_of,
                        region=region,
                        properties={**deployment.properties, "storage": kind},
                        offers=offers,
                    )
                    for kind in has.kinds
                ]
            except NoPriceError as error:
                raise NoPriceError(f"{error} {has.note.message}") if has.note else error from None
            self.listed[key] = merged(lists)
        return has.told_on(self.listed[key])

    def period(self, priced_on: date) -> Period:
        """Return the billing month: the one asked for, else that of the first trace, else of the prices."""
        month, cycle_start = self.options.get("month"), self.options.get("cycle_start")
        named = [w.month for w in self.workloads.values() if isinstance(w, UsageFile) and w.month]
        windows = [w.window for w in self.workloads.values() if isinstance(w, (Trace, TraceStream, Usage))]
        planned = [
            w.calendar.period.period for w in self.workloads.values() if is_profile(w) and w.calendar.period
        ]
        middle = priced_on
        if windows:
            middle = (windows[0].start + (windows[0].end - windows[0].start) / 2).date()
        elif planned:
            middle = planned[0].start
        return billing_period(
            month or (named[0] if named else None), 1 if cycle_start is None else cycle_start, middle
        )


def _check_sample(workloads: Iterable[Workload], sample: float | None) -> None:
    if sample is not None and not any(map(is_profile, workloads)):
        raise ConfigError(
            f"--sample {sample}: only of a profile a share is simulated, and no input is one. Leave it out."
        )


def _only_of_objects(key: str) -> bool:
    return key.startswith(("object_", "storage_"))
