"""``wscost check --base-ref``: only what the scenario file names is read, and only as another ref has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repositories import ROOMS, SCENARIOS, USAGE, commit, git, make_repository, more_messages, write
from wscost.cli import main

Run = Callable[..., tuple[int, str, str]]
DEARER = ROOMS.replace("none", "undeclared")
SAME = "$142.95 is the same as in HEAD"
TWO_DOCUMENTS = "apiVersion: v1\n---\napiVersion: v1\n"
IN_SHARED = {"shared__usage": USAGE.format(messages=72_000_000), "shared__rooms": ROOMS}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = make_repository(tmp_path / "chat")
    monkeypatch.chdir(folder)
    for name in ("GITHUB_ACTIONS", "WSCOST_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str, ref: str = "HEAD") -> tuple[int, str, str]:
        code = main(["check", f"--base-ref={ref}", *arguments])
        told = capsys.readouterr()
        return code, " ".join(told.out.split()), told.err

    return command


# What a file names.


@pytest.mark.parametrize("word", ["prod", "total", "cloudflare/workers-standard", "worker"])
def test_a_folder_called_like_a_word_of_the_file_is_not_read(repository: Path, run: Run, word: str) -> None:
    rooms = "deployment: worker" if word == "worker" else "deployment: rooms.yaml"
    write(repository, traffic__usage=USAGE.format(messages=1).replace("deployment: rooms.yaml", rooms))
    write(repository, **{f"{word}__job": TWO_DOCUMENTS, f"traffic__{word}__job": TWO_DOCUMENTS})
    commit(repository)

    assert run("--exit-zero")[::2] == (0, "")


def test_a_yaml_file_of_a_named_folder_is_laid_out_but_names_nothing(repository: Path, run: Run) -> None:
    (repository / "books" / "cloudflare").mkdir(parents=True)
    for book in (Path(__file__).parent.parent / "pricing" / "cloudflare").iterdir():
        (repository / "books" / "cloudflare" / book.name).write_bytes(book.read_bytes())
    write(repository, books__cloudflare__USD__job=TWO_DOCUMENTS)
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", "usage.yaml, pricing: books,"))
    commit(repository)

    code, _, err = run()

    assert (code, err) == (0, "")


def test_a_profile_brings_its_samples(repository: Path, run: Run) -> None:
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", "load.yaml, deployment: traffic/rooms.yaml,"))
    write(
        repository,
        traffic__load=(
            "profile: chat\nscenarios:\n  evening: {executor: constant-vus, vus: 2, duration: 1h}\n"
            "session: {length_s: {distribution: empirical, file: lengths.txt}}\n"
            "messages: {in_per_minute: 1}\n"
        ),
    )
    (repository / "traffic" / "lengths.txt").write_text("10\n20\n")
    commit(repository)

    _, _, err = run("--exit-zero")

    assert "lengths.txt" not in err


# Only as the ref has it.


def test_a_deployment_that_git_does_not_hold_is_no_baseline(repository: Path, run: Run) -> None:
    (repository / ".gitignore").write_text("local.yaml\n")
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", "usage.yaml, deployment: local.yaml,"))
    write(repository, local=ROOMS)
    commit(repository)

    code, out, err = run()

    assert (code, out) == (2, "")
    assert err == (
        "wscost: --base-ref HEAD: wscost.yaml:2: scenarios.prod.deployment: local.yaml: "
        "there is no such file in git at HEAD.\n"
    )


def test_an_input_that_git_does_not_hold_is_said_not_to_be_in_git(repository: Path, run: Run) -> None:
    git(repository, "rm", "--quiet", "--cached", "traffic/usage.yaml")
    git(repository, "commit", "--quiet", "--message", "without")

    code, _, err = run()

    assert code == 2
    assert "scenarios.prod.input: traffic/usage.yaml: there is no such file in git at HEAD." in err


def test_a_full_path_into_the_repository_is_refused(repository: Path, run: Run) -> None:
    named = repository / "traffic" / "rooms.yaml"
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", f"usage.yaml, deployment: {named},"))
    commit(repository)
    write(repository, traffic__rooms=DEARER)

    code, out, err = run()

    assert (code, out) == (2, "")
    assert f"{named}: is a full path into the repository. Name it from this file's folder" in err


def test_what_lies_outside_of_the_repository_is_read_as_it_is(repository: Path, run: Run) -> None:
    outside = repository.parent / "rooms.yaml"
    outside.write_text(ROOMS)
    write(repository, wscost=SCENARIOS.replace("usage.yaml,", f"usage.yaml, deployment: {outside},"))
    commit(repository)

    assert SAME in run()[1]


def test_a_deployment_is_looked_for_beside_the_file_and_nowhere_else(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(repository, rooms=ROOMS, svc__usage=USAGE.format(messages=1))
    scenarios = SCENARIOS.partition("  - {id: growth")[0]
    write(repository, svc__wscost=scenarios.replace("traffic/usage", "usage"))

    code = main(["check", "--config", "svc/wscost.yaml"])

    assert code == 2
    assert "svc/rooms.yaml: there is no such file." in capsys.readouterr().err


# Links.


@pytest.mark.parametrize("linked", ["usage.yaml", "rooms.yaml"])
def test_a_linked_file_is_what_it_leads_to_in_the_ref(repository: Path, run: Run, linked: str) -> None:
    write(repository, **IN_SHARED)
    (repository / "traffic" / linked).unlink()
    (repository / "traffic" / linked).symlink_to(f"../shared/{linked}")
    commit(repository)
    write(repository, shared__rooms=DEARER)
    more_messages(repository)

    code, out, _ = run("--exit-zero")

    assert code == 0
    assert "more than $142.95 in HEAD" in out


def test_a_linked_folder_is_what_it_leads_to(repository: Path, run: Run) -> None:
    (repository / "traffic").rename(repository / "july")
    (repository / "latest").symlink_to("july")
    (repository / "traffic").symlink_to("./latest")
    commit(repository)

    assert SAME in run()[1]


def test_a_linked_scenario_file_names_files_from_where_the_link_is(repository: Path, run: Run) -> None:
    (repository / "ci").mkdir()
    (repository / "wscost.yaml").rename(repository / "ci" / "costs.yaml")
    (repository / "wscost.yaml").symlink_to("ci/costs.yaml")
    commit(repository)

    assert SAME in run()[1]


def test_links_that_leave_the_repository_or_go_in_a_circle_are_refused(repository: Path, run: Run) -> None:
    usage = repository / "traffic" / "usage.yaml"
    for target, words in (
        ("../../outside.yaml", "traffic/usage.yaml: is a link to ../../outside.yaml; only a relative link"),
        ("/etc/hostname", "traffic/usage.yaml: is a link to /etc/hostname; only a relative link"),
        ("usage.yaml", "traffic/usage.yaml: is a link in a circle"),
    ):
        usage.unlink()
        usage.symlink_to(target)
        commit(repository)
        usage.unlink()
        usage.write_text(USAGE.format(messages=1))

        code, out, err = run()

        assert (code, out, err.count("\n")) == (2, "", 1)
        assert words in err


def test_a_path_through_a_folder_that_holds_nothing_else_is_found(repository: Path, run: Run) -> None:
    write(repository, wscost=SCENARIOS.replace("traffic/usage.yaml", "other/../traffic/usage.yaml"))
    write(repository, other__notes="")
    commit(repository)

    assert SAME in run()[1]


# Refs.


def test_a_ref_whose_pyproject_says_nothing_of_wscost_has_no_scenarios_yet(
    repository: Path, run: Run
) -> None:
    (repository / "wscost.yaml").unlink()
    (repository / "pyproject.toml").write_text("[project]\nname = 'chat'\n")
    commit(repository)
    (repository / "pyproject.toml").write_text(
        '[tool.wscost]\nscenarios.prod.input = "traffic/usage.yaml"\n'
        'checks = [{id = "growth", metric = "total", max_increase = "15%"}]\n'
    )

    code, out, err = run()

    assert (code, err) == (3, "")
    assert "HEAD has nothing to compare this with; on_inconclusive: warn lets what is new pass." in out


def test_a_repository_without_a_commit_has_no_ref(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "--quiet")
    write(tmp_path, wscost=SCENARIOS, traffic__usage=USAGE.format(messages=1), traffic__rooms=ROOMS)
    monkeypatch.chdir(tmp_path)

    code, _, err = run()

    assert code == 2
    assert "--base-ref HEAD: this repository has no commit yet. Use --baseline FILE." in err


@pytest.mark.parametrize(
    ("ref", "cure"),
    [
        ("HEAD~1", "git fetch --deepen=100"),
        ("HEAD^", "git fetch --deepen=100"),
        ("ab" * 20, f"git fetch --depth=1 origin {'ab' * 20}"),
    ],
)
def test_a_shallow_clone_says_how_to_fetch_what_a_name_asks_for(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch, ref: str, cure: str
) -> None:
    git(repository.parent, "clone", "--quiet", "--depth=1", repository.as_uri(), "shallow")
    monkeypatch.chdir(repository.parent / "shallow")

    code, _, err = run(ref=ref)

    assert code == 2
    assert f"this clone is shallow and does not hold it. Fetch it first: {cure} (" in err


def test_a_repository_of_somebody_else_says_how_to_trust_it(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)

    code, _, err = run()

    assert (code, err.count("\n")) == (2, 1)
    assert f"git config --global --add safe.directory {repository}" in err


def test_a_temporary_folder_that_cannot_be_written_is_an_error(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    more_messages(repository)

    code, _, err = run()

    assert (code, err.count("\n")) == (2, 1)
    assert "No usable temporary directory found. Name a folder with room in TMPDIR." in err


def test_a_temporary_folder_without_room_is_an_error(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)

    code, _, err = run()

    assert (code, err.count("\n")) == (2, 1)
    assert "No space left on device. Name a folder with room in TMPDIR." in err
