"""A case: one account on one deployment, where every question starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.errors import ConfigError
from wscost.estimating import DEFAULT_PLAN, PAID_PLANS, Account, Options, deployment_of
from wscost.inputs import Input, Workload
from wscost.notes import Note
from wscost.profile import is_profile


@dataclass(frozen=True, slots=True)
class Case:
    """One account on one deployment; changing a field gives another case, what was metered is kept."""

    account: Account
    deployment: Deployment
    notes: tuple[Note, ...] = ()

    @classmethod
    def of(
        cls,
        inputs: Input | Iterable[Input],
        deployment: str | Path | Deployment | None,
        options: Options,
        *,
        awake: bool = False,
        by_means: bool = False,
    ) -> Case:
        """Open the inputs; without a deployment, take the one that ``estimate`` takes, and say so.

        With ``awake``, take the one whose objects stay awake, where there is a choice. With ``by_means``,
        a profile is simulated once, and whatever of it moves follows by the means of theory.
        """
        account = Account.of(inputs, {**options, "replicates": 0})
        taken = deployment_of(deployment) if deployment else account.deployments[0 if awake else -1]
        if by_means:
            profiles = [w for w in account.workloads.values() if is_profile(w)]
            account = replace(account, reference={profile.name: (profile, taken) for profile in profiles})
        if deployment or account.declared:
            return cls(account, taken)
        note = Note("deployment-chosen", f"No deployment was named: priced as {taken.label}.")
        return cls(account, taken, (note,))

    def bills(self, plans: Sequence[str]) -> list[Bill]:
        """Return this case's bills under some plans."""
        return self.account.bills(self.deployment, plans)

    def bill(self, plan: str, *, per_unit: bool = False) -> Bill:
        """Return this case's bill under one plan, with its unit costs where wanted."""
        return self.account.bills(self.deployment, [plan], per_unit=per_unit)[0]

    def plans(self, named: str | Sequence[str] | None) -> tuple[tuple[str, ...], tuple[Note, ...]]:
        """Return the plans asked for, those that usage files name, or every paid one of Cloudflare.

        Notes say which are left out, as ``Account.sold`` does.
        """
        asked = [named] if isinstance(named, str) else list(named or ())
        return self.account.sold(self.deployment, asked, PAID_PLANS)

    def plan(self, named: str | None) -> str:
        """Return the one plan asked for, that a usage file names, or today's paid one of Cloudflare.

        Raises
        ------
        ConfigError
            If a glob stands for several.
        """
        plans = self.account.books.match([named or next(iter(self.account.plans), DEFAULT_PLAN)])
        if len(plans) > 1:
            raise ConfigError(f"{named} is {len(plans)} plans: {', '.join(plans)}. Name one.")
        return plans[0]

    def told_by_means(self) -> Iterator[Note]:
        """Say that a profile was simulated once only, where it was."""
        if self.account.reference:
            yield Note(
                "by-means",
                "The profile was simulated once. What moves of it follows by the ratio of the means that "
                "queueing theory gives: within 1 % where it was tried, for fields that move threefold. "
                "wscost estimate, and wscost sweep without --by-means, simulate anew.",
            )

    def with_workload(self, name: str, workload: Workload) -> Case:
        """Return the case in which one input is another, or is added.

        What is simulated and metered for it goes with it: a month of busy traffic is large.
        """
        account = replace(
            self.account,
            workloads={**self.account.workloads, name: workload},
            metered=dict(self.account.metered),
            simulations=dict(self.account.simulations),
        )
        return replace(self, account=account)

    def on(self, deployment: Deployment) -> Case:
        """Return the case on another deployment."""
        return replace(self, deployment=deployment)
