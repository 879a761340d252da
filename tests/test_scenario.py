"""The scenario file: its form, where it is found, and the words for what is wrong with it."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wscost import compare, estimate
from wscost.cli import main
from wscost.deployment import Deployment
from wscost.errors import ConfigError, WscostError
from wscost.scenario import (
    Kind,
    Limit,
    find_scenario_file,
    kind_of,
    read_limit,
    read_scenarios,
    schema,
    selected,
    unit_of,
)
from wscost.yamlfile import load

BROKEN = Path(__file__).parent / "broken_scenarios"
SHIPPED: dict[str, Any] = json.loads(files("wscost").joinpath("schemas/scenario-1.json").read_text("utf-8"))

MISTAKES: dict[str, tuple[int, str]] = {
    "a-list": (1, "`scenarios:` must stand at its top level"),
    "cycle-start-in-quotes": (
        4,
        "scenarios.prod.cycle_start must be a whole number, not '15'. Take the quotes away.",
    ),
    "dollar-sign": (4, "checks[1].max must be an amount such as 120 USD, a share such as 15%, or a number"),
    "empty-scenarios": (1, "scenarios must have 1 or more entries"),
    "id-with-a-space": (4, "checks[1].id must be a name of letters, digits, dots and dashes"),
    "limit-without-a-unit": (4, "120 is no amount of money. total is money: write 120 USD"),
    "line-without-a-name": (4, "There is no metric named 'line.'. Did you mean line.SKU?"),
    "missing-file": (3, "scenarios.prod.input: traces/gone.ndjson: there is no such file"),
    "missing-price-books": (4, "scenarios.prod.pricing: books: there is no such file"),
    "money-for-an-age": (4, "90 USD is money, but pricebook.age_days is not"),
    "month-of-one-digit": (
        4,
        "scenarios.prod.month must be a month as YYYY-MM, for example 2026-11, not '2027-3'",
    ),
    "month-past-all": (4, "scenarios.prod.month must be a month from 2000-01 to 2199-12, not 2500-01"),
    "month-that-is-none": (
        4,
        "scenarios.prod.month must be a month as YYYY-MM, for example 2026-11, not '2027-13'",
    ),
    "negative-limit": (4, "checks[1].max must be an amount such as 120 USD"),
    "negative-number": (4, "checks[1].max must be an amount such as 120 USD"),
    "no-input": (2, "scenarios.prod: 'input' is missing"),
    "no-limit": (4, "a check has one limit: max, min, max_increase or crosses; this one has none"),
    "no-scenarios": (1, "`scenarios:` must stand at its top level"),
    "on-inconclusive-ignored": (3, "on_inconclusive must be 'warn' or 'fail', not 'ignore'"),
    "percentile-of-a-count": (4, "only money has percentiles; meter.messages_in has one value"),
    "share-as-a-maximum-of-money": (4, "15% is no amount of money"),
    "share-for-an-age": (4, "90% is a share, but pricebook.age_days is none"),
    "two-checks-of-one-id": (5, "'budget' is that of checks[1] too"),
    "two-limits": (4, "this one has max and min"),
    "unknown-key": (4, "unknown key 'maximum'. Did you mean 'max'?"),
    "unknown-level": (4, "checks[1].level must be 'off', 'warn' or 'error', not 'fatal'"),
    "unknown-meter": (4, "There is no meter named 'mesages_in'. Did you mean messages_in"),
    "unknown-metric": (4, "There is no metric named 'coverage.price'. Did you mean coverage.priced?"),
    "unknown-percentile": (4, "checks[1].at must be 'p10', 'p50', 'p90' or 'mean', not 'p95'"),
    "unknown-scenario": (4, "checks[1].scenario: There is no scenario named 'pord'. Did you mean prod?"),
    "waiver-until-a-word": (4, "checks[1].until must be a date such as"),
    "yes-is-no-boolean": (4, "scenarios.prod.assume_utc must be true or false"),
}

ISSUE = """\
scenarios:
  prod: {input: usage.yaml, deployment: worker, plans: [cloudflare/workers-standard]}
