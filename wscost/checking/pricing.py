"""Pricing scenarios: each named workload on its deployment under its plans."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from wscost.bill import Comparison
from wscost.comparing import compare
from wscost.errors import ConfigError, WscostError
from wscost.estimating import DEFAULT_PLAN, Options
from wscost.inputs import Workload, open_inputs, reading_of
from wscost.profile import is_profile
from wscost.readers.stores import is_url, shown
from wscost.scenario import ScenarioFile
from wscost.usagefile import UsageFile


def price(file: ScenarioFile) -> dict[str, Comparison]:
    """Estimate every scenario of a file, by name.

    A scenario that names no plan is priced under those of its usage file, else under today's paid
    Cloudflare plan. Inputs go by the names that the file gives them, wherever it lies.

    Raises
    ------
    WscostError
        If an input or a deployment cannot be read, or no price is known; the scenario is named.
    """
    return {name: _price(file, name) for name in file.scenarios}


def _price(file: ScenarioFile, name: str) -> Comparison:
    scenario = file.scenarios[name]
    options = cast("Options", file.options(name))
    try:
        names = [shown(one) if is_url(one) else one for one in scenario.input]
        opened = open_inputs(file.inputs(name), reading_of(options)).values()
        workloads = [_named(workload, as_) for as_, workload in zip(names, opened, strict=True)]
        own_plans = [plan for w in workloads if isinstance(w, UsageFile) for plan in w.plans]
        plans = scenario.plans or own_plans or [DEFAULT_PLAN]
        return compare(workloads, plan=list(plans), deployment=file.deployment(name), **options)
    except WscostError as error:
        line = file.document.line(("scenarios", name))
        raise ConfigError(f"{file.document.name}:{line}: scenario {name}: {error}") from None


def _named(workload: Workload, name: str) -> Workload:
    """Return a workload under the name by which the scenario file knows it; a profile has its own."""
    return workload if is_profile(workload) else replace(workload, source=name)
