"""What vendors and customers have published, to the cent: each figure is a sentence with its source."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wscost import estimate, yamlfile
from wscost.deployment import Deployment
from wscost.usagefile import UsageFile

FOLDER = Path(__file__).parent / "published"
FIGURES = [figure for path in sorted(FOLDER.glob("*.yaml")) for figure in yamlfile.load(path).data]


@pytest.mark.parametrize("figure", FIGURES, ids=[figure["name"] for figure in FIGURES])
def test_a_published_figure_is_reproduced_to_the_cent(figure: dict[str, Any]) -> None:
    bill = estimate(
        UsageFile(figure["name"], {key: Decimal(n) for key, n in figure["usage"].items()}),
        plan=figure["plan"],
        deployment=Deployment.model_validate(figure.get("deployment", {})),
        region=figure.get("region"),
        as_of=figure["as_of"],
        rounding=figure.get("rounding", "book"),
    )

    assert figure.get("lines", {}) == {sku: bill.line(sku).cost for sku in figure.get("lines", {})}
    if "total" in figure:
        published = figure["total"]
        assert bill.total in (published if isinstance(published, list) else [published])