checks:
  - {id: prod-budget, scenario: prod, metric: total, max: 120 USD, at: p90, message: "ask first"}
  - {id: growth, scenario: prod, metric: total, max_increase: 15%, level: error}
  - {id: duration, scenario: prod, metric: line.do-duration, crosses: 50 USD, level: warn, until: 2027-03-31}
  - {id: coverage, metric: coverage.priced, min: 1, level: error}
  - {id: stale-prices, metric: pricebook.age_days, max: 90, level: "off"}
"""
TOML = """\
[project]
name = "chat"

[tool.wscost.scenarios.prod]
input = "usage.yaml"

[[tool.wscost.checks]]
id = "budget"
metric = "total"
max = "120.10 USD"

[[tool.wscost.checks]]
id = "coverage"
metric = "coverage.priced"
min = 0.95
until = 2027-03-31
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "usage.yaml").write_text("usage: {http_requests: 1}")
    return tmp_path


def _write(folder: Path, text: str, name: str = "wscost.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_broken_file_is_told_with_its_line(mistake: str) -> None:
    line, words = MISTAKES[mistake]

    with pytest.raises(ConfigError) as told:
        read_scenarios(BROKEN / f"{mistake}.yaml")

    assert str(told.value).startswith(f"{BROKEN / mistake}.yaml:{line}: ")
    assert words in str(told.value)


def test_every_broken_file_has_its_words() -> None:
    assert {path.stem for path in BROKEN.glob("*")} == set(MISTAKES)


def test_the_checks_are_read_as_they_are_written(repository: Path) -> None:
    file = read_scenarios(_write(repository, ISSUE))
    budget, growth, duration, coverage, _ = file.checks

    assert (budget.rule, budget.limit, budget.at, budget.message) == (
        "max",
        Limit(Decimal(120), "USD"),
        "p90",
        "ask first",
    )
    assert (growth.rule, str(growth.limit), growth.needs_baseline) == ("max_increase", "15%", True)
    assert (duration.level, str(duration.until), duration.needs_baseline) == ("warn", "2027-03-31", True)
    assert (coverage.scenario, coverage.level, coverage.limit) == (None, "error", Limit(Decimal(1)))
    assert [file.line(check) for check in file.checks] == [4, 5, 6, 7, 8]


def test_off_is_a_word_with_and_without_quotes(repository: Path) -> None:
    file = read_scenarios(_write(repository, ISSUE.replace('"off"', "off")))

    assert file.checks[-1].level == "off"


def test_pyproject_holds_the_same_with_exact_numbers_and_lines(repository: Path) -> None:
    file = read_scenarios(_write(repository, TOML, "pyproject.toml"))

    assert file.checks[0].limit == Limit(Decimal("120.10"), "USD")
    assert file.checks[1].limit == Limit(Decimal("0.95"))
    assert [file.line(check) for check in file.checks] == [7, 12]


def test_a_mistake_in_pyproject_is_told_at_its_table(repository: Path) -> None:
    path = _write(repository, TOML.replace("120.10 USD", "120.10"), "pyproject.toml")

    with pytest.raises(ConfigError, match=r"pyproject.toml:7: checks\[1\]\.max must be an amount"):
        read_scenarios(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[project]\n", r"has no \[tool.wscost\]"),
        ("[tool.wscost]\nchecks = []\n", "`scenarios:` must stand"),
        ("[tool", "is not TOML"),
    ],
)
def test_a_pyproject_without_scenarios_is_refused(repository: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_scenarios(_write(repository, text, "pyproject.toml"))


def test_the_file_is_found_upwards_to_the_root_of_the_repository(repository: Path) -> None:
    path = _write(repository, ISSUE)
    below = repository / "src" / "rooms"
    below.mkdir(parents=True)

    assert find_scenario_file(below) == path.resolve()


def test_the_nearest_file_counts_and_a_pyproject_without_the_table_does_not(repository: Path) -> None:
    nearer = _write(repository / "chat", ISSUE)
    _write(repository / "chat" / "src", "[project]\n", "pyproject.toml")
    _write(repository, ISSUE)

    assert find_scenario_file(repository / "chat" / "src") == nearer.resolve()


def test_the_search_ends_at_the_root(repository: Path) -> None:
    _write(repository, ISSUE)
    inner = repository / "vendored"
    (inner / ".git").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"There is no wscost\.yaml here, nor a pyproject"):
        find_scenario_file(inner)


