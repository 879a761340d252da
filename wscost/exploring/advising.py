"""Advising: changes that would make the bill smaller, each told by metering and rating anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Unpack

from wscost.bill import Bill, Breach
from wscost.deployment import Deployment
from wscost.estimating import Options
from wscost.exploring.case import Case
from wscost.exploring.changes import changes
from wscost.exploring.traps import traps
from wscost.exploring.words import left_out
from wscost.inputs import Input
from wscost.notes import Note

if TYPE_CHECKING:
    import pandas as pd


class Advised(NamedTuple):
    """One change: what it saves a month when made alone (or on top of what it needs), and the bill then.

    ``complete`` is false where the bill then may be higher, for not all of it is known.
    """

    code: str
    change: str
    how: str
    saving: Decimal
    total: Decimal
    complete: bool


class Impossible(NamedTuple):
    """A change under which a limit of the plan would break."""

    code: str
    change: str
    how: str
    breach: Breach


@dataclass(frozen=True, slots=True)
class Advice:
    """Changes by their saving, what they save together, and the traps that show.

    ``together`` names the changes that still help when made one after another, the largest first;
    savings do not add up, since allowances and whole units are shared. Where the plan cannot serve, changes
    are those under which one can, whatever it costs.
    """

    bill: Bill
    changes: tuple[Advised, ...]
    useless: tuple[Advised, ...]
    together: tuple[str, ...]
    total_together: Decimal
    complete_together: bool
    traps: tuple[Note, ...]
    impossible: tuple[Impossible, ...] = ()
    notes: tuple[Note, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row a change: code, change, how, saving, total, complete; what saves nothing last."""
        import pandas as pd

        return pd.DataFrame([*self.changes, *self.useless], columns=Advised._fields)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def advise(
    inputs: Input | Iterable[Input],
    *,
    plan: str | None = None,
    deployment: str | Path | Deployment | None = None,
    **options: Unpack[Options],
) -> Advice:
    """Name concrete changes with their saving in money, and warn of known traps.

    Each change is made on the trace, the totals or the deployment, which are then metered and rated anew.

    Parameters
    ----------
    inputs : path, Trace, Usage, UsageFile, or several of them
        Several inputs are one account.
    plan : str, optional
        The plan that one is on; see ``estimate``.
    deployment : str, path or Deployment, optional
        What runs today; if absent, a trace that names objects is taken to keep them awake.
    **options
        See ``estimate``.

    Raises
    ------
    WscostError
        If an input cannot be read or no price is known.
    """
    case = Case.of(inputs, deployment, options, awake=True)
    named = case.plan(plan)
    bill = case.bill(named)
    known = list(changes(case, named))
    tried, impossible = [], []
    for change in known:
        first = next((c.make(case, named) for c in known if c.code == change.after), None)
        base = bill if first is None else first.case.bill(first.plan)
        proposal = change.make(case, named) if first is None else change.make(first.case, first.plan)
        if proposal is None:
            continue
        after = proposal.case.bill(proposal.plan)
        if after.breaches:
            impossible.append(Impossible(change.code, change.name, proposal.how, after.breaches[0]))
            continue
        saving = base.total - after.total
        told = Advised(change.code, change.name, proposal.how, saving, after.total, not after.at_least)
        tried.append((change, told))
    tried.sort(key=lambda pair: -pair[1].saving)
    helpful = [(change, told) for change, told in tried if told.saving > 0 or not bill.feasible]
    together, made, on, total, complete = [], case, named, bill.total, not bill.at_least
    for change, told in helpful if bill.feasible else ():
        proposal = change.make(made, on)
        after_all = None if proposal is None else proposal.case.bill(proposal.plan)
        if proposal and after_all and after_all.feasible and after_all.total < total:
            together.append(told.change)
            made, on, total = proposal.case, proposal.plan, after_all.total
            complete = not after_all.at_least
    return Advice(
        bill=bill,
        changes=tuple(told for _, told in helpful),
        useless=tuple(told for _, told in tried if told.saving <= 0 and bill.feasible),
        together=tuple(together),
        total_together=total,
        complete_together=complete,
        traps=tuple(traps(case, named)),
        impossible=tuple(impossible),
        notes=(*case.notes, *left_out([bill])),
    )
