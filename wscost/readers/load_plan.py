"""Plans of load tests as profiles: k6's ``options.scenarios`` and Artillery's ``config.phases``.

k6's executors keep their names and figures; ``startTime``, ``stages`` and ``timeUnit`` mean what they mean
there; what only runs the test (``exec``, ``env``, ``tags``, ``gracefulStop``, ``preAllocatedVUs``,
``maxVUs``) is left out. Executors that end after so many iterations plan work, not traffic, and are
refused. Artillery's phases follow one another. Either tool starts its arrivals evenly spaced.

A plan is run once, unless ``repeat`` says daily or weekly. It tells nothing of how long sessions last and
what is sent in them: that is the option ``session`` or, with messages and rooms, that of a ``profile``.

Sources (read 2026-11-23): https://grafana.com/docs/k6/latest/using-k6/scenarios/executors/,
https://www.artillery.io/docs/reference/test-script#phases---load-phases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wscost import yamlfile
from wscost.errors import ConfigError, InputError
from wscost.places import is_there
from wscost.readers.document import load_document
from wscost.readers.options import Options
from wscost.readers.source import Part, Source
from wscost.yamlfile import Document

if TYPE_CHECKING:
    from wscost.profile import Profile

OPTIONS = {
    "session": "How long each session of a plan lasts, such as 8m.",
    "profile": "The profile, by file or shipped name, whose sessions, rooms and messages a plan takes.",
    "repeat": "How often a plan is run: never (once), daily or weekly.",
}
DROPPED = frozenset({"exec", "env", "tags", "options", "gracefulStop", "preAllocatedVUs", "maxVUs"})
DURATIONS = frozenset({"startTime", "duration", "timeUnit", "gracefulRampDown"})
ITERATIONS = frozenset({"per-vu-iterations", "shared-iterations"})
TAKEN = frozenset({"session", "rooms", "messages", "client", "drops", "http", "seed"})
"""What a plan takes from another profile: not when people come, which is its own."""

Scenario = dict[str, Any]


def read_k6(source: Source, options: Options) -> Profile:
    """Return the profile of a script's options.

    Raises
    ------
    InputError, ConfigError
        If they plan no traffic over time, or break the specification.
    """
    part = _only(source)
    document = load_document(part)
    plan = document.get("options", document) if isinstance(document, dict) else {}
    scenarios = _k6_scenarios(plan) if isinstance(plan, dict) else {}
    if not scenarios:
        raise InputError(f"{part.name}: the options hold no scenarios, no stages, no duration.")
    converted = {str(name): _k6_scenario(part, str(name), one) for name, one in scenarios.items()}
    return _profile(part, converted, options)


def read_artillery(source: Source, options: Options) -> Profile:
    """Return the profile of a script's phases; raises as ``read_k6`` does."""
    part = _only(source)
    try:
        text = part.content().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{part.name}: this is not UTF-8 text.") from None
    document = yamlfile.loads(text, part.name).data
    match document:
        case {"config": {"phases": [*phases]}} if phases:
            return _profile(part, _artillery_scenarios(part, phases), options)
    raise InputError(f"{part.name}: there are no config.phases in it.")


def _only(source: Source) -> Part:
    if len(source.parts) > 1:
        raise InputError(f"{source.name}: these are {len(source.parts)} plans. Give one at a time.")
    return source.parts[0]


def _k6_scenarios(plan: dict[str, Any]) -> Mapping[str, Any]:
    """Return the scenarios, also those that k6 makes of its shortcuts."""
    match plan:
        case {"scenarios": dict(scenarios)}:
            return scenarios
        case {"stages": [*stages]}:
            return {"default": {"executor": "ramping-vus", "startVUs": plan.get("vus", 1), "stages": stages}}
        case {"duration": duration}:
            return {"default": {"executor": "constant-vus", "vus": plan.get("vus", 1), "duration": duration}}
    return {}