def test_outside_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    _write(tmp_path, ISSUE)
    below = tmp_path / "below"
    below.mkdir()

    with pytest.raises(ConfigError, match=r"There is no wscost\.yaml here"):
        find_scenario_file(below)


def test_reports_name_the_file_from_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(repository / "chat", "usage: {http_requests: 1}", "usage.yaml")
    _write(repository / "chat", ISSUE)
    monkeypatch.chdir(repository / "chat")

    assert read_scenarios("wscost.yaml").name == "chat/wscost.yaml"


@pytest.mark.parametrize(
    ("deployment", "label"),
    [
        ("durable-object-hibernation", "durable-object-hibernation"),
        ("rooms.yaml", "rooms"),
        ("{endpoint: origin}", "origin"),
    ],
    ids=["a preset", "a file beside the scenario file", "written out"],
)
def test_a_deployment_is(repository: Path, deployment: str, label: str) -> None:
    _write(repository, "endpoint: durable-object", "rooms.yaml")
    file = read_scenarios(_write(repository, ISSUE.replace("worker, plans", f"{deployment}, plans")))

    built = file.deployment("prod")

    assert isinstance(built, Deployment)
    assert built.label == label


@pytest.mark.parametrize(
    ("deployment", "words"),
    [
        ("workers", r"wscost.yaml:2: scenarios.prod.deployment: There is no deployment named 'workers'"),
        ("gone.yaml", r"gone.yaml: there is no such file"),
        ("{endpoint: moon}", r"wscost.yaml:2: scenarios.prod.deployment.endpoint must be"),
    ],
)
def test_a_deployment_that_is_none_is_told(repository: Path, deployment: str, words: str) -> None:
    file = read_scenarios(_write(repository, ISSUE.replace("worker, plans", f"{deployment}, plans")))

    with pytest.raises(ConfigError, match=words):
        file.deployment("prod")


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("120 USD", Limit(Decimal(120), "USD")),
        ("120USD", Limit(Decimal(120), "USD")),
        ("1_200.50 EUR", Limit(Decimal("1200.50"), "EUR")),
        ("15%", Limit(Decimal(15), "%")),
        ("0.5 %", Limit(Decimal("0.5"), "%")),
        (90, Limit(Decimal(90))),
        (Decimal("0.95"), Limit(Decimal("0.95"))),
        (0, Limit(Decimal(0))),
    ],
)
def test_a_limit_is(written: object, limit: Limit) -> None:
    assert read_limit(written) == limit


@pytest.mark.parametrize(
    "written",
    [
        "120",
        "USD 120",
        "$120",
        "120 usd",
        "120 dollars",
        "",
        "%",
        "-1 USD",
        "1,200 USD",
        -1,
        True,
        None,
        1.5,
        Decimal("NaN"),
    ],
)
def test_a_limit_is_not(written: object) -> None:
    with pytest.raises(ValueError, match="must be an amount such as 120 USD"):
        read_limit(written)


@given(st.decimals(min_value=0, max_value=10**9, places=2), st.sampled_from(["USD", "EUR", "%"]))
def test_a_limit_is_read_as_it_is_written(amount: Decimal, unit: str) -> None:
    limit = Limit(amount, unit)

    assert read_limit(str(limit)) == limit


def test_metrics_have_kinds_and_units() -> None:
    assert (kind_of("total"), kind_of("line.do-duration")) == (Kind.MONEY, Kind.MONEY)
    assert (kind_of("coverage.priced"), kind_of("pricebook.age_days")) == (Kind.SHARE, Kind.DAYS)
    assert (kind_of("meter.object_active_seconds"), unit_of("meter.object_active_seconds")) == (
        Kind.COUNT,
        "s",
    )


def test_the_shipped_schema_is_that_of_the_form() -> None:
    assert schema() == SHIPPED, "json.dumps(wscost.scenario.schema(), indent=2) is what the file must hold"


