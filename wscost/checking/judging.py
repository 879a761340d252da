"""Judging: a figure held to a limit holds, breaks it, or leaves the question open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from wscost.checking.readings import POINT, Reading, written
from wscost.diffing import percentage
from wscost.scenario import Check
from wscost.units import grouped, plain

HOLDS, BREAKS, OPEN = True, False, None
Answer = bool | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer, and the sentence that gives its reason."""

    answer: Answer
    reason: str


def judge(check: Check, now: Reading, before: Reading | None, currency: str, since: str) -> Judgement:
    """Hold a reading to a check's limit; ``before`` is the baseline's, ``since`` its name.

    Where the months of a range differ, each percentile is judged, and compared with the same one of the
    baseline: only if all agree there is an answer.
    """
    if not now.figures:
        return Judgement(OPEN, f"Unknown: {now.missing}.")
    if check.needs_baseline and (before is None or not before.figures):
        cure = "on_inconclusive: warn lets what is new pass"
        return Judgement(OPEN, f"{since} has nothing to compare this with; {cure}.")
    told = _Told(check, now, before, currency, since)
    answers = {percentile: _RULES[check.rule](told, percentile) for percentile in now.figures}
    answer = next(iter(answers.values())) if len(set(answers.values())) == 1 else OPEN
    if len(set(answers.values()) - {OPEN}) > 1:
        return Judgement(OPEN, f"The limit lies inside the range: {told.range}. Name a percentile with at:.")
    if answer is HOLDS and now.void:
        return Judgement(OPEN, f"{told.sentence(answer)} But {now.void}, so that is no month's bill.")
    return Judgement(answer, told.sentence(answer))


@dataclass(frozen=True, slots=True)
class _Told:
    """A judgement in the making: the figures, and how to put them into words."""

    check: Check
    now: Reading
    before: Reading | None
    currency: str
    since: str

    @property
    def limit(self) -> Decimal:
        share = self.check.limit.unit == "%" and self.check.rule != "max_increase"
        return self.check.limit.amount / 100 if share else self.check.limit.amount

    def was(self, percentile: str) -> Decimal:
        assert self.before is not None
        figures = self.before.figures
        return figures.get(percentile, figures.get(POINT, next(iter(figures.values()))))

    def write(self, amount: Decimal) -> str:
        return written(self.check.metric, amount, self.currency)

    @property
    def range(self) -> str:
        ends = [f"{p} {self.write(x)}" for p, x in self.now.figures.items() if p in ("p10", "p90")]
        return " to ".join(ends)

    def sentence(self, answer: Answer) -> str:
        """Say how the figure that decides stands to the limit, and what it lacks."""
        percentile = self._deciding
        words = _SENTENCES[self.check.rule](self, percentile)
        words += f" at {percentile}" if percentile else ""
        if self.check.at and not percentile:
            words += f" (one figure stands for {self.check.at}: the input has no range)"
        if answer is OPEN:
            lacks = self.now.missing or (self.before.missing if self.before else "")
            return f"{words}, but {lacks}." if lacks else f"{words}."
        return f"{words}, at least: {self.now.doubt}." if self.now.doubt else f"{words}."

    @property
    def _deciding(self) -> str:
        figures = list(self.now.figures)
        return figures[0] if self.check.rule == "min" else figures[-1]


def _max(told: _Told, percentile: str) -> Answer:
    if told.now.figures[percentile] > told.limit:
        return BREAKS
    return OPEN if told.now.missing else HOLDS


def _min(told: _Told, percentile: str) -> Answer:
    if told.now.figures[percentile] >= told.limit:
        return HOLDS
    return OPEN if told.now.missing else BREAKS


def _crosses(told: _Told, percentile: str) -> Answer:
    now, was = told.now.figures[percentile], told.was(percentile)
    before_unknown = bool(told.before and told.before.missing)
    if was > told.limit or (now <= told.limit and not told.now.missing):
        return HOLDS
    return BREAKS if now > told.limit and not before_unknown else OPEN


def _max_increase(told: _Told, percentile: str) -> Answer:
    now, was = told.now.figures[percentile], told.was(percentile)
    if told.before and told.before.missing:
        return OPEN
    allowed = was * told.limit / 100 if told.check.limit.unit == "%" else told.limit
    if now - was > allowed:
        return BREAKS
    return OPEN if told.now.missing else HOLDS


def _say_max(told: _Told, percentile: str) -> str:
    value = told.now.figures[percentile]
    over = value - told.limit
    if over > 0:
        return f"{told.write(value)} is {told.write(over)} over {told.write(told.limit)}"
    return f"{told.write(value)} is within {told.write(told.limit)}"


def _say_min(told: _Told, percentile: str) -> str:
    value = told.now.figures[percentile]
    if value < told.limit:
        return f"{told.write(value)} is less than {told.write(told.limit)}"
    return f"{told.write(value)} reaches {told.write(told.limit)}"


def _say_crosses(told: _Told, percentile: str) -> str:
    now, was = told.now.figures[percentile], told.was(percentile)
    steps = f"{told.write(was)} in {told.since}, {told.write(now)} now"
    if was <= told.limit < now:
        return f"{told.write(told.limit)} is crossed: {steps}"
    side = "already above" if was > told.limit else "not above"
    return f"{side} {told.write(told.limit)}: {steps}"


def _say_max_increase(told: _Told, percentile: str) -> str:
    now, was = told.now.figures[percentile], told.was(percentile)
    share = percentage(now - was, was)
    by = told.write(abs(now - was)) + (f" ({grouped(abs(share), 1)}%)" if share else "")
    moved = f"{by} {'more' if now > was else 'less'} than {told.write(was)}" if now != was else "the same as"
    allowed = f"{plain(told.limit)}%" if told.check.limit.unit == "%" else told.write(told.limit)
    return f"{told.write(now)} is {moved} in {told.since}; {allowed} more is allowed"


_RULES: dict[str, Callable[[_Told, str], Answer]] = {
    "max": _max,
    "min": _min,
    "crosses": _crosses,
    "max_increase": _max_increase,
}
_SENTENCES: dict[str, Callable[[_Told, str], str]] = {
    "max": _say_max,
    "min": _say_min,
    "crosses": _say_crosses,
    "max_increase": _say_max_increase,
}