def _k6_scenario(part: Part, name: str, scenario: object) -> Scenario:
    if not isinstance(scenario, dict):
        raise InputError(f"{part.name}: the scenario {name!r:.60} is no object.")
    executor = str(scenario.get("executor"))
    if executor in ITERATIONS:
        raise InputError(
            f"{part.name}: the scenario {name!r:.60} ends after so many iterations ({executor}): that is an "
            "amount of work, not traffic over time. Write it as constant-vus or constant-arrival-rate."
        )
    if executor == "externally-controlled":
        raise InputError(
            f"{part.name}: the scenario {name!r:.60} is controlled while it runs, so it plans nothing."
        )
    kept = {key: _k6_value(key, value) for key, value in scenario.items() if key not in DROPPED}
    if isinstance(kept.get("stages"), list):
        kept["stages"] = [
            {key: _k6_value(key, value) for key, value in stage.items()} if isinstance(stage, dict) else stage
            for stage in kept["stages"]
        ]
    if executor.endswith("-arrival-rate"):
        kept.setdefault("arrivals", "even")
    return kept


def _k6_value(key: str, value: Any) -> Any:
    """Return a value as a profile writes it: k6 takes durations as numbers of milliseconds, too."""
    if key in DURATIONS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value}ms"
    return value


def _artillery_scenarios(part: Part, phases: list[Any]) -> dict[str, Scenario]:
    scenarios: dict[str, Scenario] = {}
    start = 0.0
    for number, phase in enumerate(phases, 1):
        place = f"{part.name}: phase {number}"
        if not isinstance(phase, dict):
            raise InputError(f"{place} is no mapping.")
        if "pause" in phase:
            start += _seconds(place, phase["pause"])
            continue
        length = _seconds(place, phase.get("duration"))
        scenario: Scenario = {"arrivals": "even", "startTime": f"{start:.6f}s"}
        if "rampTo" in phase:
            scenario |= {
                "executor": "ramping-arrival-rate",
                "startRate": phase.get("arrivalRate", 0),
                "stages": [{"duration": f"{length:.6f}s", "target": phase["rampTo"]}],
            }
        elif "arrivalRate" in phase or "arrivalCount" in phase:
            whole = "arrivalCount" in phase
            scenario |= {
                "executor": "constant-arrival-rate",
                "rate": phase["arrivalCount" if whole else "arrivalRate"],
                "timeUnit": f"{length:.6f}s" if whole else "1s",
                "duration": f"{length:.6f}s",
            }
        else:
            raise InputError(f"{place} has neither arrivalRate, arrivalCount nor pause.")
        start += length
        if scenario.get("rate") != 0:
            name = str(phase.get("name") or f"phase {number}")
            scenarios[name if name not in scenarios else f"{name} ({number})"] = scenario
    return scenarios


def _seconds(place: str, value: object) -> float:
    """Return a length of a phase, a number of seconds or text such as ``10m`` or ``2 minutes``. [s]"""
    import pandas as pd

    try:
        seconds = float(str(value)) if not isinstance(value, bool) else -1.0
    except ValueError:
        try:
            seconds = pd.Timedelta(str(value)).total_seconds()
        except (ValueError, OverflowError):
            seconds = -1.0
    if not 0 < seconds <= 366 * 86_400:
        raise InputError(f"{place}: its length is no number of seconds, nor text such as 10m.")
    return seconds


def _profile(part: Part, scenarios: Mapping[str, Scenario], options: Options) -> Profile:
    from wscost.profile import read_profile

    repeat = options.own.get("repeat", "never")
    if repeat not in ("never", "daily", "weekly"):
        raise ConfigError(f"repeat {repeat!r:.40} is none of never, daily, weekly.")
    base, session = options.own.get("profile"), options.own.get("session")
    if base is None and session is None:
        raise ConfigError(
            f"{part.name}: a plan does not say how long its sessions last. Say so with --session 8m, or with "
            "--profile NAME, whose sessions, rooms and messages it then takes."
        )
    document = Document(part.name, {}, {}) if base is None else _base(base)
    taken = {key: value for key, value in document.data.items() if key in TAKEN}
    if session is not None:
        taken["session"] = {"distribution": "constant", "value": session}
    data = {
        **taken,
        "profile": "plan" if part.path is None else part.path.name.partition(".")[0],
        "about": f"The plan of {Path(part.name).name}.",
        "scenarios": {name: {"repeat": repeat, **scenario} for name, scenario in scenarios.items()},
    }
    return read_profile(replace(document, data=data))


def _base(named: str) -> Document:
    """Return the profile of that name or file, as it is written."""
    from wscost.profile import looks_like, preset_names, preset_text

    shipped = named in preset_names() and not is_there(Path(named))
    document = yamlfile.loads(preset_text(named), named) if shipped else yamlfile.load(named)
    if not looks_like(document):
        raise ConfigError(f"{named}: this is no profile: `profile:` must stand at its top level.")
    return document
