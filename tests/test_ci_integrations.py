"""Where teams meet the checks: the GitHub action, the pre-commit hook, pytest; each run for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import wscost.checking.pricing  # noqa: F401  # numpy cannot be loaded twice, which pytester would
from tests.docrunner import ROOT, Block, Page
from tests.repositories import ROOMS, SCENARIOS, USAGE, commit, git, make_repository, more_messages, write

pytest_plugins = ["pytester"]

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
CI_PAGE = Page(ROOT / "docs" / "ci.md")
HOOKS = ROOT / ".pre-commit-hooks.yaml"
BUDGET_ONLY = SCENARIOS.partition("  - {id: growth")[0]


@pytest.fixture(scope="session")
def offline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which pip installs wscost without the network.

    What wscost needs to be built and to run is lent from here by PYTHONPATH; wscost itself is not.
    """
    lent = tmp_path_factory.mktemp("lent")
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if "wscost" not in each.name and each.suffix != ".pth":
            (lent / each.name).symlink_to(each)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT", "PIP_", "PY"))}
    return kept | {
        "PYTHONPATH": str(lent),
        "PIP_NO_DEPS": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one upside down: 0 is without isolation
        "PIP_NO_CACHE_DIR": "1",
        "CC": "false",  # the loops need not be quick here
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return this checkout as a repository of its own, as a hook or an action is fetched."""
    copy = tmp_path_factory.mktemp("wscost")
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if not name.startswith(("tests/", "benchmarks/", "notebooks/")) and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    git(copy, "init", "--quiet")
    commit(copy)
    return copy


def _typed(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, check=False, timeout=300
    )


# The action.


class Runner:
    """Runs the steps of a composite action as GitHub's runner does: bash, variables, expressions, outputs."""

    def __init__(self, workspace: Path, temp: Path, action: Path, environment: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.temp = temp
        self.summary = temp / "summary.md"
        self.values = {"github.action_path": str(action)}
        self.values |= {f"inputs.{name}": str(told["default"]) for name, told in ACTION["inputs"].items()}
        self.environment = {
            **environment,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_BASE_REF": "main",
            "GITHUB_HEAD_REF": "change",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(temp),
        }

    def run(self, *names: str, **inputs: str) -> tuple[int, str]:
        """Run the named steps up to the first that fails; return its exit code and all that was printed."""
        self.values |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        printed = ""
        steps = [step for step in ACTION["runs"]["steps"] if step["name"] in names]
        for number, step in enumerate(steps):
            output = self.temp / f"output-{number}"
            output.touch()
            own = {name: self.filled(value) for name, value in step.get("env", {}).items()}
            script = self.temp / f"step-{number}.sh"
            script.write_text(self.filled(step["run"]))
            command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
            environment = {**self.environment, **own, "GITHUB_OUTPUT": str(output)}
            done = _typed(command, self.workspace, environment)
            printed += done.stdout + done.stderr
            for line in output.read_text().splitlines():
                name, _, value = line.partition("=")
                self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
            if done.returncode:
                return done.returncode, printed
        return 0, printed

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.values.get(found[1], ""), text)

    def output(self, name: str) -> str:
        return self.filled(ACTION["outputs"][name]["value"])


INSTALL, *CHECK = (step["name"] for step in ACTION["runs"]["steps"])


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, tree: Path, offline: dict[str, str]) -> Path:
    """Return what the first step of the action leaves on the runner."""
    temp = tmp_path_factory.mktemp("runner")

    code, printed = Runner(temp, temp, tree, offline).run(INSTALL, python=sys.executable)

    assert code == 0, printed
    return temp / "wscost"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return what actions/checkout leaves of a pull request: one commit, no base branch."""
    origin = make_repository(tmp_path / "origin")
    git(origin, "switch", "--quiet", "--create", "change")
    more_messages(origin)
    commit(origin)
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=change", origin.as_uri(), "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def runner(clone: Path, tmp_path: Path, tree: Path, installed: Path, offline: dict[str, str]) -> Runner:
    temp = tmp_path / "a runner"
    temp.mkdir()
    (temp / "wscost").symlink_to(installed)
    return Runner(clone, temp, tree, offline)


@pytest.mark.xdist_group("installs")
def test_the_action_checks_a_pull_request(clone: Path, runner: Runner) -> None:
    code, printed = runner.run(*CHECK)

    assert code == 1, printed
    assert (runner.output("verdict"), runner.output("exit-code")) == ("failed", "1")
    assert runner.output("headline") == "prod $142.95 → $217.50, +$74.55 (+52%)"
    comment = Path(runner.output("comment-file")).read_text("utf-8")
    assert comment.startswith("<!-- wscost-check wscost.yaml -->\n### wscost: prod $142.95 → $217.50")
    assert comment in runner.summary.read_text("utf-8")
    assert "::error file=wscost.yaml,line=4," in printed
    assert Path(runner.output("sarif-file")).exists()
    assert Path(runner.output("json-file")).exists()
    assert git(clone, "status", "--porcelain") == ""


@pytest.mark.xdist_group("installs")
def test_the_action_hands_its_options_on(clone: Path, runner: Runner) -> None:
    write(clone, **{"with spaces__wscost": BUDGET_ONLY, "with spaces__traffic__rooms": ROOMS})
    write(clone, **{"with spaces__traffic__usage": USAGE.format(messages=1)})
    runner.environment["GITHUB_BASE_REF"] = ""

    code, printed = runner.run(
        *CHECK, config="with spaces/wscost.yaml", args="--error-on-warning\n--today 2026-12-01\n"
    )

    assert code == 0, printed
    assert runner.output("verdict") == "passed"
    assert "2026-12-01" in Path(runner.output("comment-file")).read_text("utf-8")


@pytest.mark.parametrize("shallow", ["true", "false"])
def test_the_action_leaves_a_clone_as_deep_as_it_is(clone: Path, tmp_path: Path, shallow: str) -> None:
    if shallow == "false":
        git(clone, "fetch", "--quiet", "--unshallow")

    code, printed = Runner(clone, tmp_path, ROOT, os.environ).run("Fetch the base branch")

    assert code == 0, printed
    assert git(clone, "rev-parse", "--is-shallow-repository").strip() == shallow
    assert git(clone, "rev-parse", "--verify", "origin/main")


@pytest.mark.xdist_group("installs")
def test_the_action_fails_with_two_where_it_cannot_check(clone: Path, runner: Runner) -> None:
    write(clone, wscost=BUDGET_ONLY.replace("150 USD", "150"))

    code, printed = runner.run(*CHECK)

    assert code == 2
    assert "150 is no amount of money" in printed
    assert (runner.output("verdict"), runner.output("comment-file")) == ("", "")


def test_no_input_of_the_action_is_pasted_into_a_script() -> None:
    assert [step["name"] for step in ACTION["runs"]["steps"] if "${{" in step["run"]] == []


def _schema_complaints(schema: str, *paths: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_the_action_keeps_the_schema_of_github() -> None:
    assert _schema_complaints("vendor.github-actions", ROOT / "action.yml") == ""


# What docs/ci.md shows.


def _titled(word: str) -> list[Block]:
    return [block for block in CI_PAGE.blocks if block.title and word in block.title]


def test_every_yaml_block_of_the_page_has_a_name_and_is_yaml() -> None:
    blocks = [block for block in CI_PAGE.blocks if block.language == "yaml"]

    assert blocks
    assert [block.line for block in blocks if not block.title] == []
    for block in blocks:
        yaml.safe_load(block.text)


@pytest.mark.parametrize(
    ("word", "schema"),
    [(".github/workflows", "vendor.github-workflows"), (".gitlab-ci", "vendor.gitlab-ci")],
)
def test_a_block_keeps_the_schema_of_its_service(word: str, schema: str, tmp_path: Path) -> None:
    paths = []
    for number, block in enumerate(_titled(word)):
        paths.append(tmp_path / f"{number}.yml")
        paths[-1].write_text(block.text, "utf-8")

    assert paths
    assert _schema_complaints(schema, *paths) == ""


def test_the_workflow_uses_inputs_and_outputs_that_the_action_has() -> None:
    text = "".join(block.text for block in _titled(".github/workflows"))
    used = set(re.findall(r"steps\.wscost\.outputs\.([\w-]+)", text))
    [step] = [
        step
        for block in _titled(".github/workflows")
        for job in yaml.safe_load(block.text)["jobs"].values()
        for step in job["steps"]
        if step.get("id") == "wscost"
    ]

    assert used
    assert used <= set(ACTION["outputs"])
    assert set(step.get("with", {})) <= set(ACTION["inputs"])


def test_the_gitlab_template_is_what_the_page_shows() -> None:
    [block] = _titled(".gitlab-ci")

    assert (ROOT / "docs" / "examples" / "wscost.gitlab-ci.yml").read_text("utf-8") == block.text


def _gitlab_job(clone: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run the job in a clone of a merge request, as GitLab does: with the commit that it branched from."""
    job = yaml.safe_load(_titled(".gitlab-ci")[0].text)["wscost"]
    programs.mkdir()
    (programs / "wscost").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wscost "$@"\n')
    (programs / "wscost").chmod(0o755)
    script = "\n".join(line for line in job["script"] if not line.startswith("pip install"))
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(clone, "merge-base", "HEAD", "origin/main").strip(),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return _typed(["bash", "-eo", "pipefail", "-c", script], clone, environment)


