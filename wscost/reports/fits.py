"""How a fit is told: the laws it was chosen from, what it comes to beside the trace, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import isnan
from typing import TYPE_CHECKING

from wscost.fitting import Fit
from wscost.notes import Note
from wscost.reports import drawing
from wscost.reports.wording import figure

if TYPE_CHECKING:
    from rich.console import RenderableType

_MEANINGS = {"object_active_seconds": "without hibernation", "object_wakeups": "with hibernation"}


def tell(fit: Fit, *, notes: tuple[Note, ...] = (), width: int = 80, color: bool = False) -> str:
    """Return the account of a fit as text; notes on how the trace was read may go before its own."""
    return drawing.draw(_blocks(fit, notes), width=width, color=color)


def _blocks(fit: Fit, notes: tuple[Note, ...]) -> Iterator[RenderableType]:
    yield drawing.text(f"Profile {fit.profile.name}, and how well it fits", "bold")
    stays = fit.stays
    if stays.candidates:
        yield _laws(fit)
    grid = drawing.table(
        "In the trace's window",
        "Trace",
        "Expected",
        "Simulated",
        "Ratio",
        right=["Trace", "Expected", "Simulated", "Ratio"],
        wrap=["In the trace's window"],
    )
    for meter, *figures, ratio in fit.goodness.itertuples(index=False, name=None):
        name = f"{meter} ({_MEANINGS[meter]})" if meter in _MEANINGS else meter
        row = [name, *map(_figure, figures), "" if isnan(ratio) else f"{ratio:.2f}"]
        grid.add_row(*map(drawing.text, row))
    yield grid
    said = [note.message for note in (*notes, *fit.notes)]
    if said:
        yield drawing.bullets(said)


def _laws(fit: Fit) -> RenderableType:
    from rich.console import Group

    stays = fit.stays
    frame = stays.to_frame()
    grid = drawing.table("Length of stay", "AIC", "Distance", right=["AIC", "Distance"])
    above = frame["aic"] - frame["aic"].iloc[0]
    for law, more, distance in zip(frame["law"], above, frame["distance"], strict=True):
        told = f"{more:+,.1f}" if more else "best"
        grid.add_row(*map(drawing.text, [str(law), told, f"{distance:.3f}"]))
    words = (
        f"Distance: Kolmogorov's, from what the {stays.ended:,} complete and {stays.cut:,} cut lengths show. "
        f"Chance alone keeps it below about {stays.chance:.3f}."
    )
    return Group(grid, drawing.text(words))


def _figure(value: float) -> str:
    return "" if isnan(value) else figure(Decimal(str(round(value, 2))))
