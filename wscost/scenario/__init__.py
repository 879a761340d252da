"""Scenarios: what a team keeps in ``wscost.yaml``: workloads, how they are built, and budgets for them."""

from wscost.scenario.form import Check, Scenario, schema
from wscost.scenario.limits import Kind, Limit, kind_of, read_limit, unit_of
from wscost.scenario.naming import Named, named_in
from wscost.scenario.reading import (
    ScenarioFile,
    at_hand,
    find_scenario_file,
    looks_like,
    may_hold_scenarios,
    read_document,
    read_scenarios,
    repository_root,
    scenario_file,
)
from wscost.scenario.selecting import Selected, selected

__all__ = [
    "Check",
    "Kind",
    "Limit",
    "Named",
    "Scenario",
    "ScenarioFile",
    "Selected",
    "at_hand",
    "find_scenario_file",
    "kind_of",
    "looks_like",
    "may_hold_scenarios",
    "named_in",
    "read_document",
    "read_limit",
    "read_scenarios",
    "repository_root",
    "scenario_file",
    "schema",
    "selected",
    "unit_of",
]