@pytest.fixture
def merge_request(tmp_path: Path) -> Path:
    """Return the clone of a branch that changes nothing yet."""
    origin = make_repository(tmp_path / "origin")
    git(tmp_path, "clone", "--quiet", origin.as_uri(), "clone")
    git(tmp_path / "clone", "switch", "--quiet", "--create", "change")
    return tmp_path / "clone"


def test_the_gitlab_job_runs(merge_request: Path, tmp_path: Path) -> None:
    job = yaml.safe_load(_titled(".gitlab-ci")[0].text)["wscost"]
    more_messages(merge_request)

    done = _gitlab_job(merge_request, tmp_path / "bin")

    assert done.returncode == 1, done.stderr
    reports = job["artifacts"]["reports"]
    named = [reports["junit"], reports["codequality"], reports["metrics"], *job["artifacts"]["paths"]]
    assert [name for name in named if not (merge_request / name).stat().st_size] == []
    assert job["allow_failure"] == {"exit_codes": [3]}


def test_a_merge_request_is_not_blamed_for_what_happened_on_main(merge_request: Path, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    write(origin, traffic__usage=USAGE.format(messages=1).replace("86400000", "1"))
    commit(origin, "Cheaper")
    git(merge_request, "fetch", "--quiet")

    done = _gitlab_job(merge_request, tmp_path / "bin")

    assert done.returncode == 0, done.stdout


# The pre-commit hook.


def test_pre_commit_accepts_the_configuration_on_the_page(tmp_path: Path) -> None:
    [block] = _titled(".pre-commit-config")
    (tmp_path / "config.yaml").write_text(block.text)

    done = _typed(
        [sys.executable, "-m", "pre_commit", "validate-config", "config.yaml"], tmp_path, os.environ
    )

    assert done.returncode == 0, done.stdout


def test_pre_commit_accepts_the_manifest() -> None:
    done = _typed([sys.executable, "-m", "pre_commit", "validate-manifest", str(HOOKS)], ROOT, os.environ)

    assert done.returncode == 0, done.stdout


@pytest.mark.xdist_group("installs")
def test_pre_commit_runs_the_hook(tmp_path: Path, tree: Path, offline: dict[str, str]) -> None:
    repository = make_repository(tmp_path / "chat", BUDGET_ONLY)
    environment = offline | {
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "VIRTUALENV_OVERRIDE_APP_DATA": str(tmp_path / "seeds"),
    }
    config = {"repos": [{"repo": str(tree), "rev": git(tree, "rev-parse", "HEAD").strip()}]}
    config["repos"][0]["hooks"] = [{"id": "wscost-check", "args": ["--today", "2026-12-01"]}]  # type: ignore[assignment]
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git(repository, "add", "--all")
    run = [sys.executable, "-m", "pre_commit", "run", "--all-files", "--verbose"]

    kept = _typed(run, repository, environment)
    more_messages(repository)
    git(repository, "add", "--all")
    broken = _typed(run, repository, environment)

    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert "wscost.yaml: passed (1 passed)" in kept.stdout
    assert broken.returncode == 1
    assert "$217.50 is $67.50 over $150.00" in " ".join(broken.stdout.split())


# The pytest plugin.


def _test_file(pytester: pytest.Pytester, *lines: str) -> pytest.RunResult:
    write(pytester.path, usage=USAGE.format(messages=72_000_000), rooms=ROOMS)
    body = "\n".join(f"    {line}" for line in lines)
    (pytester.path / "books").symlink_to(ROOT / "pricing")
    imports = "from datetime import date\nfrom pathlib import Path\n"
    pytester.makepyfile(f"{imports}\n\ndef test_budget(wscost_check):\n{body}\n")
    return pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")


PLAN = 'plans="cloudflare/workers-standard"'


@pytest.mark.parametrize(
    "call",
    [
        f'wscost_check("usage.yaml", max="150 USD", at="p90", {PLAN})',
        'assert str(wscost_check("usage.yaml", max="142.95 USD").results[0].value) == "142.95"',
        'wscost_check(["usage.yaml"], metric="line.do-duration", max="137.50 USD")',
        'wscost_check("usage.yaml", metric="coverage.priced", min=0.95)',
        'wscost_check("usage.yaml", metric="meter.messages_in", max=72_000_000)',
        'wscost_check("usage.yaml", metric="pricebook.age_days", max=90, today=date(2026, 11, 23))',
        'wscost_check(Path("usage.yaml"), max="150 USD", deployment=Path("rooms.yaml"))',
        'wscost_check("usage.yaml", max="150 USD", pricing=Path("books"))',
        'wscost_check("usage.yaml", max="150 USD", pricing=[Path("books")])',
    ],
)
def test_a_budget_that_holds_passes(pytester: pytest.Pytester, call: str) -> None:
    _test_file(pytester, call).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ('wscost_check("usage.yaml", max="100 USD")', "*$142.95 is $42.95 over $100.00.*"),
        ('wscost_check("usage.yaml", max=100)', "*100 is no amount of money*"),
        ('wscost_check("usage.yaml")', "*a check has one limit*"),
        ('wscost_check("gone.csv", max="100 USD")', "*gone.csv: there is no such file*"),
        ('wscost_check("usage.yaml", max="1 EUR")', "*1 EUR is in EUR*"),
        (
            'wscost_check("usage.yaml", max="1 USD", palns="x")',
            "*unknown key 'palns'. Did you mean 'plans'?*",
        ),
        ('wscost_check("usage.yaml", metric="pricebook.age_days", max=1)', "*needs today=date(*"),
        (
            'wscost_check("usage.yaml", max="999 USD", deployment="durable-object")',
            "*inconclusive*",
        ),
    ],
)
def test_a_budget_that_does_not_surely_hold_fails_in_plain_words(
    pytester: pytest.Pytester, call: str, words: str
) -> None:
    told = _test_file(pytester, call)

    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines([words])
    told.stdout.no_fnmatch_line("*Traceback*")
    told.stdout.no_fnmatch_line("*During handling of the above exception*")


def test_a_run_without_such_tests_does_not_notice_the_plugin(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n"
        "def test_nothing_is_loaded():\n"
        "    assert 'wscost.pytest_plugin' in sys.modules\n"
        "    heavy = {'wscost.scenario', 'wscost.checking', 'pandas', 'pydantic', 'numpy', 'yaml'}\n"
        "    assert heavy & set(sys.modules) == set()\n"
    )

    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:xdist").assert_outcomes(passed=1)


def test_the_fixture_is_listed_with_its_words(pytester: pytest.Pytester) -> None:
    told = pytester.runpytest_subprocess("--fixtures", "-v")

    told.stdout.fnmatch_lines(["wscost_check*", "*Hold the projected bill of an input to a limit*"])
