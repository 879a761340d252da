"""Baselines: what the bills were, from a saved result or from another git ref."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from wscost.checking.pricing import price
from wscost.checking.results import Baseline
from wscost.errors import ConfigError, WscostError
from wscost.gitref import lay_out
from wscost.saved import read_saved
from wscost.scenario import read_scenarios


def baseline_in(path: Path) -> Baseline:
    """Return the bills of a saved result as a baseline.

    Raises
    ------
    ConfigError
        If the file is no result, or one of another version of the schema.
    """
    return Baseline(str(path), read_saved(path))


def baseline_at(ref: str, config: Path) -> Baseline:
    """Price the scenario file and its inputs as they stand in another git ref.

    A ref that has no such file yet is a baseline without scenarios. Prices are those that this wscost
    knows: only what the repository holds is taken from the ref.

    Raises
    ------
    ConfigError
        If there is no such ref, or the file there cannot be priced.
    """
    with _temporary_folder(ref) as folder:
        try:
            place = _laid_out(ref, config, folder)
            return Baseline(ref, price(read_scenarios(place)) if place else {})
        except WscostError as error:
            said = str(error).replace(f"{folder}/", "")
            raise ConfigError(
                said if said.startswith("--base-ref") else f"--base-ref {ref}: {said}"
            ) from None


@contextmanager
def _temporary_folder(ref: str) -> Iterator[Path]:
    try:
        made = TemporaryDirectory(prefix="wscost-")
    except OSError as error:
        raise _no_room(ref, error) from None
    with made:
        yield Path(made.name).resolve()


def _laid_out(ref: str, config: Path, folder: Path) -> Path | None:
    try:
        return lay_out(ref, config, folder)
    except OSError as error:
        raise _no_room(ref, error) from None


def _no_room(ref: str, error: OSError) -> ConfigError:
    return ConfigError(
        f"--base-ref {ref}: its files cannot be laid out in a temporary folder: {error.strerror}. "
        "Name a folder with room in TMPDIR."
    )
