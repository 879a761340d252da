"""Estimating: inputs, a deployment and a plan in, a bill out. The one path everything else takes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from wscost.account import Account
from wscost.bill import Bill
from wscost.deployment import Deployment
from wscost.deploymentfile import read_deployment
from wscost.errors import ConfigError
from wscost.inputs import Input
from wscost.narrowing import Options

__all__ = ["Account", "Options", "deployment_of", "deployments_of", "estimate"]

DEFAULT_PLAN = "cloudflare/workers-standard"
PAID_PLANS = (DEFAULT_PLAN, "cloudflare/workers-unbound", "cloudflare/workers-bundled")
"""Every paid plan of Cloudflare Workers, today's first."""


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
    inputs : path, Trace, Usage, UsageFile, Profile, or several of them
        Several inputs are one account: they share allowances and the base fee. A profile is simulated,
        and the bill carries the range of replicated months.
    plan : str, optional
        ``provider/plan``; today's paid Cloudflare plan if absent.
    deployment : str, path or Deployment, optional
        A preset, a YAML file or a deployment; if absent, hibernating objects for a trace that names
        objects, a plain Worker for one that does not.
    **options
        ``region``, ``as_of``, ``month``, ``cycle_start``, ``rounding``, ``offers``, ``pricing``; of
        the range ``seed`` and ``replicates``; of large profiles ``sample``; and how to read:
        ``input_format``, ``assume_utc``, ``window``, ``skip_bad_rows``, ``progress``.

    Raises
    ------
    WscostError
        If an input cannot be read or no price is known.
    """
    account = Account.of(inputs, options)
    plans = [plan] if plan else account.plans or [DEFAULT_PLAN]
    deployments = [deployment_of(deployment)] if deployment else account.deployments[-1:]
    bills = account.bills(deployments[0], account.books.match(plans), per_unit=True)
    if len(bills) > 1:
        named = " and ".join(plans)
        raise ConfigError(f"{named}: {len(bills)} plans. Name one; wscost compare sets several side by side.")
    return bills[0]


def deployments_of(
    named: str | Path | Deployment | Iterable[str | Path | Deployment] | None,
) -> list[Deployment]:
    """Return the deployments that are named, each once.

    Raises
    ------
    ConfigError
        If two that differ go by the same name.
    """
    found: dict[str, Deployment] = {}
    for one in [named] if isinstance(named, (str, Path, Deployment)) else named or ():
        built = deployment_of(one)
        if found.setdefault(built.label, built) != built:
            place = "" if isinstance(one, Deployment) else f"{one}: "
            raise ConfigError(
                f"{place}another deployment is named {built.label} too, so their bills could not be told "
                "apart. Give each a name: of its own."
            )
    return list(found.values())


def deployment_of(named: str | Path | Deployment) -> Deployment:
    """Return a deployment, a preset or what a YAML file describes."""
    return named if isinstance(named, Deployment) else read_deployment(str(named))