def test_the_shipped_schema_takes_what_the_reader_takes(repository: Path) -> None:
    data = load(_write(repository, ISSUE)).data
    as_json = json.loads(json.dumps(data, default=lambda x: float(x) if isinstance(x, Decimal) else str(x)))

    Draft202012Validator.check_schema(SHIPPED)
    assert list(Draft202012Validator(SHIPPED).iter_errors(as_json)) == []


# A scenario as an input.

TWO = """\
scenarios:
  prod: {input: usage.yaml, plans: [cloudflare/workers-standard], deployment: worker, month: 2027-02}
  test: {input: usage.yaml, plans: cloudflare/workers-unbound, deployment: durable-object, as_of: 2024-05-01}
"""


def test_the_only_scenario_of_a_file_is_an_input(repository: Path) -> None:
    bill = estimate(_write(repository, "\n".join(TWO.splitlines()[:2])))

    assert (bill.plan, bill.deployment, bill.month) == ("cloudflare/workers-standard", "worker", "2027-02")


def test_one_of_several_scenarios_is_named(repository: Path) -> None:
    [bill] = compare(f"{_write(repository, TWO)}#test").bills

    assert (bill.plan, bill.deployment) == ("cloudflare/workers-unbound", "durable-object")
    assert str(bill.as_of) == "2024-05-01"


def test_what_is_asked_for_goes_before_what_the_scenario_says(repository: Path) -> None:
    named = f"{_write(repository, TWO)}#prod"
    bill = estimate(named, plan="cloudflare/workers-unbound", deployment="durable-object", month="2027-03")

    assert (bill.plan, bill.deployment, bill.month) == (
        "cloudflare/workers-unbound",
        "durable-object",
        "2027-03",
    )
    assert estimate(named, month=None, cycle_start=1, rounding="book", offers=()).month == "2027-02"


PRORATED = """\
scenarios:
  prod:
    input: usage.yaml
    plans: cloudflare/workers-standard
    deployment: worker
    month: 2027-02
    rounding: prorate
    cycle_start: 15
"""


def test_an_option_at_its_default_goes_before_the_scenario_too(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named, usage = str(_write(repository, PRORATED)), str(repository / "usage.yaml")
    asked = ["--rounding", "book", "--cycle-start", "1", "--plan", "cloudflare/workers-standard"]
    asked += ["--deployment", "worker", "--month", "2027-02", "--format", "json"]

    def told(*arguments: str) -> Any:
        assert main(["estimate", *arguments]) == 0
        (bill,) = json.loads(capsys.readouterr().out)["bills"]
        return bill["month"], bill["lines"]

    assert told(named, *asked) == told(usage, *asked)
    assert told(named, "--format", "json")[0] == "2027-02-15 to 2027-03-15"
    assert told(named, "--format", "json")[1] != told(usage, *asked)[1]


def test_a_cycle_may_start_on_the_31st_and_then_starts_on_the_last_day_of_february(repository: Path) -> None:
    bill = estimate(_write(repository, PRORATED.replace("15", "31")))

    assert bill.month == "2027-02-28 to 2027-03-31"


@pytest.mark.parametrize(
    ("named", "more", "words"),
    [
        ("wscost.yaml", [], r"holds several scenarios \(prod, test\). Name one: .*wscost.yaml#prod"),
        ("wscost.yaml#tset", [], "There is no scenario in .*wscost.yaml named 'tset'. Did you mean test"),
        ("wscost.yaml#prod", ["usage.yaml"], "a scenario file stands alone"),
        ("usage.yaml#prod", [], "no such file|cannot be read|usage.yaml#prod"),
    ],
)
def test_an_input_that_names_no_scenario_is_told(
    repository: Path, named: str, more: list[str], words: str
) -> None:
    _write(repository, TWO)

    with pytest.raises(WscostError, match=words):
        estimate([str(repository / name) for name in [named, *more]])


def test_a_profile_is_no_scenario_file_though_it_has_scenarios() -> None:
    profile = files("wscost").joinpath("profiles/chat.yaml")

    assert selected([str(profile)]) is None
